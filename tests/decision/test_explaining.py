from __future__ import annotations

import numpy as np
from decision_builders import people_of

from services.decision.choosing import propensities
from services.decision.explaining import Candidate, explain, importances
from services.decision.terms import priced


def test_an_explanation_ranks_what_was_possible_with_its_chances(belief, draws, space):
    eligible = np.arange(12) != 4
    person = np.array([2.0, 0.0], dtype=np.float32)
    said = explain(belief, draws, space, person, eligible)
    assert len(said.possible) == 11
    assert said.possible[0].keys["d0"] == "o1"
    assert [p.score for p in said.possible] == sorted(p.score for p in said.possible)[::-1]
    chances = propensities(draws, space, person[None, :], eligible[None, :])[0]
    assert all(p.chance == chances[p.combination] for p in said.possible)
    assert all(0 < p.expected < 1 for p in said.possible)


def test_contributions_name_the_attribute_that_mattered(belief, draws, space):
    said = explain(belief, draws, space, np.array([2.0, 0.0]), np.ones(12, dtype=bool))
    strongest = said.contributions[0]
    assert (strongest.dimension, strongest.attribute) == ("d0", "x0")
    assert strongest.amount > 0.5


def test_the_average_person_has_no_attribute_contributions(belief, draws, space):
    person = people_of(1, 2)[0]
    said = explain(belief, draws, space, person, np.ones(12, dtype=bool), average=person)
    assert all(c.amount == 0 for c in said.contributions if c.attribute)


def test_the_smallest_change_that_flips_the_choice_is_named(belief, draws, space):
    person = np.array([1.0, 0.0])
    changes = [
        Candidate("x0", f"{1 - size}", size, np.array([1 - size, 0.0])) for size in (4, 3, 0.1)
    ]
    eligible = np.ones(12, dtype=bool)
    said = explain(belief, draws, space, person, eligible, candidates=changes)
    assert (said.flip.attribute, said.flip.value) == ("x0", "-2")
    assert said.flip.keys["d0"] != "o1"
    assert explain(belief, draws, space, person, eligible, candidates=changes[2:]).flip is None


def test_nobody_is_explained_a_choice_that_was_not_there(belief, draws, space):
    said = explain(belief, draws, space, np.zeros(2), np.zeros(12, dtype=bool))
    assert (said.possible, said.contributions, said.flip) == ((), (), None)


def test_importances_put_what_matters_first(belief):
    first = importances(belief)[0]
    assert (first.dimension, first.attribute) == ("d0", "x0")


def test_a_change_that_only_opens_what_a_rule_forbade_counts_as_a_change(belief, draws, space):
    person = np.array([1.0, 0.0])
    may = space.options[:, 0] != 1
    opened = Candidate("tenure", "13", 0.2, person, eligible=np.ones(12, dtype=bool))
    said = explain(belief, draws, space, person, may, candidates=[opened])
    assert said.possible[0].keys["d0"] != "o1"
    assert said.flip is not None
    assert said.flip.keys["d0"] == "o1"


def test_prices_enter_the_explanation_as_they_entered_the_choice(belief, draws, space):
    person = np.array([2.0, 0.0])
    prices = priced(belief, np.where(space.options[:, 0] == 1, 0.9, 0.0))
    said = explain(belief, draws, space, person, np.ones(12, dtype=bool), prices=prices)
    assert said.possible[0].keys["d0"] != "o1"
    assert said.possible[0].chance > 0.2
