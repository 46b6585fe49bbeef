"""A draft is told what is wrong with it, at the step where it can be put right."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime

import pytest

from services.database import schema
from services.database.engine import Database
from services.errors import ExperimentError
from services.experiment.catalogue.model import Catalogue
from services.experiment.catalogue.store import load_catalogue
from services.experiment.drafts import blank_document, read_draft
from services.experiment.problem import Step
from services.experiment.validation import complete, problems

MAIL = {"channel": "email", "name": "Variant 1", "subject": "S", "body": "<p>B</p>"}
LIVE = {
    "name": "Offers",
    "enabled": True,
    "archived": False,
    "draft": False,
    "schedule_type": "api_triggered",
    "messages": {"v1": MAIL},
}


def options(*values, kind="custom", key="offer"):
    rows = [
        {"key": f"{key[0]}{n}", "label": f"{key} {n}", "value": v} for n, v in enumerate(values)
    ]
    return {"key": key, "kind": kind, "label": key.title(), "options": rows}


def document(**changes):
    made = blank_document("Offers") | {
        "audience": {"segment_ids": ["s"], "attributes": ["tenure"]},
        "metric": {"kind": "conversion", "sources": [{"kind": "event", "name": "order"}]},
        "dimensions": [options("", "10%", kind="offer"), options(9, 18, kind="hour", key="hour")],
        "targets": [{"id": "c"}],
    }
    return copy.deepcopy(made) | changes


def said(doc, catalogue=None, *, blocking=True, **more):
    found = problems(doc, catalogue, **more)
    return [str(p.what) for p in found if p.blocking == blocking]


def braze(**changes):
    return Catalogue(segments={"s": {}}, campaigns={"c": LIVE | changes})


def test_a_finished_draft_has_no_problems():
    assert problems(document(), braze(), day=date(2026, 11, 2)) == []


def test_a_draft_from_nothing_says_what_each_step_lacks():
    blocking = {p.step for p in problems(blank_document()) if p.blocking}
    assert blocking == set(Step)


def test_steps_come_in_order_and_blocking_problems_first():
    found = problems(blank_document())
    order = [(list(Step).index(p.step), not p.blocking) for p in found]
    assert order == sorted(order)


BOTH_CHANNELS = options("email", "sms", kind="channel", key="channel")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"groups": {"personalised": 0.8, "random": 0.1, "holdout": 0.2}}, "add up to 110%"),
        ({"groups": {"personalised": 0.9, "random": 0.1, "holdout": 0}}, "nobody in it"),
        ({"groups": {"personalised": 0.7, "usual": 0.1}}, "“as usual” has no combination"),
        (
            {"groups": {"personalised": 0.7, "usual": 0.1, "usual_combination": {"offer": "o0"}}},
            "“As usual” leaves open: Hour",
        ),
        ({"audience": {"segment_ids": ["s"], "attributes": ["Email"]}}, "personal data"),
        ({"zone": "Mars/Olympus"}, "not a time zone"),
        ({"metric": {"kind": "conversion", "sources": [{"kind": "event"}]}}, "lacks the name"),
        (
            {"metric": {"kind": "custom", "sources": [{"kind": "attribute", "name": "score"}]}},
            "not an agreed attribute",
        ),
        ({"dimensions": [options("a", "b"), options("a", "c")]}, "have the key “offer”"),
        ({"dimensions": [options("a", None)]}, "would get no value"),
        ({"dimensions": [options(9, 24, kind="hour", key="hour")]}, "from 0 to 23"),
        (
            {"dimensions": [options("a", "b"), options(3, kind="frequency", key="often")]},
            "daily (7)",
        ),
        ({"dimensions": [options("fax", kind="channel", key="channel")]}, "email, SMS or push"),
        ({"dimensions": [options(*range(50), key=k) for k in ("a", "b")]}, "2,500 combinations"),
        ({"dimensions": [options(7, 1, kind="frequency", key="often")]}, "Only the rhythm varies"),
        ({"rules": [{"kind": "exclude", "when": {"offer": "o9", "hour": "h0"}}]}, "not an option"),
        ({"rules": [{"kind": "exclude", "when": {"colour": "r", "hour": "h0"}}]}, "“colour”"),
        ({"rules": [{"kind": "quiet_days", "weekdays": [1, 2, 3, 4, 5, 6, 7]}]}, "All seven days"),
        ({"rules": [{"kind": "daily_cap"}]}, "daily limit has no number"),
        (
            {
                "rules": [
                    {
                        "kind": "option_needs",
                        "dimension": "offer",
                        "option": "o1",
                        "attribute": "tier",
                        "comparison": "above",
                        "value": "much",
                    }
                ]
            },
            "not an agreed attribute",
        ),
        ({"targets": []}, "No campaign or Canvas"),
        ({"targets": [{"id": "c", "when": {"offer": "o0"}}]}, "2 combinations have no campaign"),
        ({"dimensions": [BOTH_CHANNELS]}, "sent by a target of the channel email"),
        ({"dimensions": [BOTH_CHANNELS]}, "SMS needs consent"),
        ({"targets": [{"id": "c", "channel": "sms"}]}, "SMS needs consent"),
        ({"name": "  "}, "no name"),
        ({"planned_weeks": 99}, "“planned_weeks” is too large"),
        ({"nonsense": 1}, "“nonsense” is not known"),
    ],
)
def test_each_mistake_is_named(changes, expected):
    found = said(document(**changes))
    assert any(expected in sentence for sentence in found), found


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"messages": {"v1": MAIL, "v2": {"channel": "email", "type": "control"}}},
            "control group",
        ),
        ({"messages": {"v1": MAIL, "v2": MAIL}}, "has 2 messages"),
        ({"messages": {}}, "has no message"),
        ({"messages": {"v1": {"channel": "sms", "body": "x"}}}, "channel email"),
        ({"enabled": False}, "stopped in Braze"),
        ({"archived": True}, "archived"),
        ({"draft": True}, "still a draft"),
        ({"schedule_type": "time_based"}, "cannot be triggered"),
        ({"is_api_campaign": True}, "cannot be triggered"),
    ],
)
def test_a_campaign_that_cannot_be_a_target_is_refused(changes, expected):
    found = said(document(), braze(**changes))
    assert len(found) == 1
    assert expected in found[0]


def test_a_canvas_with_a_way_in_that_sends_nothing_has_a_control_group():
    canvas = {
        "name": "Journey",
        "enabled": True,
        "variants": [{"id": "a", "first_step_ids": ["1"]}, {"id": "b", "first_step_ids": []}],
        "steps": [{"id": "1", "messages": {"m": MAIL}}],
    }
    catalogue = Catalogue(segments={"s": {}}, canvases={"c": canvas})
    found = said(document(targets=[{"id": "c", "kind": "canvas"}]), catalogue)
    assert [s for s in found if "control group" in s]


def test_an_api_campaign_needs_what_it_sends_and_the_variation_it_counts_under():
    api = {**LIVE, "is_api_campaign": True}
    sent = {"template_id": "t", "sender": "a@x.example", "app_id": "app"}
    target = {"id": "c", "kind": "api_campaign"} | sent
    catalogue = Catalogue(segments={"s": {}}, campaigns={"c": api})
    assert "needs one of its message variations" in said(document(targets=[target]), catalogue)[0]
    assert said(document(targets=[target | {"variation_id": "v1"}]), catalogue) == []
    for part in sent:
        found = said(document(targets=[target | {"variation_id": "v1", part: None}]), catalogue)
        assert "not set up completely" in found[0]


def test_what_braze_no_longer_knows_is_named():
    found = said(document(), Catalogue())
    assert any("segment no longer exists" in s for s in found)
    assert any("campaign or Canvas no longer exists" in s for s in found)


def test_a_rule_that_rules_out_everything_is_refused_by_its_sentence():
    doc = document(
        dimensions=[options("a", key="offer"), options(9, kind="hour", key="hour")],
        rules=[{"kind": "exclude", "when": {"offer": "o0", "hour": "h0"}}],
    )
    assert "Never together: offer 0 and hour 0." in said(doc)[0]


def test_an_option_the_rules_never_allow_is_pointed_out_but_blocks_nothing():
    rules = [{"kind": "exclude", "when": {"offer": "o0", "hour": h}} for h in ("h0", "h1")]
    assert said(document(rules=rules)) == []
    assert "The rules never allow “offer 0”." in said(document(rules=rules), blocking=False)


def test_two_options_that_hardly_differ_are_pointed_out():
    subjects = options("Your next cup has a surprise", "Your next cup has a surprise!", "Hello")
    found = said(document(dimensions=[subjects]), blocking=False)
    assert found == ["“offer 0” and “offer 1” are too alike to tell apart."]


def test_a_dimension_without_an_active_option_is_found_before_the_day_comes():
    ended = options("a", "b")
    for option in ended["options"]:
        option["active_to"] = "2026-11-01"
    found = said(document(dimensions=[ended]), day=date(2026, 11, 2))
    assert any("no option that is active" in s for s in found)


def test_one_wrong_number_does_not_hide_the_rest():
    reading = read_draft(document(planned_weeks="many"))
    assert [u.place for u in reading.unreadable] == [("planned_weeks",)]
    assert len(reading.experiment.dimensions) == 2


def test_a_finished_draft_becomes_the_experiment_it_describes():
    made = complete(document(), "e", 3, "s" * 32)
    assert (made.id, made.version, made.name) == ("e", 3, "Offers")
    with pytest.raises(ExperimentError, match="No campaign or Canvas"):
        complete(document(targets=[]), "e", 1, "s" * 32)


def test_the_catalogue_is_read_as_the_worker_left_it(tmp_path):
    database = Database.temporary(tmp_path / "state.sqlite")
    assert load_catalogue(database) is None
    at = datetime(2026, 11, 2, tzinfo=UTC)
    with database.write() as connection:
        for kind, id, body in (("segment", "s", {}), ("campaign", "c", LIVE)):
            connection.execute(
                schema.catalogue.insert().values(
                    kind=kind, id=id, name=id, document=body, refreshed_at=at.timestamp()
                )
            )
    found = load_catalogue(database)
    database.close()
    assert found.refreshed_at == at
    assert problems(document(), found) == []
