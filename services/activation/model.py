"""Nouns of sending once: ledger states, reasons, batches, and what comes of a run.

The promise is *at most once per person and decision day, with every doubt recorded and later
settled* (RELIABILITY 0.1). Times are epoch seconds, UTC, unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from services.errors import NothingHappened
from services.experiment.model import Channel, TargetKind
from services.messages import Message, msg

MAX_RECIPIENTS = 50  # recipients of one trigger request: Braze, "Send campaign messages"
MAX_TRIES = 5  # a batch that certainly never arrived: RELIABILITY P8
MAX_EXPORT_AGE_S = 26 * 3600.0  # a daily export and two hours of slack: RELIABILITY P17
MAX_LATE_S = 2 * 3600.0  # the chosen hour and one more: a full rate window may lie in between
CLOCK_BACK_S = 300.0  # a clock that went back further is not believed: RELIABILITY 2.6


class LedgerState(StrEnum):
    """Where one row of the ledger stands (RELIABILITY 2.1)."""

    PLANNED = "planned"
    SENDING = "sending"
    ACCEPTED = "accepted"
    ACCEPTED_PARTIAL = "accepted_partial"
    QUEUED = "queued"
    REJECTED = "rejected"
    NOT_DISPATCHED = "not_dispatched"  # of a batch only: its rows go back to PLANNED
    UNKNOWN = "unknown"
    RECEIVED = "received"
    NOT_RECEIVED = "not_received"
    SKIPPED = "skipped"


# A message that may have reached the person: counts for caps, gaps and frequency.
MAY_HAVE_REACHED = (
    LedgerState.SENDING,
    LedgerState.ACCEPTED,
    LedgerState.ACCEPTED_PARTIAL,
    LedgerState.QUEUED,
    LedgerState.UNKNOWN,
    LedgerState.RECEIVED,
    LedgerState.NOT_RECEIVED,
)
IN_DOUBT = (LedgerState.ACCEPTED_PARTIAL, LedgerState.QUEUED, LedgerState.UNKNOWN)


class SkipReason(StrEnum):
    """Why one person was not sent to. Final for the day."""

    HOUR_PASSED = "hour_passed"
    NO_TARGET = "no_target"
    NOT_ASSIGNED = "not_assigned"
    ERASED = "erased"
    SUPPRESSED = "suppressed"
    NO_CONSENT = "no_consent"
    FREQUENCY = "frequency"
    GAP = "gap"
    CAP = "cap"
    NOT_REACHED = "not_reached"
    NOTHING_CHOSEN = "nothing_chosen"
    ENDED = "ended"
    RECONCILED = "reconciled"

    @property
    def what(self) -> Message:
        """The sentence a person reads."""
        return _SKIPPED[self]


_SKIPPED = {
    SkipReason.HOUR_PASSED: msg("The chosen hour had passed before the message could go out."),
    SkipReason.NO_TARGET: msg("No campaign or Canvas is set for the chosen combination."),
    SkipReason.NOT_ASSIGNED: msg("Not in a group of this experiment that gets messages."),
    SkipReason.ERASED: msg("Erased at the person's request."),
    SkipReason.SUPPRESSED: msg("On the list of people who must not be messaged."),
    SkipReason.NO_CONSENT: msg("No consent for this channel in the latest export."),
    SkipReason.FREQUENCY: msg("Had as many messages as the rules allow."),
    SkipReason.GAP: msg("The last message was too short a time ago."),
    SkipReason.CAP: msg("The day's limit of messages or money was reached."),
    SkipReason.NOT_REACHED: msg("Braze could not be reached after several tries."),
    SkipReason.NOTHING_CHOSEN: msg("To send nothing this time was the better choice."),
    SkipReason.ENDED: msg("The experiment had ended."),
    SkipReason.RECONCILED: msg("Nobody knows what had gone out that day, so nothing more did."),
}


class HeldReason(StrEnum):
    """Why nothing, or nothing to one target, goes out just now. Rows stay planned."""

    PAUSED = "paused"
    UNREADABLE = "unreadable"
    NOT_RUNNING = "not_running"
    NOT_APPROVED = "not_approved"
    CONTENT_CHANGED = "content_changed"
    EXPORT_OLD = "export_old"
    DECISION_MISSING = "decision_missing"
    BREAKER_OPEN = "breaker_open"
    WAITING = "waiting"
    RATE_LIMIT = "rate_limit"
    TARGET_STOPPED = "target_stopped"
    CLOCK_BACK = "clock_back"
    LEASE_OVER = "lease_over"
    SECOND_LIFE = "second_life"

    @property
    def what(self) -> Message:
        """The sentence a person reads."""
        return _HELD[self]


_HELD = {
    HeldReason.PAUSED: msg("Sending is paused."),
    HeldReason.UNREADABLE: msg("It could not be read whether sending is paused, so it is."),
    HeldReason.NOT_RUNNING: msg("The experiment is not running."),
    HeldReason.NOT_APPROVED: msg("This configuration of the experiment is not approved."),
    HeldReason.CONTENT_CHANGED: msg("The content in Braze is not the content that was approved."),
    HeldReason.EXPORT_OLD: msg("The export of the audience is too old to trust its opt-outs."),
    HeldReason.DECISION_MISSING: msg("The decisions of the day are not stored for good yet."),
    HeldReason.BREAKER_OPEN: msg("Too many requests in a row came to nothing or to doubt."),
    HeldReason.WAITING: msg(
        "Braze could not be reached a moment ago: waiting before asking again."
    ),
    HeldReason.RATE_LIMIT: msg("The share of Braze's rate limit that Anneal may use is used up."),
    HeldReason.TARGET_STOPPED: msg("Braze refused this campaign or Canvas: it is stopped."),
    HeldReason.CLOCK_BACK: msg("The clock went back since the last send."),
    HeldReason.LEASE_OVER: msg("The worker was held up too long between claim and send."),
    HeldReason.SECOND_LIFE: msg(
        "It is not certain that this database knows of every message sent. Run: anneal reconcile."
    ),
}
# These concern one target; the others may go on.
TARGET_REASONS = frozenset({HeldReason.CONTENT_CHANGED, HeldReason.TARGET_STOPPED})


@dataclass(frozen=True)
class Held:
    """Nothing was claimed, and why. `until` is when to ask again, where that is known."""

    reason: HeldReason
    until: float | None = None
    target: tuple[str, str] | None = None


class HeldBack(NothingHappened):
    """Stopped right before the first byte: pause, lost fence or lease. Rows go back to planned."""

    def __init__(self, reason: HeldReason) -> None:
        super().__init__(reason.what)
        self.reason = reason


@dataclass(frozen=True)
class Person:
    """One recipient of a claimed batch. `properties` are the trigger properties."""

    person: int
    external_id: str
    properties: Mapping[str, object]


@dataclass(frozen=True)
class Claim:
    """A batch that is ours: at most `MAX_RECIPIENTS` people of one target and one decision day.

    `batch_id` is None and `people` empty where everybody picked had to be skipped. `deadline_wall`
    and `deadline_boot` are real seconds (time.time, CLOCK_BOOTTIME): the first byte leaves before
    both or not at all.
    """

    workspace: str
    experiment_id: str
    day: date
    target_kind: TargetKind
    target_id: str
    channel: Channel
    combination: Mapping[str, str]
    people: tuple[Person, ...]
    batch_id: int | None
    fence: int
    claimed_at: float
    deadline_wall: float
    deadline_boot: float
    tries: int = 0
    skipped: Mapping[SkipReason, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What Braze said to one request it took (2xx). `errors` counts its complaints."""

    dispatch_id: str = ""
    request_id: str = ""
    notice: str = ""
    errors: int = 0


