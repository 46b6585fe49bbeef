"""Another rule judged on an adaptive log: the truth lies where the interval says."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import numpy as np
import pytest

from services.decision.choosing import choose, choose_uniform, sample_draws
from services.decision.learning import learn, prior
from services.decision.model import Reward, Space
from services.errors import DataError
from services.insights.judging_rules import LoggedDay, always, by_belief, by_rules, judge_rule
from services.insights.off_policy import PolicyValue, Refusal

SPACE = Space(
    (("offer", ("a", "b")), ("hour", ("h9", "h18"))),
    np.array(list(product(range(2), range(2))), dtype=np.int16),
)
NAMES = ("x0", "x1")
FIRST = date(2026, 3, 2)


def chance_of(features: np.ndarray) -> np.ndarray:
    """Offer b is for people with a high x0; the hour matters little: float (n, 4)."""
    offer, hour = SPACE.options[:, 0], SPACE.options[:, 1]
    logit = -2.5 + (0.3 + 0.8 * features[:, :1]) * offer + 0.15 * hour
    return 1 / (1 + np.exp(-logit))


def people(rng: np.random.Generator, n: int):
    features = rng.normal(size=(n, 2)).astype(np.float32)
    eligible = rng.random((n, 4)) < 0.9
    eligible[np.arange(n), rng.integers(0, 4, n)] = True
    return features, eligible


def logged_days(seed: int, *, n_days: int = 8, n: int = 700, epsilon: float = 0.2):
    """What the engine itself chose, learning every day, with its logged chances."""
    rng = np.random.default_rng(seed)
    belief, days = prior(SPACE, NAMES, 0.1), []
    for number in range(n_days):
        features, eligible = people(rng, n)
        lot = int(rng.integers(2**40))
        if belief.learnt:
            draws = sample_draws(belief, SPACE, lot)
            chosen = choose(draws, SPACE, features, eligible, lot, epsilon)
        else:
            chosen = choose_uniform(eligible, lot)
        combination = chosen.combination.astype(np.int64)
        truth = chance_of(features)[np.arange(n), combination]
        reward = (rng.random(n) < truth).astype(float)
        day = FIRST + timedelta(days=number)
        days.append(
            LoggedDay(day, SPACE, NAMES, features, eligible, combination, chosen.propensity, reward)
        )
        belief = learn(belief, SPACE, features, combination, reward, day, names=NAMES)
    return days, belief


def truth_of(days: list[LoggedDay], rule) -> float:
    """What the rule would have earned these very people."""
    return float(
        np.mean(np.concatenate([(rule(d) * chance_of(d.features)).sum(axis=1) for d in days]))
    )


RULES = {
    "always": always({"offer": "a"}),
    "by rules": by_rules(lambda d: np.where(d.features[:, 0] > 0, 3, 1)),
}


@pytest.mark.parametrize("name", RULES)
def test_the_truth_lies_in_the_interval_and_the_model_narrows_it(name: str):
    days, _ = logged_days(5)
    found = judge_rule(days, RULES[name], base_share=0.1)
    assert isinstance(found, PolicyValue)
    assert found.robust is not None
    truth = truth_of(days, RULES[name])
    for estimate in (found.ips, found.snips, found.robust):
        assert estimate.low < truth < estimate.high
    assert found.robust.high - found.robust.low < found.ips.high - found.ips.low


def test_a_past_belief_is_judged_on_later_days():
    _, belief = logged_days(6)
    later, _ = logged_days(7)
    later = [LoggedDay(**{**d.__dict__, "day": d.day + timedelta(days=30)}) for d in later]
    rule = by_belief(sample_draws(belief, SPACE, 1))
    found = judge_rule(later, rule, base_share=0.1)
    assert isinstance(found, PolicyValue)
    assert found.robust is not None
    assert found.robust.low < truth_of(later, rule) < found.robust.high
    assert truth_of(later, rule) > truth_of(later, RULES["always"])


def test_what_the_log_hardly_holds_is_refused():
    days, _ = logged_days(8, epsilon=0.01, n_days=4, n=300)
    found = judge_rule(days[1:], always({"offer": "a", "hour": "h9"}), base_share=0.1)
    assert isinstance(found, Refusal)
    assert isinstance(judge_rule([], RULES["always"]), Refusal)


def test_revenue_is_judged_in_money():
    days, _ = logged_days(9, n_days=5, epsilon=0.5)
    rng = np.random.default_rng(0)
    paid = [
        LoggedDay(**{**d.__dict__, "reward": d.reward * rng.lognormal(3, 0.3, len(d.reward))})
        for d in days
    ]
    found = judge_rule(paid, RULES["always"], reward=Reward.REVENUE, base_share=0.1)
    assert isinstance(found, PolicyValue)
    assert found.robust is not None
    truth = truth_of(days, RULES["always"]) * np.exp(3 + 0.3**2 / 2)
    assert found.robust.low < truth < found.robust.high


def test_a_log_that_contradicts_itself_is_an_error():
    days, _ = logged_days(10, n_days=1)
    days[0].eligible[3, days[0].combination[3]] = False
    with pytest.raises(DataError, match="not among what the person could get"):
        judge_rule(days, RULES["always"])


def covered(n_runs: int, seed: int) -> dict[str, float]:
    hits: dict[str, list[bool]] = {"ips": [], "snips": [], "robust": []}
    for number in range(n_runs):
        days, _ = logged_days(seed + number, epsilon=0.4)
        found = judge_rule(days, RULES["always"], base_share=0.1)
        if not isinstance(found, PolicyValue):
            continue
        truth = truth_of(days, RULES["always"])
        for name in hits:
            estimate = getattr(found, name)
            hits[name].append(estimate.low < truth < estimate.high)
    assert len(hits["robust"]) > 0.8 * n_runs
    return {name: float(np.mean(found)) for name, found in hits.items()}


def test_intervals_hold_the_truth_on_adaptive_logs():
    assert covered(25, 200)["robust"] >= 0.8


@pytest.mark.slow
def test_coverage_on_many_adaptive_logs():
    found = covered(500, 2_000)
    assert min(found.values()) >= 0.92
