"""Each path: what is asked, what is understood, and what absent or odd fields come to."""

from __future__ import annotations

from datetime import date

import pytest

from services.braze.campaigns import campaign_details, campaign_series, list_campaigns
from services.braze.canvases import canvas_series
from services.braze.permissions import STEPS, Result, check_permissions
from services.braze.segments import list_segments, segment_series
from services.braze.sending import (
    ApiMessage,
    Recipient,
    campaign_body,
    canvas_body,
    messages_body,
    trigger_campaign,
)
from services.braze.templates import create_template, list_templates
from services.braze.track import Attributes, track_users
from services.errors import BrazeBroken, DataError, Queued, Rejected

OK = {"message": "success"}


def test_pages_are_read_until_one_is_not_full(line):
    full = [{"id": f"c{i}", "name": None, "tags": [None, "a"]} for i in range(100)]
    line.says(200, {"campaigns": full, **OK})
    line.says(200, {"campaigns": [{"id": "last"}], **OK})
    found = list(list_campaigns(line.client()))
    assert (len(found), found[0].name, found[0].tags) == (101, "", ("a",))
    assert line.targets() == ["/campaigns/list?page=0", "/campaigns/list?page=1"]


@pytest.mark.parametrize("body", [{"segments": [{}]}, {"segments": [7]}, {"segments": {"a": 1}}])
def test_a_list_that_is_none_is_an_error_and_not_a_crash(line, body):
    line.says_always(200, {**body, **OK})
    with pytest.raises(BrazeBroken):
        list(list_segments(line.client()))


def test_a_segment_without_tracking_has_no_sizes(line):
    line.says(200, OK)
    assert segment_series(line.client(), "s", 30) == []


def test_a_braze_control_group_is_seen(line):
    line.says(200, {"messages": {"a": {"channel": "email"}, "b": {"type": "control"}}, **OK})
    details = campaign_details(line.client(), "c")
    assert details.has_control_group
    assert list(details.variations) == ["a"]
    assert not details.live


def test_long_series_are_stitched_without_gaps_or_doubles(line):
    first, last = date(2026, 1, 1), date(2026, 5, 15)
    days = [date.fromordinal(o).isoformat() for o in range(first.toordinal(), last.toordinal() + 1)]
    line.says_always(200, {"data": [{"time": d, "unique_recipients": 1} for d in days], **OK})
    rows = campaign_series(line.client(), "c", first, last)
    assert [r.day.isoformat() for r in rows] == days
    assert [t.split("length=")[1].split("&")[0] for t in line.targets()] == ["100", "37"]


def test_canvas_series_are_asked_for_in_spans_of_fourteen_days(line):
    stats = {
        "time": "2026-02-02",
        "total_stats": {"revenue": 80.0, "entries": 120},
        "variant_stats": {"v": {"name": "Variant 1", "entries": 120}},
        "step_stats": {
            "s": {"name": "Welcome", "messages": {"email": [{"sent": 118, "name": None}]}}
        },
    }
    line.says_always(200, {"data": {"name": "x", "stats": [stats]}, **OK})
    rows = canvas_series(line.client(), "c", date(2026, 1, 25), date(2026, 2, 19))
    assert [t.split("length=")[1].split("&")[0] for t in line.targets()] == ["14", "14"]
    assert {(r.counter, r.value, r.variation_id, r.step, r.channel) for r in rows} == {
        ("revenue", 80.0, "", "", ""),
        ("entries", 120.0, "", "", ""),
        ("entries", 120.0, "v", "", ""),
        ("sent", 118.0, "", "Welcome", "email"),
    }


def test_every_counter_is_kept_under_its_own_name(line):
    entry = {
        "time": "2026-02-02",
        "conversions": 9,
        "messages": {
            "email": [
                {"variation_api_id": "v", "variation_name": "A", "sent": 4, "machine_open": 1},
                {"variation_name": "Control Group", "enrolled": 2},
            ]
        },
    }
    line.says(200, {"data": [entry], **OK})
    day = date(2026, 2, 2)
    rows = campaign_series(line.client(), "c", day, day)
    assert {(r.channel, r.variation_name, r.counter, r.value) for r in rows} == {
        ("", "", "conversions", 9.0),
        ("email", "A", "sent", 4.0),
        ("email", "A", "machine_open", 1.0),
        ("email", "Control Group", "enrolled", 2.0),
    }


