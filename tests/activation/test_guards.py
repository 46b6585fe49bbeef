"""Who of a picked batch is kept back, and why: each guard alone, at its edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sending_world import an_experiment

from services.activation.guards import Limits, PersonRow, kept_back, limits_of, within_cap
from services.activation.model import SkipReason
from services.experiment.model import AtMost

DAY = date(2026, 3, 10)
HOUR_S = 3600.0
SOMEBODY = PersonRow(
    person=7,
    properties="{}",
    cost=0.5,
    tries=0,
    fence=0,
    send_at=1e6,
    external_id="id-7",
    grp="personalised",
    ended=0,
    suppressed=None,
)


def why(row: PersonRow, limits: Limits = Limits(), history=(), consent=(7,)) -> SkipReason | None:
    return kept_back([row], limits, consent=consent, history={7: history}, day=DAY).get(7)


@pytest.mark.parametrize("group", ["personalised", "random", "usual"])
def test_groups_that_get_messages_get_them(group: str):
    assert why(replace(SOMEBODY, grp=group)) is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"external_id": None}, SkipReason.ERASED),
        ({"suppressed": 7}, SkipReason.SUPPRESSED),
        ({"suppressed": 0}, SkipReason.SUPPRESSED),
        ({"grp": "holdout"}, SkipReason.NOT_ASSIGNED),
        ({"grp": None}, SkipReason.NOT_ASSIGNED),
        ({"ended": 1}, SkipReason.NOT_ASSIGNED),
        ({"tries": 5}, SkipReason.NOT_REACHED),
        ({"tries": 4}, None),
    ],
)
def test_each_guard_holds_alone(changed: dict[str, object], reason: SkipReason | None):
    assert why(replace(SOMEBODY, **changed)) is reason


def test_consent_is_of_the_person_and_only_known_consent_counts():
    assert why(SOMEBODY, consent=(8,)) is SkipReason.NO_CONSENT
    assert why(SOMEBODY, consent=()) is SkipReason.NO_CONSENT


def test_somebody_without_any_history_is_kept_back_by_no_frequency():
    limits = Limits(at_most=(AtMost(messages=1, days=7),), gap_s=HOUR_S)
    assert kept_back([SOMEBODY], limits, consent=(7,), history={}, day=DAY) == {}


@pytest.mark.parametrize(
    ("days_ago", "n", "held"), [(0, 2, True), (6, 2, True), (7, 2, False), (0, 1, False)]
)
def test_frequency_counts_the_days_of_its_window_today_included(days_ago: int, n: int, held: bool):
    limits = Limits(at_most=(AtMost(messages=2, days=7),))
    history = [(DAY - timedelta(days=days_ago), 0.0)] * n
    assert why(SOMEBODY, limits, history) is (SkipReason.FREQUENCY if held else None)


def test_messages_of_later_days_do_not_count_for_an_earlier_one():
    limits = Limits(at_most=(AtMost(messages=1, days=7),))
    assert why(SOMEBODY, limits, [(DAY + timedelta(days=1), 0.0)]) is None


@pytest.mark.parametrize(("gap_s", "held"), [(20 * HOUR_S - 1, True), (20 * HOUR_S, False)])
def test_the_gap_is_held_to_the_second(gap_s: float, held: bool):
    limits = Limits(gap_s=20 * HOUR_S)
    history = [(DAY - timedelta(days=1), SOMEBODY.send_at - gap_s)]
    assert why(SOMEBODY, limits, history) is (SkipReason.GAP if held else None)


@pytest.mark.parametrize(
    ("limits", "sent", "spent", "fit"),
    [
        (Limits(), 10**6, 1e9, 3),
        (Limits(cap_messages=10), 8, 0.0, 2),
        (Limits(cap_messages=10), 10, 0.0, 0),
        (Limits(cap_messages=10), 7, 0.0, 3),
        (Limits(cap_money=10.0), 0, 9.0, 2),
        (Limits(cap_money=10.0), 0, 10.0, 0),
        (Limits(cap_money=0.3), 0, 0.0, 0),
        (Limits(cap_messages=2, cap_money=1.0), 0, 0.5, 1),
    ],
)
def test_caps_are_filled_and_never_overrun(limits: Limits, sent: int, spent: float, fit: int):
    assert within_cap([SOMEBODY] * 3, limits, sent, spent) == fit


def test_sums_of_prices_fill_a_cap_to_the_cent():
    cheap = replace(SOMEBODY, cost=0.1)
    assert within_cap([cheap] * 5, Limits(cap_money=0.3), 0, 0.0) == 3


def test_the_stricter_of_several_rules_holds():
    rules = (
        {"kind": "daily_cap", "messages": 9},
        {"kind": "daily_cap", "messages": 5, "money": 3.0},
        {"kind": "daily_cap", "money": 2.0},
        {"kind": "minimum_gap", "hours": 20},
        {"kind": "minimum_gap", "hours": 30},
        {"kind": "at_most", "messages": 2, "days": 7},
    )
    limits = limits_of(an_experiment(rules=rules))
    assert (limits.cap_messages, limits.cap_money, limits.gap_s) == (5, 2.0, 30 * HOUR_S)
    assert [(r.messages, r.days) for r in limits.at_most] == [(2, 7)]
    assert limits.capped


def test_what_is_not_limited_is_not_looked_up():
    assert Limits() == limits_of(an_experiment())
    none = limits_of(an_experiment())
    assert (none.capped, none.look_back_days, none.gap_s) == (False, 0, 0.0)
    assert Limits(cap_money=0.0).capped
    assert Limits(cap_messages=0).capped


@pytest.mark.parametrize(
    ("limits", "days"),
    [
        (Limits(gap_s=20 * HOUR_S), 2),
        (Limits(gap_s=24 * HOUR_S), 2),
        (Limits(gap_s=25 * HOUR_S), 3),
        (Limits(at_most=(AtMost(messages=1, days=7), AtMost(messages=3, days=14))), 14),
        (Limits(at_most=(AtMost(messages=1, days=1),), gap_s=20 * HOUR_S), 2),
    ],
)
def test_history_is_read_as_far_back_as_it_matters(limits: Limits, days: int):
    assert limits.look_back_days == days
    assert limits.first_day(DAY) == DAY - timedelta(days=days)
