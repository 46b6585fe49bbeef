"""The engine alone: data frames in, row numbers and chances out."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from services.decision import policy as policy_module
from services.decision.policy import Policy
from services.errors import DataError, ExperimentError

README = Path(__file__).parents[2] / "README.md"
COMBINATIONS = pd.DataFrame(
    [(offer, hour) for offer in ("discount", "delivery", "gift") for hour in (9, 18)],
    columns=["offer", "hour"],
)


def people_of(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": np.where(rng.random(n) < 0.1, np.nan, rng.normal(40, 12, n)),
            "plan": rng.choice(np.array(["basic", "plus", None], dtype=object), n),
            "member": rng.choice(np.array([True, False, None], dtype=object), n),
            "visits": rng.integers(0, 30, n),
            "since": pd.Timestamp("2026-01-01") - pd.to_timedelta(rng.integers(1, 900, n), "D"),
            "store": pd.Categorical(rng.choice(["north", "south"], n)),
        }
    )


def chance_of(people: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """People of plan plus like the gift, others the discount."""
    offers = COMBINATIONS["offer"].to_numpy()[rows]
    liked = np.where((people["plan"] == "plus").to_numpy(), offers == "gift", offers == "discount")
    return np.where(liked, 0.25, 0.08)


def played(policy: Policy, *, n_days: int = 8, per_day: int = 1500) -> list[np.ndarray]:
    chosen = []
    for day in range(n_days):
        people = people_of(per_day, day)
        rows, propensities = policy.decide(people)
        rng = np.random.default_rng(100 + day)
        rewards = (rng.random(per_day) < chance_of(people, rows)).astype(float)
        policy.learn(people, rows, rewards, propensities)
        chosen.append(rows)
    return chosen


def example() -> str:
    """The indented example of the module's docstring."""
    lines = str(policy_module.__doc__).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("    import"))
    end = next(i for i in range(start, len(lines)) if lines[i] and not lines[i].startswith("    "))
    return textwrap.dedent("\n".join(lines[start:end])).strip()


def examples_in_the_readme() -> list[str]:
    blocks = README.read_text(encoding="utf-8").split("```python\n")[1:]
    fenced = [block.split("```")[0].strip() for block in blocks]
    return [block for block in fenced if "services.decision.policy" in block]


def test_the_example_runs_and_learns_what_it_plants():
    known: dict[str, object] = {}
    exec(example(), known)
    policy, people = known["policy"], known["people"]
    rows, _ = policy.decide(people)
    free = known["combinations"]["offer"].to_numpy()[rows] == "free delivery"
    assert (free == (people["age"] > 40)).mean() > 0.75


def test_the_example_in_the_readme_is_the_same():
    assert all(shown == example() for shown in examples_in_the_readme())


def test_the_first_day_is_uniform_and_later_days_go_where_the_rewards_are():
    policy = Policy(COMBINATIONS, seed=3)
    chosen = played(policy)
    assert np.bincount(chosen[0], minlength=6).min() > 150
    last = people_of(1500, 7)
    assert chance_of(last, chosen[-1]).mean() > 1.5 * chance_of(last, chosen[0]).mean()


def test_the_same_seed_and_calls_give_the_same_choices_and_another_seed_others():
    one, two, other = (played(Policy(COMBINATIONS, seed=s), n_days=3) for s in (3, 3, 4))
    assert all((a == b).all() for a, b in zip(one, two, strict=True))
    assert (one[-1] != other[-1]).any()


def test_people_need_not_look_as_they_did_when_the_columns_were_fixed():
    policy = Policy(COMBINATIONS, seed=3)
    played(policy, n_days=4)
    people = people_of(50, 99).drop(columns="member").assign(plan="unheard of", extra=1)
    people["visits"] = people["visits"].astype(str).replace("3", "three")
    people.loc[:10, "age"] = np.inf
    rows, propensities = policy.decide(people)
    assert set(rows) <= set(range(6))
    assert ((propensities > 0) & (propensities <= 1)).all()


def test_nobody_gets_what_is_not_eligible():
    policy = Policy(COMBINATIONS, seed=3)
    played(policy, n_days=2)
    eligible = np.random.default_rng(0).random((400, 6)) < 0.5
    rows, propensities = policy.decide(people_of(400, 1), eligible=eligible)
    has_any = eligible.any(axis=1)
    assert eligible[np.flatnonzero(has_any), rows[has_any]].all()
    assert (rows[~has_any] == -1).all()
    assert not propensities[~has_any].any()


def test_a_first_call_with_one_person_does_not_stop_it_from_personalising_later():
    policy = Policy(COMBINATIONS, seed=3)
    one = people_of(1, 0)
    rows, propensities = policy.decide(one)
    policy.learn(one, rows, [0.0], propensities)
    chosen = played(policy)
    last = people_of(1500, 7)
    assert chance_of(last, chosen[-1]).mean() > 0.15


def test_revenue_is_learnt_from_amounts():
    policy = Policy(COMBINATIONS, reward="revenue", seed=5)
    for day in range(6):
        people = people_of(1500, day)
        rows, propensities = policy.decide(people)
        rng = np.random.default_rng(day)
        hit = rng.random(1500) < 0.1
        worth = np.where(COMBINATIONS["offer"].to_numpy()[rows] == "gift", 60.0, 20.0)
        policy.learn(people, rows, hit * worth * rng.lognormal(0, 0.4, 1500), propensities)
    rows, _ = policy.decide(people_of(1000, 50))
    assert (COMBINATIONS["offer"].to_numpy()[rows] == "gift").mean() > 0.9


def test_an_empty_frame_and_a_frame_without_columns_are_decided_for():
    policy = Policy(COMBINATIONS, seed=3)
    played(policy, n_days=1)
    assert len(policy.decide(people_of(5, 0).iloc[:0])[0]) == 0
    assert len(policy.decide(pd.DataFrame(index=range(7)))[0]) == 7


@pytest.mark.parametrize(
    "combinations",
    [
        pd.DataFrame(),
        pd.DataFrame({"a": ["x", None]}),
        pd.DataFrame({"a": ["x", "x"]}),
    ],
    ids=["none", "open", "alike"],
)
def test_combinations_that_cannot_be_told_apart_are_refused(combinations: pd.DataFrame):
    with pytest.raises(ExperimentError):
        Policy(combinations)


def test_nonsense_teaches_nothing():
    policy = Policy(COMBINATIONS, seed=3)
    people = people_of(20, 0)
    rows, propensities = policy.decide(people)
    for rewards, chances in ((np.full(20, 0.5), propensities), (np.zeros(20), np.zeros(20))):
        with pytest.raises(DataError):
            policy.learn(people, rows, rewards, chances)
    with pytest.raises(DataError):
        policy.learn(people, rows[:3], np.zeros(20), propensities)
    assert policy.belief is None