def test_bodies_name_their_people_and_can_address_nobody_else():
    people = [Recipient("a", {"offer": "x"}), Recipient("b")]
    message = ApiMessage("c", "v", "app", "Shop <shop@example.com>", "t")
    for body in (
        campaign_body("c", people),
        canvas_body("c", people),
        messages_body(message, ["a", "b"]),
    ):
        assert body["broadcast"] is False
        assert not {"audience", "segment_id", "attributes"} & body.keys()
    for recipient in campaign_body("c", people)["recipients"]:
        assert recipient["send_to_existing_only"] is True
        assert set(recipient) == {
            "external_user_id",
            "trigger_properties",
            "send_to_existing_only",
        }


@pytest.mark.parametrize("ids", [[], ["a", "a"], [""], [f"p{i}" for i in range(51)], ["x" * 988]])
def test_a_batch_that_must_not_go_out_has_no_body(ids):
    with pytest.raises(DataError):
        campaign_body("c", [Recipient(i) for i in ids])


def test_oversized_properties_are_refused():
    with pytest.raises(DataError):
        campaign_body("c", [Recipient("a", {"x": "y" * 60_000})])


def test_notices_and_errors_of_an_accepted_send_are_handed_on(line):
    line.says(
        201,
        {"dispatch_id": "d", "notice": "The campaign is paused.", "errors": ["x", {"t": 1}], **OK},
    )
    taken = trigger_campaign(line.client(), "c", [Recipient("a")], guard=lambda: None)
    assert (taken.notice, taken.partial, len(taken.errors)) == ("The campaign is paused.", True, 2)


def test_a_queued_send_is_neither_accepted_nor_refused(line):
    line.says(202, {"message": "queued"})
    with pytest.raises(Queued):
        trigger_campaign(line.client(), "c", [Recipient("a")], guard=lambda: None)


def test_only_custom_attributes_of_existing_people_are_written(line):
    line.says(201, {"attributes_processed": 1, "errors": [{"type": "x", "index": 1}], **OK})
    tracked = track_users(line.client(), [Attributes("a", {"next_offer": "x"})])
    assert (tracked.n_queued, len(tracked.errors)) == (1, 1)
    assert line.body()["attributes"] == [
        {"next_offer": "x", "external_id": "a", "_update_existing_only": True}
    ]
    for name in ("email", "external_id", "email_subscribe", "_update_existing_only", ""):
        with pytest.raises(DataError):
            track_users(line.client(), [Attributes("a", {name: "x"})])


def test_templates_are_paged_by_offset_and_made_once(line):
    line.says(200, {"count": 1, "templates": [{"email_template_id": "t", "template_name": None}]})
    assert [t.id for t in list_templates(line.client())] == ["t"]
    line.says(201, {"email_template_id": "n", **OK})
    assert create_template(line.client(), "N", "S", "<p>B</p>") == "n"
    assert line.body() == {"template_name": "N", "subject": "S", "body": "<p>B</p>"}


def test_the_doctor_names_what_is_missing_and_sends_nothing(line):
    line.says_always(403, {"message": "You do not have permission to access this resource"})
    found = check_permissions(line.client())
    assert {r.name for r in found} == set(STEPS)
    assert len(found) == 19
    assert all(r.result is Result.MISSING for r in found)


def test_a_refused_body_means_probably_and_a_deleting_key_is_one_right_too_many(line):
    line.says_always(400, {"message": "No Recipients"})
    results = {r.name: r.result for r in check_permissions(line.client())}
    assert results["campaigns.trigger.send"] is Result.PROBABLY
    assert results["users.delete"] is Result.EXCESS
    for n, target in enumerate(line.targets()):
        if target.endswith("/send"):
            assert line.body(n).get("recipients", []) == []
            assert line.body(n)["broadcast"] is False


def test_with_an_unknown_key_nothing_is_said_about_permissions(line):
    line.says_always(401, {"message": f"Invalid API key: {line.key}"})
    with pytest.raises(Rejected, match="does not know this key"):
        check_permissions(line.client())
