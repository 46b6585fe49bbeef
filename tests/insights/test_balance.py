import math

import numpy as np
import pytest

from services.errors import DataError
from services.insights.balance import TILTS, Alarm, choice_balance, group_balance

SHARES = np.array([0.8, 0.1, 0.0, 0.1])


def test_the_bets_gain_nothing_on_average_on_a_fair_draw():
    p = np.array([0.7, 0.2, 0.1])
    expected = 0.0
    for k in range(3):
        draw = np.eye(3, dtype=int)[k][None]
        expected += p[k] * _last_evidence(draw, p)
    assert expected == pytest.approx(1.0)


def _last_evidence(draw, p):
    gains = [
        math.exp(theta * draw[0, k] - math.log1p(p[k] * math.expm1(theta)))
        for k in range(3)
        for theta in TILTS
    ]
    return float(np.mean(gains))


def test_a_fifth_of_the_holdout_lost_pauses_and_names_what_is_missing():
    seen = np.tile([240, 30, 0, 24], (60, 1))
    found = group_balance(seen, SHARES)
    assert found.alarm is not Alarm.FINE
    assert found.seen[3] < found.expected[3]


def test_everybody_lost_from_one_group_pauses():
    assert group_balance(np.array([[800, 100, 0, 0]]), SHARES).alarm is Alarm.PAUSE


def test_an_alarm_that_was_raised_once_stays_raised():
    bad = np.tile([240, 30, 0, 5], (10, 1))
    good = np.tile([240, 30, 0, 30], (500, 1))
    assert group_balance(np.vstack([bad, good]), SHARES).alarm is Alarm.PAUSE


def test_people_in_a_group_without_a_share_are_an_error():
    with pytest.raises(DataError, match="no share"):
        group_balance(np.array([[800, 100, 1, 99]]), SHARES)


def drifting_policy(n: int, seed: int):
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(n // 300), 300)
    favourite = rng.random((n // 300, 5)) ** 4
    chances = 0.02 / 5 + 0.98 * (favourite / favourite.sum(axis=1, keepdims=True))[day]
    chosen = (rng.random(n)[:, None] > np.cumsum(chances, axis=1)).sum(axis=1)
    return np.minimum(chosen, 4), chances, day


def test_a_greedy_drifting_policy_is_fine_by_its_own_chances():
    chosen, chances, day = drifting_policy(9_000, 1)
    assert choice_balance(chosen, chances, day).alarm is Alarm.FINE


def test_an_option_that_loses_a_third_of_its_messages_is_noticed():
    chosen, chances, day = drifting_policy(18_000, 2)
    common = np.bincount(chosen).argmax()
    rng = np.random.default_rng(3)
    kept = (chosen != common) | (rng.random(len(chosen)) > 1 / 3)
    found = choice_balance(chosen[kept], chances[kept], day[kept])
    assert found.alarm is Alarm.PAUSE
    only_warns = choice_balance(chosen[kept], chances[kept], day[kept], may_pause=False)
    assert only_warns.alarm is Alarm.WARN


def test_a_choice_that_had_no_chance_is_an_error_not_a_statistic():
    with pytest.raises(DataError, match="no chance"):
        choice_balance(np.array([1]), np.array([[1.0, 0.0]]), np.array([0]))


def test_no_choices_are_no_evidence():
    found = choice_balance(np.empty(0, int), np.empty((0, 3)), np.empty(0, int))
    assert (found.evidence, found.alarm) == (1.0, Alarm.FINE)
