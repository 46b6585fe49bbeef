"""Pause, breaker and rate bucket: what turns sending off, and what turns it on again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sending_world import World

from services.activation import pausing
from services.activation.model import LedgerState
from services.activation.switches.breaker import Breaker, after, wait_until
from services.activation.switches.buckets import (
    DEFAULT_SHARE,
    Bucket,
    HeaderNotes,
    Taken,
    exhausted,
    heed,
    take,
)
from services.braze.limits import Family, RateWindow
from services.errors import AccessError
from services.experiment.audit.store import check_chain, history

pytestmark = pytest.mark.usefixtures("both_engines")

NOW = 1_800_000_123.0
HOUR_END = (NOW // 3600 + 1) * 3600


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, n_people=3)


def test_pausing_one_experiment_leaves_the_others_running(world: World):
    pausing.pause(world.database, world.clock, "e1", by="me", reason="look")
    assert pausing.is_paused(world.database, world.home, "e1")
    assert not pausing.is_paused(world.database, world.home, "e2")
    assert not pausing.is_paused(world.database, world.home)


def test_pausing_everything_pauses_each(world: World):
    pausing.pause(world.database, world.clock, by="me", reason="look")
    assert pausing.is_paused(world.database, world.home, "e2")
    state = pausing.pause_state(world.database, world.home)
    assert [str(why) for why in state.why] == ["Paused by me: look"]


@pytest.mark.parametrize(("by", "reason"), [("", "fine"), ("me", " "), (pausing.ITSELF, "fine")])
def test_only_a_person_with_a_reason_resumes(world: World, by: str, reason: str):
    pausing.pause(world.database, world.clock, by="me", reason="look")
    with pytest.raises(AccessError):
        pausing.resume(world.database, world.clock, by=by, reason=reason)
    assert pausing.is_paused(world.database, world.home)


def test_every_switch_is_in_the_audit_trail(world: World):
    pausing.pause(world.database, world.clock, "e1", by="me", reason="look")
    pausing.resume(world.database, world.clock, "e1", by="you", reason="fine")
    rows = history(world.database, subject="e1")
    assert [(r.actor, r.action) for r in rows] == [
        ("you", "sending.resumed"),
        ("me", "sending.paused"),
    ]
    assert check_chain(world.database).broken_at is None


def test_a_stop_file_pauses_without_a_database(world: World):
    pausing.stop_file(world.home, True)
    assert pausing.paused_outside(world.home, {}).paused
    assert pausing.is_paused(world.database, world.home, "e1")
    pausing.stop_file(world.home, False)
    assert not pausing.paused_outside(world.home, {}).paused


@pytest.mark.parametrize(
    ("value", "paused"),
    [("1", True), ("yes", True), ("anything", True), ("0", False), ("", False), ("False", False)],
)
def test_the_environment_pauses_unless_it_clearly_says_no(world: World, value: str, paused: bool):
    assert pausing.paused_outside(world.home, {pausing.VARIABLE: value}).paused is paused


def test_a_home_that_cannot_be_read_counts_as_paused(world: World):
    gone = pausing.paused_outside(world.home / "gone", {})
    not_a_folder = pausing.paused_outside(world.home / "state.sqlite", {})
    assert (gone.paused, gone.readable) == (True, False)
    assert (not_a_folder.paused, not_a_folder.readable) == (True, False)


def test_a_database_that_cannot_be_read_counts_as_paused(world: World):
    world.run("DROP TABLE pauses")
    state = pausing.pause_state(world.database, world.home)
    assert (state.paused, state.readable) == (True, False)


def test_an_automatic_pause_never_replaces_a_persons_own(world: World):
    from services.errors import Rejected

    world.plan(people=[1])
    world.braze.answer = lambda _: (
        pausing.pause(world.database, world.clock, by="me", reason="mine"),
        Rejected("no", status=401),
    )[1]
    world.dispatch()
    (held,) = pausing.pause_state(world.database, world.home).pauses
    assert (held.by, held.automatic) == ("me", False)


def run(*states: LedgerState) -> Breaker:
    breaker = Breaker()
    for state in states:
        breaker = after(breaker, state, NOW)
    return breaker


ANSWERS = [
    LedgerState.ACCEPTED,
    LedgerState.QUEUED,
    LedgerState.UNKNOWN,
    LedgerState.NOT_DISPATCHED,
    LedgerState.REJECTED,
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(ANSWERS), max_size=12))
def test_the_breaker_opens_after_three_doubts_or_five_failures_since_the_last_success(
    states: list[LedgerState],
):
    opened = False
    doubts = failures = 0
    for state in states:
        if state in (LedgerState.ACCEPTED, LedgerState.QUEUED):
            doubts = failures = 0
        doubts += state is LedgerState.UNKNOWN
        failures += state in (LedgerState.NOT_DISPATCHED, LedgerState.REJECTED)
        opened = opened or doubts >= 3 or failures >= 5
    assert (run(*states).open_since is not None) is opened


@pytest.mark.parametrize(
    ("state", "most"),
    [(LedgerState.UNKNOWN, 3), (LedgerState.NOT_DISPATCHED, 5), (LedgerState.REJECTED, 5)],
)
def test_the_breaker_opens_at_its_number_and_not_before(state: LedgerState, most: int):
    assert run(*[state] * (most - 1)).open_since is None
    opened = run(*[state] * most)
    assert opened.open_since == NOW
    assert after(opened, state, NOW + 60).open_since == NOW  # since the first
    assert after(opened, LedgerState.ACCEPTED, NOW).open_since == NOW  # only a person closes it


def test_the_wait_after_failures_grows():
    waits = [wait_until(Breaker(failed_in_row=n), NOW) - NOW for n in range(1, 6)]
    assert waits == [15, 60, 240, 600, 600]
    assert wait_until(Breaker(), NOW) == 0


def drained(bucket: Bucket | None, family: Family) -> tuple[Taken, int]:
    """The first refusal, and how many requests were granted before it."""
    for granted in range(1_000):
        taken = take(bucket, family, 0.5, NOW)
        if taken.wait_until is not None:
            return taken, granted
        bucket = taken.bucket
    raise AssertionError("granted without end")


def test_a_bucket_grants_our_share_of_a_window_and_then_waits_for_its_end():
    taken, granted = drained(None, Family.EXPORT_IDS)
    assert granted == 125  # half of 250 a minute
    assert taken.wait_until == (NOW // 60 + 1) * 60
    assert take(taken.bucket, Family.EXPORT_IDS, 0.5, taken.wait_until).wait_until is None


def test_half_of_the_budget_is_left_to_others_unless_somebody_says_otherwise():
    window = take(None, Family.EXPORT_IDS, DEFAULT_SHARE, NOW).bucket
    assert window.allowance == 125


@pytest.mark.parametrize("share", [1e-9, 0.01])
def test_however_small_the_share_one_request_a_window_stays(share: float):
    taken = take(None, Family.EXPORT_IDS, share, NOW)
    n = max(1, int(250 * share))
    assert taken.bucket.allowance == n
    little = heed(taken.bucket, RateWindow(limit=50, remaining=None, reset_s=None), share)
    assert little.allowance == 1


def test_of_a_new_bucket_nothing_is_used():
    assert drained(Bucket(HOUR_END, allowance=2), Family.SHARED)[1] == 2


def test_braze_saying_less_is_left_counts_and_saying_more_does_not():
    bucket = take(None, Family.SHARED, 0.5, NOW).bucket
    little = heed(bucket, RateWindow(limit=250_000, remaining=1, reset_s=HOUR_END), 0.5)
    once = take(little, Family.SHARED, 0.5, NOW)
    assert once.wait_until is None
    assert take(once.bucket, Family.SHARED, 0.5, NOW).wait_until == HOUR_END
    lies = heed(once.bucket, RateWindow(limit=250_000, remaining=9_999, reset_s=HOUR_END), 0.5)
    assert lies.provider_remaining == 0
    assert heed(bucket, RateWindow(limit=1_000, remaining=None, reset_s=None), 0.5).allowance == 500


def test_after_a_429_nothing_is_granted_before_its_time():
    bucket = exhausted(take(None, Family.SHARED, 0.5, NOW).bucket, NOW + 90)
    assert take(bucket, Family.SHARED, 0.5, NOW + 89).wait_until == NOW + 90
    assert take(bucket, Family.SHARED, 0.5, NOW + 90).wait_until is None


def test_a_window_absurdly_far_ahead_does_not_hold_for_ever():
    bucket = Bucket(NOW + 86_400, 5, used=5, provider_remaining=0, provider_reset=NOW + 86_400)
    assert take(bucket, Family.SHARED, 0.5, NOW).wait_until is None


def test_headers_are_handed_on_once():
    notes = HeaderNotes()
    window = RateWindow(limit=1, remaining=1, reset_s=NOW)
    notes.note(Family.SHARED, window)
    assert notes.take(Family.SHARED) is window
    assert notes.take(Family.SHARED) is None
