"""What an answer of Braze, or the lack of one, means for a batch (RELIABILITY 2.1)."""

from __future__ import annotations

from services.activation.model import Claim, HeldBack, LedgerState, Reply, Verdict
from services.braze.limits import MAX_RESET_AHEAD_S
from services.errors import (
    DataError,
    MayHaveHappened,
    NeverConnected,
    Queued,
    RateLimited,
    Rejected,
)
from services.messages import Message, msg

EVERYTHING = "*"
NO_ACCESS = (401, 403)  # the key is wrong or may not send: nothing else would work either
FIRST_WAIT_S, WAIT_GROWTH = 15.0, 4.0  # least wait after 429: 15 s, 1 min, 4 min, 16 min, 64 min
NOTHING_GOES_OUT = ("is paused", "is archived")  # notices under which Braze sends nothing: API 9.2


def classify_reply(claim: Claim, reply: Reply) -> Verdict:
    """The verdict on a 2xx answer with message = success."""
    target = f"{claim.target_kind.value}:{claim.target_id}"
    if reply.notice:
        # A notice is never normal: whatever it says, a person should see it before the next batch.
        sent_nothing = any(words in reply.notice.lower() for words in NOTHING_GOES_OUT)
        state = LedgerState.REJECTED if sent_nothing else LedgerState.ACCEPTED_PARTIAL
        what = msg("Braze took the request with a notice: {notice}", notice=reply.notice)
        return Verdict(state, what, reply.dispatch_id, reply.request_id, pause_scope=target)
    if reply.errors:
        what = msg("Braze complained of some people in the request and does not say of whom.")
        return Verdict(LedgerState.ACCEPTED_PARTIAL, what, reply.dispatch_id, reply.request_id)
    return Verdict(LedgerState.ACCEPTED, None, reply.dispatch_id, reply.request_id)


def classify_problem(claim: Claim, problem: BaseException, now: float) -> Verdict:
    """The verdict on an exception. What is not certainly harmless is `unknown`.

    `now` is epoch seconds on the clock that rate windows use.
    """
    request_id = str(getattr(problem, "request_id", "") or "")
    match problem:
        case HeldBack():
            return Verdict(LedgerState.NOT_DISPATCHED, _what(problem), counts=False)
        case RateLimited():
            # A Braze that says "at once" for ever must not be asked for ever.
            wait_s = max(problem.retry_after_s, FIRST_WAIT_S * WAIT_GROWTH**claim.tries)
            return Verdict(
                LedgerState.NOT_DISPATCHED,
                _what(problem),
                request_id=request_id,
                retry_at=now + min(wait_s, MAX_RESET_AHEAD_S),
                tried=True,
                counts=False,  # Braze is well; only too much was asked
            )
        case NeverConnected():
            return Verdict(LedgerState.NOT_DISPATCHED, _what(problem), tried=True)
        case Rejected():
            everything = problem.status in NO_ACCESS
            target = f"{claim.target_kind.value}:{claim.target_id}"
            return Verdict(
                LedgerState.REJECTED,
                _what(problem),
                request_id=request_id,
                pause_scope=EVERYTHING if everything else target,
            )
        case DataError():  # the request could not even be written
            target = f"{claim.target_kind.value}:{claim.target_id}"
            return Verdict(LedgerState.REJECTED, _what(problem), pause_scope=target)
        case Queued():
            return Verdict(LedgerState.QUEUED, _what(problem), request_id=request_id)
        case MayHaveHappened():
            return Verdict(LedgerState.UNKNOWN, _what(problem), request_id=request_id)
    name = type(problem).__name__
    return Verdict(LedgerState.UNKNOWN, msg("Sending broke off: {name}.", name=name))


def _what(problem: BaseException) -> Message:
    what = getattr(problem, "what", None)
    return what if isinstance(what, Message) else msg("Sending broke off.")
