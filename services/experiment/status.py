"""Which status may follow which."""

from __future__ import annotations

from services.errors import ConflictError
from services.experiment.model import Status
from services.messages import Message, msg

STATUS_WORDS: dict[Status, Message] = {
    Status.DRAFT: msg("Draft"),
    Status.WAITING: msg("Waiting for approval"),
    Status.RUNNING: msg("Running"),
    Status.PAUSED: msg("Paused"),
    Status.STOPPED: msg("Stopped by a check"),
    Status.FAILED: msg("Failed"),
    Status.ENDED: msg("Ended"),
}

# Whatever has run can never be a draft again: its decisions refer to the version that was launched.
NEXT: dict[Status, frozenset[Status]] = {
    Status.DRAFT: frozenset({Status.WAITING, Status.RUNNING}),
    Status.WAITING: frozenset({Status.DRAFT, Status.RUNNING}),
    Status.RUNNING: frozenset({Status.PAUSED, Status.STOPPED, Status.FAILED, Status.ENDED}),
    Status.PAUSED: frozenset({Status.RUNNING, Status.STOPPED, Status.FAILED, Status.ENDED}),
    Status.STOPPED: frozenset({Status.RUNNING, Status.PAUSED, Status.ENDED}),
    Status.FAILED: frozenset({Status.RUNNING, Status.PAUSED, Status.ENDED}),
    Status.ENDED: frozenset(),
}

LAUNCHED = frozenset({Status.RUNNING, Status.PAUSED, Status.STOPPED, Status.FAILED, Status.ENDED})


def check_transition(now: Status, wanted: Status) -> None:
    """Raise ConflictError where an experiment cannot go from `now` to `wanted`."""
    if wanted not in NEXT[now]:
        raise ConflictError(
            msg(
                "An experiment that is “{now}” cannot become “{wanted}”.",
                now=STATUS_WORDS[now],
                wanted=STATUS_WORDS[wanted],
            ),
            hint=msg("Nothing was changed. Somebody may have acted first: reload the page."),
        )
