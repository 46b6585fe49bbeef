"""Rules decide what may be sent and to whom, and can always be named afterwards."""

from __future__ import annotations

from datetime import date
from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.errors import DataError, ExperimentError
from services.experiment.cadences import cadences, eligible_cadences, weekdays_of
from services.experiment.combinations import NO_TARGET, NOT_ACTIVE, allowed, eligible, judge
from services.experiment.model import (
    Channel,
    Dimension,
    Exclude,
    Experiment,
    Option,
    OptionNeeds,
    Target,
)
from services.experiment.properties import trigger_properties

DAY = date(2026, 11, 2)


def dimension(key, *values, kind="custom", **more):
    options = tuple(
        Option(key=f"{key[0]}{n}", label=f"{key} {n}", value=v) for n, v in enumerate(values)
    )
    return Dimension(key=key, kind=kind, label=key.title(), options=options, **more)


def experiment(*dimensions, rules=(), targets=(Target(id="c"),)):
    return Experiment(
        id="e",
        version=1,
        name="E",
        salt="s" * 32,
        dimensions=dimensions,
        rules=rules,
        targets=targets,
    )


OFFER = dimension("offer", "", "10%", "20%", kind="offer")
CHANNEL = dimension("channel", "email", "sms", kind="channel")
BOTH = (
    Target(id="mail", when={"channel": "c0"}, channel=Channel.EMAIL),
    Target(id="text", when={"channel": "c1"}, channel=Channel.SMS),
)
NEEDS = OptionNeeds(
    dimension="offer", option="o2", attribute="tenure", comparison="above", value=12
)


def everybody(n, *channels):
    return {channel: np.ones(n, bool) for channel in channels}


def test_the_grid_is_every_combination_in_document_order():
    found = allowed(experiment(OFFER, CHANNEL, targets=BOTH), DAY)
    assert [found.named(n) for n in range(len(found))] == [
        {"offer": o, "channel": c} for o, c in product(("o0", "o1", "o2"), ("c0", "c1"))
    ]
    assert found.options.dtype == np.int16


def test_an_option_outside_its_dates_rests_but_keeps_its_index():
    resting = OFFER.options[0].model_copy(update={"active_to": date(2026, 11, 1)})
    offer = OFFER.model_copy(update={"options": (resting, *OFFER.options[1:])})
    found = allowed(experiment(offer), DAY)
    assert found.options[:, 0].tolist() == [1, 2]
    assert found.n_removed_by(NOT_ACTIVE) == 1
    assert len(allowed(experiment(offer), date(2026, 11, 1))) == 3
    assert len(allowed(experiment(offer), None)) == 3


def test_each_combination_that_fell_out_names_the_first_rule_that_took_it():
    rules = (
        NEEDS,
        Exclude(when={"offer": "o2", "channel": "c1"}),
        Exclude(when={"channel": "c1", "offer": "o2"}),
    )
    found = allowed(experiment(OFFER, CHANNEL, rules=rules, targets=BOTH), DAY)
    assert len(found) == 5
    assert found.named_removed(0) == {"offer": "o2", "channel": "c1"}
    assert found.removed_by.tolist() == [1]


def test_what_has_no_target_is_not_sent():
    found = allowed(experiment(OFFER, CHANNEL, targets=BOTH[:1]), DAY)
    assert {found.named(n)["channel"] for n in range(len(found))} == {"c0"}
    assert found.n_removed_by(NO_TARGET) == 3


def test_the_first_target_that_agrees_is_used():
    targets = (Target(id="special", when={"offer": "o1"}), Target(id="rest"))
    e = experiment(OFFER, targets=targets)
    found = allowed(e, DAY)
    chosen = [e.targets[t].id for t in found.targets]
    assert chosen == ["rest", "special", "rest"]
    assert chosen == [e.target_for(found.named(n)).id for n in range(3)]


def test_costs_of_a_message_add_up():
    dear = Option(key="o9", label="Dear", value="x", cost=2.5)
    offer = OFFER.model_copy(update={"options": (OFFER.options[0], dear)})
    assert allowed(experiment(offer), DAY).costs.tolist() == [0.0, 2.5]


def test_a_grid_nobody_can_go_through_is_refused():
    wide = [dimension(f"{letter}", *range(60)) for letter in "abcd"]
    with pytest.raises(ExperimentError, match="too many"):
        allowed(experiment(*wide), DAY)


def test_people_get_only_what_the_rules_and_their_consent_allow():
    e = experiment(OFFER, CHANNEL, rules=(NEEDS,), targets=BOTH)
    found = allowed(e, DAY)
    table = pa.table({"attr:tenure": pa.array([24.0, 12.0, None])})
    consent = {Channel.EMAIL: np.array([1, 1, 0], bool), Channel.SMS: np.array([0, 1, 1], bool)}
    may = eligible(found, e, table, consent)
    names = [found.named(n) for n in range(len(found))]
    mail = [n["channel"] == "c0" for n in names]
    dear = [n["offer"] == "o2" for n in names]
    assert may[0].tolist() == mail
    assert may[1].tolist() == [not d for d in dear]
    assert may[2].tolist() == [not m and not d for m, d in zip(mail, dear, strict=True)]


def test_it_can_be_said_why_a_person_does_not_get_a_combination():
    e = experiment(OFFER, CHANNEL, rules=(NEEDS,), targets=BOTH)
    found = allowed(e, DAY)
    verdict = judge(found, e, pa.table({"attr:tenure": [3.0]}), everybody(1, Channel.EMAIL))
    dear_by_text = found.index({"offer": "o2", "channel": "c1"})
    failed = verdict.failed(0, dear_by_text)
    assert [(c.rule, c.channel) for c in failed] == [(None, Channel.SMS), (0, None)]
    assert verdict.failed(0, found.index({"offer": "o0", "channel": "c0"})) == ()


