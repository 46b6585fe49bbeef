import numpy as np
import pytest

from services.errors import DataError
from services.insights.off_policy import PolicyValue, Refusal, evaluate

RATES = np.array([0.02, 0.03, 0.05, 0.04])


def log(n: int, seed: int):
    """Decisions of a policy with its favourites, their chances, and the rewards."""
    rng = np.random.default_rng(seed)
    chances = np.array([0.4, 0.3, 0.2, 0.1])
    chosen = rng.choice(4, n, p=chances)
    return chosen, chances[chosen], (rng.random(n) < RATES[chosen]).astype(float)


def test_a_uniform_rule_is_valued_at_its_true_mean_within_the_interval():
    chosen, logged, reward = log(20_000, 1)
    target = np.full(len(chosen), 0.25)
    found = evaluate(
        reward,
        logged,
        target,
        expected_chosen=RATES[chosen],
        expected_target=np.full(len(chosen), RATES.mean()),
    )
    assert isinstance(found, PolicyValue)
    assert found.robust is not None
    for estimate in (found.ips, found.snips, found.robust):
        assert estimate.low < RATES.mean() < estimate.high
    assert not found.rough


def test_the_logging_rule_itself_has_full_size():
    _, logged, reward = log(5_000, 2)
    found = evaluate(reward, logged, logged)
    assert isinstance(found, PolicyValue)
    assert found.effective == pytest.approx(5_000)
    assert found.snips.value == pytest.approx(reward.mean())


def test_a_rule_the_log_hardly_holds_is_refused_with_what_is_needed():
    chosen, logged, reward = log(3_000, 3)
    found = evaluate(reward, logged, (chosen == 3).astype(float))
    assert isinstance(found, Refusal)
    assert "500 are needed" in str(found.reason)


def test_too_few_outcomes_are_refused_however_many_decisions():
    _, logged, _ = log(5_000, 4)
    reward = np.zeros(5_000)
    reward[:29] = 1
    found = evaluate(reward, logged, logged)
    assert isinstance(found, Refusal)
    assert "29 outcomes" in str(found.reason)


def test_between_500_and_1000_it_is_called_rough():
    chosen, logged, reward = log(7_000, 5)
    found = evaluate(reward, logged, (chosen == 3).astype(float))
    assert isinstance(found, PolicyValue | Refusal)
    assert 500 < found.effective < 1000
    if isinstance(found, PolicyValue):
        assert found.rough


def test_no_decisions_are_refused_not_divided_by():
    nothing = np.zeros(0)
    assert isinstance(evaluate(nothing, nothing, nothing), Refusal)


def test_a_logged_chance_of_zero_is_an_error():
    with pytest.raises(DataError, match="not above zero"):
        evaluate(np.ones(2), np.array([0.5, 0.0]), np.ones(2))


def covered_share(n_runs: int, seed: int) -> float:
    hits = []
    for number in range(n_runs):
        chosen, logged, reward = log(3_000, seed + number)
        target = np.full(len(chosen), 0.25)
        guess = 0.8 * RATES  # a model that is wrong: the correction has to repair it
        found = evaluate(
            reward,
            logged,
            target,
            expected_chosen=guess[chosen],
            expected_target=np.full(len(chosen), guess.mean()),
        )
        if isinstance(found, PolicyValue) and found.robust is not None:
            hits.append(found.robust.low < RATES.mean() < found.robust.high)
    assert len(hits) > 0.9 * n_runs
    return float(np.mean(hits))


def test_intervals_of_the_robust_estimate_hold_the_truth():
    assert covered_share(150, 100) >= 0.92


@pytest.mark.slow
def test_robust_coverage_over_many_logs():
    assert covered_share(2000, 1000) >= 0.935
