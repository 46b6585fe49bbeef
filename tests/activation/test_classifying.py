"""What each answer means for a batch: a table, since a wrong line here is a second message."""

from __future__ import annotations

from datetime import date

import pytest

from services.activation.classifying import classify_problem, classify_reply
from services.activation.model import Claim, HeldBack, HeldReason, LedgerState, Reply
from services.errors import (
    BrazeBroken,
    DataError,
    NeverConnected,
    NoAnswer,
    Queued,
    RateLimited,
    Rejected,
)
from services.experiment.model import Channel, TargetKind

NOW = 1_000_000.0
TARGET = "campaign:c"


def batch(tries: int = 0) -> Claim:
    return Claim(
        workspace="w",
        experiment_id="e",
        day=date(2026, 3, 10),
        target_kind=TargetKind.CAMPAIGN,
        target_id="c",
        channel=Channel.EMAIL,
        combination={},
        people=(),
        batch_id=1,
        fence=1,
        claimed_at=NOW,
        deadline_wall=NOW,
        deadline_boot=NOW,
        tries=tries,
    )


@pytest.mark.parametrize(
    ("problem", "state", "scope", "tried", "counts"),
    [
        (HeldBack(HeldReason.PAUSED), LedgerState.NOT_DISPATCHED, None, False, False),
        (NeverConnected("x"), LedgerState.NOT_DISPATCHED, None, True, True),
        (RateLimited("x", retry_after_s=1), LedgerState.NOT_DISPATCHED, None, True, False),
        (Rejected("x", status=400), LedgerState.REJECTED, TARGET, False, True),
        (Rejected("x", status=404), LedgerState.REJECTED, TARGET, False, True),
        (Rejected("x", status=401), LedgerState.REJECTED, "*", False, True),
        (Rejected("x", status=403), LedgerState.REJECTED, "*", False, True),
        (DataError("x"), LedgerState.REJECTED, TARGET, False, True),
        (Queued("x"), LedgerState.QUEUED, None, False, True),
        (NoAnswer("x"), LedgerState.UNKNOWN, None, False, True),
        (BrazeBroken("x", status=502), LedgerState.UNKNOWN, None, False, True),
        (ValueError("x"), LedgerState.UNKNOWN, None, False, True),
        (KeyboardInterrupt(), LedgerState.UNKNOWN, None, False, True),
    ],
)
def test_every_problem_has_its_class(
    problem: BaseException, state: LedgerState, scope: str | None, tried: bool, counts: bool
):
    verdict = classify_problem(batch(), problem, NOW)
    assert (verdict.state, verdict.pause_scope) == (state, scope)
    assert (verdict.tried, verdict.counts) == (tried, counts)
    assert verdict.what is not None
    assert (verdict.retry_at is not None) is isinstance(problem, RateLimited)


@pytest.mark.parametrize(
    ("tries", "says_s", "waits_s"),
    [(0, 0, 15), (0, 40, 40), (1, 0, 60), (2, 0, 240), (3, 0, 960), (4, 0, 3840), (0, 9e9, 3900)],
)
def test_after_too_many_requests_the_wait_grows_and_is_bounded(
    tries: int, says_s: float, waits_s: float
):
    verdict = classify_problem(batch(tries), RateLimited("x", retry_after_s=says_s), NOW)
    assert verdict.retry_at == NOW + waits_s


@pytest.mark.parametrize(
    "problem",
    [
        RateLimited("x", retry_after_s=1, request_id="r"),
        Rejected("x", status=400, request_id="r"),
        Queued("x", request_id="r"),
        NoAnswer("x", request_id="r"),
    ],
)
def test_the_id_of_the_request_is_kept_for_a_question_to_braze(problem: BaseException):
    assert classify_problem(batch(), problem, NOW).request_id == "r"


@pytest.mark.parametrize(
    ("reply", "state", "scope"),
    [
        (Reply("d"), LedgerState.ACCEPTED, None),
        (Reply("d", errors=1), LedgerState.ACCEPTED_PARTIAL, None),
        (Reply("d", notice="The Campaign Is Paused."), LedgerState.REJECTED, TARGET),
        (Reply("d", notice="it is archived"), LedgerState.REJECTED, TARGET),
        (Reply("d", notice="something else"), LedgerState.ACCEPTED_PARTIAL, TARGET),
        (Reply("d", notice="something else", errors=2), LedgerState.ACCEPTED_PARTIAL, TARGET),
    ],
)
def test_every_reply_has_its_class(reply: Reply, state: LedgerState, scope: str | None):
    verdict = classify_reply(batch(), reply)
    assert (verdict.state, verdict.pause_scope, verdict.dispatch_id) == (state, scope, "d")
    assert (verdict.what is None) is (state is LedgerState.ACCEPTED)
    assert verdict.counts
