"""Rules on amounts: read aloud, checked, and without effect on documents that have none."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from services.experiment.combinations import allowed, judge
from services.experiment.drafts import blank_document
from services.experiment.model import Experiment
from services.experiment.none_left import usual_for, without_option
from services.experiment.sentences import experiment_sentences, rule_sentence
from services.experiment.validation import problems

# Worked out before there were rules on amounts: approvals and decisions refer to it.
HASH_OF_AN_OLD_DOCUMENT = "985e1db3f2d11ffd8ffb9c312a359397072a9ed7c7b30f996ed1d6c2b3c161c9"
OFFERS = {
    "key": "offer",
    "kind": "offer",
    "label": "Offer",
    "options": [
        {"key": "none", "label": "No offer", "value": ""},
        {"key": "fifth", "label": "20% off", "value": "20", "cost": 1.5},
    ],
}
HOURS = {
    "key": "hour",
    "kind": "hour",
    "label": "Hour",
    "options": [{"key": f"h{h}", "label": f"{h}:00", "value": h} for h in (9, 18)],
}


def experiment(*rules: dict[str, object], **changes: object) -> Experiment:
    document = {
        "id": "e",
        "version": 1,
        "name": "Offers",
        "salt": "s" * 32,
        "metric": {"kind": "conversion", "noun": "orders", "sources": [{"kind": "event"}]},
        "dimensions": [OFFERS, HOURS],
        "targets": [{"id": "c"}],
        "rules": list(rules),
    }
    return Experiment.model_validate(document | changes)


def said(*rules: dict[str, object], blocking: bool = True, **changes: object) -> list[str]:
    made = blank_document("Offers") | {
        "audience": {"segment_ids": ["s"], "attributes": ["tenure"]},
        "metric": {"kind": "conversion", "sources": [{"kind": "event", "name": "order"}]},
        "dimensions": [OFFERS, HOURS],
        "targets": [{"id": "c"}],
        "rules": list(rules),
    }
    return [str(p.what) for p in problems(made | changes) if p.blocking == blocking]


def cap(share: float, option: str = "fifth", kind: str = "share_cap") -> dict[str, object]:
    return {"kind": kind, "dimension": "offer", "option": option, "share": share}


def test_documents_from_before_hash_as_they_did():
    old = Experiment.model_validate(
        {
            "id": "e",
            "version": 1,
            "name": "Offers",
            "salt": "s" * 32,
            "dimensions": [
                {
                    "key": "offer",
                    "kind": "offer",
                    "label": "Offer",
                    "options": [
                        {"key": "a", "label": "A", "value": "a"},
                        {"key": "b", "label": "B", "value": "b", "cost": 1.5},
                    ],
                }
            ],
            "rules": [
                {"kind": "exclude", "when": {"offer": "a", "hour": "h"}},
                {"kind": "daily_cap", "money": 5},
                {"kind": "minimum_gap", "hours": 12},
            ],
        }
    )
    assert old.configuration_hash() == HASH_OF_AN_OLD_DOCUMENT


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (cap(0.2), "20% off for at most 20% of a day's people."),
        (
            cap(0.025, kind="least_share"),
            "20% off with a chance of at least 2.5% for everybody who may get it.",
        ),
        (
            {"kind": "budget", "money": 10000},
            "At most 10,000 USD in all, spread over the planned days.",
        ),
        ({"kind": "net_of_cost"}, "What an option costs is taken off the money it brings."),
        (
            {"kind": "net_of_cost", "worth": 30},
            "What an option costs is taken off what it brings: orders count as 30 USD each.",
        ),
        ({"kind": "none_left"}, "Whoever has no option left gets it as usual."),
        ({"kind": "none_left", "then": "nothing"}, "Whoever has no option left gets nothing."),
    ],
)
def test_a_rule_on_amounts_is_one_sentence_and_stands_in_what_is_approved(rule, sentence):
    found = experiment(rule)
    assert str(rule_sentence(found.rules[0], found)) == sentence
    assert sentence in [str(s) for s in experiment_sentences(found)]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([cap(0.3), cap(0.6, "none")], "add up to 90%"),
        ([cap(0.2), cap(0.3)], "Two rules say different things"),
        ([cap(0.2), cap(0.3, kind="least_share")], "least share above its highest"),
        (
            [cap(0.25, kind="least_share"), cap(0.25, "none", kind="least_share")],
            "add up to 50%, more than 45%",
        ),
        ([cap(0.2, "gone")], "not an option of"),
        ([{"kind": "net_of_cost"}], "metric that is not money"),
        ([{"kind": "none_left"}], "Nothing is set up to be sent as usual"),
        ([{"kind": "budget", "money": 1}, {"kind": "budget", "money": 2}], "Two rules"),
    ],
)
def test_rules_that_cannot_be_kept_are_named(rules, expected):
    found = said(*rules)
    assert any(expected in sentence for sentence in found), found


def test_rules_that_can_be_kept_are_not_complained_about():
    rules = [cap(0.2), cap(0.05, kind="least_share"), {"kind": "budget", "money": 100}]
    rules += [{"kind": "net_of_cost", "worth": 10}, {"kind": "none_left", "then": "nothing"}]
    assert said(*rules) == said(*rules, blocking=False) == []


def test_the_rhythm_has_no_shares():
    often = {
        "key": "often",
        "kind": "frequency",
        "label": "How often",
        "options": [{"key": k, "label": k, "value": v} for k, v in (("daily", 7), ("weekly", 1))],
    }
    rule = {"kind": "share_cap", "dimension": "often", "option": "daily", "share": 0.5}
    found = said(rule, dimensions=[OFFERS, often])
    assert any("cannot have shares" in sentence for sentence in found)


def test_a_money_rule_without_a_cost_is_pointed_out_but_does_not_block():
    found = said({"kind": "budget", "money": 100}, dimensions=[HOURS], blocking=False)
    assert any("no option costs anything" in sentence for sentence in found)


NEEDS = [
    {
        "kind": "option_needs",
        "dimension": "offer",
        "option": option,
        "attribute": "tenure",
        "comparison": "above",
        "value": limit,
    }
    for option, limit in (("none", 3), ("fifth", 12))
]
PEOPLE = pa.table({"attr:tenure": [1.0, 5.0, 20.0, None, 2.0]})
AGREED = np.array([True, True, True, True, False])


def judged(found: Experiment):
    combinations = allowed(found, None)
    return combinations, judge(combinations, found, PEOPLE, {"email": AGREED})


def test_people_without_an_option_are_counted_by_their_reasons():
    found = experiment(*NEEDS)
    groups = without_option(found, judged(found)[1])
    told = [(one.n, [str(w) for w in one.why]) for one in groups]
    rules = [str(rule_sentence(rule, found)) for rule in found.rules]
    assert told == [(2, rules), (1, ["No consent for email.", *rules])]


def test_they_get_it_as_usual_where_that_is_chosen_but_never_without_consent():
    usual = {"usual_combination": {"offer": "none", "hour": "h18"}}
    found = experiment(*NEEDS, {"kind": "none_left"}, groups=usual)
    combinations, judgement = judged(found)
    instead = usual_for(found, combinations, judgement)
    at = combinations.index(usual["usual_combination"])
    assert np.flatnonzero(instead.any(axis=1)).tolist() == [0, 3]
    assert instead[[0, 3], at].all()
    assert instead.sum() == 2
    otherwise = experiment(*NEEDS, groups=usual)
    assert not usual_for(otherwise, *judged(otherwise)).any()
