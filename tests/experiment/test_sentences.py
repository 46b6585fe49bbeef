"""Rules and experiments read aloud."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import TypeAdapter

from services.experiment.model import Rule
from services.experiment.sentences import experiment_sentences, rule_sentence
from services.experiment.use_cases import USE_CASES, starting_document, use_case_name
from services.experiment.validation import complete


def winback():
    document = starting_document("winback")
    document["audience"]["segment_ids"] = ["s"]
    document["targets"] = [
        {"when": {"channel": c}, "id": c, "channel": c} for c in ("email", "sms")
    ]
    return complete(document, "e", 1, "s" * 32)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"kind": "at_most", "messages": 2, "days": 7}, "At most 2 messages a week to one person."),
        ({"kind": "at_most", "messages": 1, "days": 7}, "At most 1 message a week to one person."),
        (
            {"kind": "at_most", "messages": 5, "days": 30},
            "At most 5 messages in 30 days to one person.",
        ),
        ({"kind": "quiet_days", "weekdays": [7]}, "Nothing is sent on Sunday."),
        (
            {"kind": "quiet_days", "weekdays": [7, 5, 6]},
            "Nothing is sent on Friday, Saturday and Sunday.",
        ),
        (
            {"kind": "exclude", "when": {"channel": "sms", "offer": "half_price"}},
            "Never send Half price for two months by SMS.",
        ),
        ({"kind": "daily_cap", "money": 500}, "At most 500 USD a day."),
        ({"kind": "daily_cap", "messages": 1000}, "At most 1,000 messages a day."),
        (
            {
                "kind": "option_needs",
                "dimension": "offer",
                "option": "week_free",
                "attribute": "tenure_months",
                "comparison": "above",
                "value": 12,
            },
            "One week free only for people whose tenure_months is above 12.",
        ),
    ],
)
def test_a_rule_is_one_sentence(rule, sentence):
    assert str(rule_sentence(TypeAdapter(Rule).validate_python(rule), winback())) == sentence


def test_the_paragraph_says_who_gets_what_how_often_and_who_gets_nothing():
    said = " ".join(
        str(s)
        for s in experiment_sentences(
            winback(), n_people=12_345, first_day=date(2026, 11, 3), segment_names={"s": "Gone"}
        )
    )
    for part in (
        "From 2026-11-03 on",
        "12,345 people are in it: Gone.",
        "between 1 and 7 messages a week",
        "What varies: Offer, Message, Creative, Subject line, Channel, How often and Send hour.",
        "more returns within 7 days of a message",
        "80% get what is chosen for them.",
        "10% get nothing",
        "for 12 weeks",
    ):
        assert part in said


def test_an_experiment_nobody_knows_anything_about_still_has_a_paragraph():
    bare = winback().model_copy(update={"dimensions": (), "audience": winback().audience})
    assert all("None" not in str(s) for s in experiment_sentences(bare))


def test_every_use_case_has_a_name_a_goal_and_what_it_replaces():
    assert len(USE_CASES) == 7
    for use_case in USE_CASES:
        assert use_case_name(use_case.key) == use_case.name
        assert str(use_case.goal).endswith(".")
        assert str(use_case.replaces).endswith(".")
        assert str(use_case.audience_hint).endswith(".")
