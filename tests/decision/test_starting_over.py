"""What becomes of the memories once the market has changed."""

from __future__ import annotations

import json

import numpy as np
from decision_builders import after, space_of

from services.decision.learning import (
    ALARM_SHOWN_DAYS,
    FIRST_WEIGHTS,
    SHORTEST,
    learn,
    market_changed,
    posterior,
    prior,
)
from services.decision.model import Belief

CHANGE_DAY = 24
SPACE = space_of(3)


def days_of_beliefs(n_days: int) -> list[Belief]:
    """Option 0 is best until CHANGE_DAY, option 2 from then on."""
    rng = np.random.default_rng(6)
    belief, found = prior(SPACE, 1, 0.1), []
    for day in range(n_days):
        better = 0 if day < CHANGE_DAY else 2
        combination = rng.integers(0, 3, 2000)
        reward = (rng.random(2000) < 0.06 + 0.08 * (combination == better)).astype(float)
        features = rng.normal(size=(2000, 1)).astype(np.float32)
        belief = learn(belief, SPACE, features, combination, reward, after(day))
        found.append(belief)
    return found


def test_after_a_change_the_long_memory_holds_less_than_the_short_one_and_finds_the_new_best():
    beliefs = days_of_beliefs(CHANGE_DAY + 14)
    noticed = next(i for i, belief in enumerate(beliefs) if belief.changed_on)
    assert CHANGE_DAY < noticed < CHANGE_DAY + 6
    before, at, later = beliefs[noticed - 1], beliefs[noticed], beliefs[-1]
    held = [[np.trace(p) for p in belief.heads[0].precision] for belief in (before, at)]
    assert held[0][0] > 3 * held[0][SHORTEST]
    assert held[1][0] < 0.1 * held[1][SHORTEST]
    mean = posterior(later.heads[0], later.layout, 0).mean
    mains = [mean[later.layout.width * (1 + option)] for option in range(3)]
    assert np.argmax(mains) == 2
    assert later.changed_on == at.last_day


def test_a_change_is_shown_for_a_week_of_learnt_days_and_then_no_more():
    shown = [market_changed(belief) for belief in days_of_beliefs(CHANGE_DAY + 14)]
    assert sum(shown) == ALARM_SHOWN_DAYS
    assert not any(shown[:CHANGE_DAY])
    assert not shown[-1]


def test_the_long_memory_is_believed_until_recent_days_speak_for_another():
    start = prior(SPACE, 1, 0.1)
    assert np.allclose(start.weights, FIRST_WEIGHTS)
    assert all(belief.weights.argmax() == 0 for belief in days_of_beliefs(8)[3:])


def test_a_belief_stored_before_changes_were_noted_is_read_as_never_changed():
    columns = days_of_beliefs(2)[-1].to_columns()
    about = json.loads(str(columns["description"]))
    del about["changed_on"]
    read = Belief.from_columns(columns | {"description": json.dumps(about)})
    assert read.changed_on == 0
    assert read.n_rewards == 4000