def test_people_with_nothing_left_are_counted():
    e = experiment(OFFER)
    consent = {Channel.EMAIL: np.array([True, False, False])}
    verdict = judge(allowed(e, DAY), e, pa.table({"person": [1, 2, 3]}), consent)
    assert verdict.none_left().tolist() == [False, True, True]
    assert verdict.n_eligible().tolist() == [3, 0, 0]
    assert verdict.n_kept_out(0) == 2


def test_nobody_at_all_is_not_a_special_case():
    e = experiment(OFFER)
    assert eligible(allowed(e, DAY), e, pa.table({"person": []}), {}).shape == (0, 3)


def test_a_rule_on_data_that_are_not_there_stops_everything():
    e = experiment(OFFER, rules=(NEEDS,))
    with pytest.raises(DataError, match="tenure"):
        eligible(allowed(e, DAY), e, pa.table({"person": [1]}), everybody(1, Channel.EMAIL))


@pytest.mark.parametrize(
    ("comparison", "value", "expected"),
    [
        ("is", "Gold", [True, False, False]),
        ("is_not", "gold", [False, True, False]),
        ("known", None, [True, True, False]),
        ("above", 3, [False, False, False]),
    ],
)
def test_unknown_meets_no_condition_and_case_does_not_matter(comparison, value, expected):
    rule = OptionNeeds(
        dimension="offer", option="o0", attribute="tier", comparison=comparison, value=value
    )
    e = experiment(OFFER, rules=(rule,))
    table = pa.table({"attr:tier": ["gold ", "silver", None]})
    may = eligible(allowed(e, DAY), e, table, everybody(3, Channel.EMAIL))
    assert may[:, 0].tolist() == expected


@pytest.mark.parametrize("value", [True, "yes", "true"])
def test_yes_and_true_mean_the_same(value):
    rule = OptionNeeds(
        dimension="offer", option="o0", attribute="app", comparison="is", value=value
    )
    e = experiment(OFFER, rules=(rule,))
    table = pa.table({"attr:app": pa.array([True, False, None])})
    may = eligible(allowed(e, DAY), e, table, everybody(3, Channel.EMAIL))
    assert may[:, 0].tolist() == [True, False, False]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_fast_way_agrees_with_checking_one_by_one(data):
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    dimensions = [dimension(letter, *range(n)) for letter, n in zip("abc", sizes, strict=False)]
    option = st.sampled_from([(d.key, o.key) for d in dimensions for o in d.options])
    excluded = data.draw(st.lists(st.lists(option, min_size=2, max_size=3).map(dict), max_size=3))
    needs = data.draw(st.lists(st.tuples(option, st.integers(0, 5)), max_size=3))
    rules = [Exclude(when=when) for when in excluded if len(when) > 1] + [
        OptionNeeds(dimension=d, option=o, attribute="x", comparison="above", value=v)
        for (d, o), v in needs
    ]
    values = data.draw(st.lists(st.one_of(st.none(), st.floats(0, 6)), min_size=1, max_size=8))
    e = experiment(*dimensions, rules=tuple(rules))
    found = allowed(e, DAY)
    may = eligible(
        found,
        e,
        pa.table({"attr:x": pa.array(values, pa.float64())}),
        everybody(len(values), Channel.EMAIL),
    )
    for cell in product(*(d.options for d in dimensions)):
        combination = {d.key: o.key for d, o in zip(dimensions, cell, strict=True)}
        gone = any(isinstance(r, Exclude) and r.when.items() <= combination.items() for r in rules)
        at = found.index(combination)
        assert (at is None) == gone
        for person, value in enumerate(values):
            if at is not None:
                assert may[person, at] == all(
                    value is not None and value > r.value
                    for r in rules
                    if isinstance(r, OptionNeeds) and combination[r.dimension] == r.option
                )


def test_triggers_carry_values_under_the_property_that_was_named():
    e = experiment(OFFER.model_copy(update={"property": "deal"}), CHANNEL)
    assert trigger_properties(e, {"offer": "o1", "channel": "c0"}) == {
        "deal": "10%",
        "channel": "email",
    }


FREQUENCY = dimension("frequency", 7, 2, 1, kind="frequency")
WEEKDAY = dimension("weekday", [5, 2], [1], [3, 6], kind="weekday")


def keys(*dimensions):
    return [c.key for c in cadences(experiment(OFFER, *dimensions))]


def test_frequency_goes_with_weekdays_that_name_as_many_days():
    assert keys(FREQUENCY, WEEKDAY) == ["daily", "twice:2,5", "twice:3,6", "weekly:1"]


def test_either_of_the_two_dimensions_makes_a_rhythm_alone():
    assert keys(FREQUENCY) == ["daily", "twice:2,5", "weekly:2"]
    assert keys(WEEKDAY) == ["twice:2,5", "weekly:1", "twice:3,6"]
    assert keys() == ["daily"]


def test_a_rhythm_can_be_read_back_from_its_key():
    for found in cadences(experiment(OFFER, FREQUENCY, WEEKDAY)):
        assert weekdays_of(found.key) == found.weekdays


def test_a_rule_can_keep_a_rhythm_from_people():
    rule = OptionNeeds(
        dimension="frequency", option="f0", attribute="tier", comparison="is", value="gold"
    )
    e = experiment(OFFER, FREQUENCY, rules=(rule,))
    may = eligible_cadences(cadences(e), e, pa.table({"attr:tier": ["gold", None]}))
    assert may.tolist() == [[True, True, True], [False, True, True]]