class Sender(Protocol):
    """Puts one batch on the wire. Raises services.errors classes; never tries twice by itself."""

    def send(self, claim: Claim, guard: Callable[[], None]) -> Reply:
        """Send the batch. `guard` runs right before the first byte and may raise `HeldBack`."""

    def body(self, claim: Claim) -> dict[str, object]:
        """The request body that `send` would put on the wire."""


@dataclass(frozen=True)
class Verdict:
    """What one answer means for the rows of a batch, and for those after it.

    `pause_scope` is what stops by itself: '*', or 'campaign:<id>' / 'canvas:<id>'. `tried` uses up
    one of the `MAX_TRIES`; `counts` tells the breaker.
    """

    state: LedgerState
    what: Message | None = None
    dispatch_id: str = ""
    request_id: str = ""
    pause_scope: str | None = None
    retry_at: float | None = None
    tried: bool = False
    counts: bool = True


@dataclass(frozen=True)
class Planned:
    """What planning wrote. `n_kept` rows stood there already and were not touched."""

    n_planned: int
    n_skipped: int
    n_kept: int
    first_send_at: float | None
    skipped: Mapping[SkipReason, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Dispatched:
    """What one run of the dispatcher did. `people` counts by the state they came to."""

    n_requests: int
    people: Mapping[LedgerState, int]
    skipped: Mapping[SkipReason, int]
    held: tuple[Held, ...] = ()

    @property
    def n_accepted(self) -> int:
        """People whose message Braze took."""
        taken = (LedgerState.ACCEPTED, LedgerState.ACCEPTED_PARTIAL, LedgerState.QUEUED)
        return sum(self.people.get(state, 0) for state in taken)
