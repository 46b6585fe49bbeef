"""Every error Anneal raises on purpose.

ConsoleError                carries `hint`: what the person at the console can try
├── SetupError              settings are missing or wrong, the home or the database cannot be used
│   └── Locked              somebody else holds the database or the port
├── AccessError             the person may not do this
├── ConflictError           somebody else changed the same thing first
├── ExperimentError         the experiment, as drawn up, cannot run
├── ContentError            a message template cannot be rendered or is not approved
├── DataError               a file, a snapshot or an answer is not what it should be
└── BrazeError              Braze did not do as asked
    ├── NothingHappened         safe to ask again
    │   ├── NeverConnected          name, connection or TLS failed before a byte was sent
    │   ├── RateLimited             429: wait `retry_after_s` seconds first
    │   └── Rejected                400, 401, 403, 404 with a JSON error: change the request first
    ├── Queued                  202: Braze keeps it; asking again would do it twice
    └── MayHaveHappened         asking again might do it twice
        ├── NoAnswer                timed out, or the line dropped
        └── BrazeBroken             408, 5xx, a redirect, or an answer that makes no sense
"""

from __future__ import annotations

from services.messages import Message, msg


class ConsoleError(Exception):
    """What happened, in one sentence, and what the person can try."""

    def __init__(self, what: Message | str, *, hint: Message | str | None = None) -> None:
        self.what = what if isinstance(what, Message) else msg(_literal(what))
        self.hint = hint if isinstance(hint, Message) or hint is None else msg(_literal(hint))
        super().__init__(str(self.what))

    def __str__(self) -> str:
        return f"{self.what} {self.hint}" if self.hint else str(self.what)


class SetupError(ConsoleError):
    """Settings are missing or wrong, or the home or the database cannot be used."""


class Locked(SetupError):
    """Somebody else holds the database or the port."""


class AccessError(ConsoleError):
    """The person may not do this."""


class ConflictError(ConsoleError):
    """Somebody else changed the same thing first."""


class ExperimentError(ConsoleError):
    """The experiment, as drawn up, cannot run."""


class ContentError(ConsoleError):
    """A message template cannot be rendered or is not approved."""


class DataError(ConsoleError):
    """A file, a snapshot or an answer is not what it should be."""


class BrazeError(ConsoleError):
    """Braze did not do as asked. `endpoint` is the path, `status` the HTTP status, if any."""

    def __init__(
        self,
        what: Message | str,
        *,
        hint: Message | str | None = None,
        endpoint: str = "",
        status: int | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(what, hint=hint)
        self.endpoint = endpoint
        self.status = status
        self.request_id = request_id


class NothingHappened(BrazeError):
    """Braze certainly did nothing: safe to ask again."""


class NeverConnected(NothingHappened):
    """Name, connection or TLS failed before a byte was sent."""


class RateLimited(NothingHappened):
    """429: Braze wants us to wait."""

    def __init__(
        self,
        what: Message | str,
        *,
        retry_after_s: float,
        hint: Message | str | None = None,
        endpoint: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(what, hint=hint, endpoint=endpoint, status=429, request_id=request_id)
        self.retry_after_s = retry_after_s


class Rejected(NothingHappened):
    """400, 401, 403, 404 with a JSON error: the request must change first."""


class Queued(BrazeError):
    """202: Braze keeps the request for later. Asking again would do it twice."""


class MayHaveHappened(BrazeError):
    """Nobody knows whether Braze did it: asking again might do it twice."""


class NoAnswer(MayHaveHappened):
    """The request left, and no whole answer came back."""


class BrazeBroken(MayHaveHappened):
    """408, 5xx, a redirect, or an answer that makes no sense."""


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
