"""Canvases with variants, a split and a control group; lists that hide what is archived."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_wire import Wire

DAY_S = 86_400


def enter(wire: Wire, people: list[str], canvas: str = "two_journeys") -> None:
    for start in range(0, len(people), 50):
        recipients = [{"external_user_id": p} for p in people[start : start + 50]]
        body = {"canvas_id": wire.canvas(canvas), "recipients": recipients}
        assert wire.post("/canvas/trigger/send", body).status_code == 201


def asked(wire: Wire, path: str, **more: Any) -> dict[str, Any]:
    query = {
        "canvas_id": wire.canvas("two_journeys"),
        "length": 14,
        "ending_at": wire.client.get("/_sandbox/clock").json()["now"],
        "include_variant_breakdown": "true",
        "include_step_breakdown": "true",
        **more,
    }
    return wire.get(path, **query).json()["data"]


def details(wire: Wire, canvas: str) -> dict[str, Any]:
    return wire.get("/canvas/details", canvas_id=wire.canvas(canvas)).json()


def test_the_paths_of_a_canvas_lead_from_each_variant_to_every_step(shared: Wire):
    canvas = details(shared, "two_journeys")
    first, second, control = canvas["variants"]
    assert control == {"name": "Control Group", "id": control["id"], "first_step_ids": []}
    steps = {step["id"]: step for step in canvas["steps"]}
    entry = steps[first["first_step_id"]]
    split = steps[entry["next_paths"][0]["next_step_id"]]
    assert (split["type"], split["messages"]) == ("decision_split", {})
    ends = {path["name"]: steps[path["next_step_id"]]["name"] for path in split["next_paths"]}
    assert ends == {"Yes": "In the app", "No": "By email"}
    assert steps[second["first_step_id"]]["next_paths"] == []
    assert canvas["channels"] == ["email", "ios_push"]


def test_people_enter_one_variant_or_the_control_group_and_follow_the_split(wire: Wire):
    people = wire.reachable(200)
    enter(wire, people)
    wire.control("clock", advance_s=2 * DAY_S + 1)
    series = asked(wire, "/canvas/data_series")["stats"]
    entered = {
        v["name"]: sum(day["variant_stats"][i]["entries"] for day in series)
        for i, v in series[-1]["variant_stats"].items()
    }
    assert sum(entered.values()) == 200
    assert 5 <= entered["Control Group"] <= 40
    assert sum(day["total_stats"]["entries"] for day in series) == 200
    sent = {
        step["name"]: sum(
            entry["sent"]
            for day in series
            for entries in day["step_stats"][i]["messages"].values()
            for entry in entries
        )
        for i, step in series[-1]["step_stats"].items()
    }
    assert sent["First word"] == entered["Variant 1"]
    assert sent["Short word"] == entered["Variant 2"]
    assert sent["In the app"] > 0
    assert sent["By email"] > 0
    assert sent["In the app"] + sent["By email"] <= entered["Variant 1"]


def test_a_profile_shows_the_variant_entered_and_the_control_group_received_nothing(wire: Wire):
    people = wire.reachable(50)
    enter(wire, people)
    received = [
        p["canvases_received"][0] for p in wire.profiles(people, "canvases_received").values()
    ]
    assert {c["variation_name"] for c in received} == {"Variant 1", "Variant 2", "Control Group"}
    for canvas in received:
        control = canvas["variation_name"] == "Control Group"
        assert canvas["in_control"] is control
        assert bool(canvas["steps_received"]) is not control
        assert ("last_received_message" in canvas) is not control
        assert (canvas["last_entered_control_at"] is not None) is control


def test_the_summary_is_the_sum_of_the_series(wire: Wire):
    enter(wire, wire.reachable(200))
    wire.control("clock", advance_s=5 * DAY_S)
    days = asked(wire, "/canvas/data_series")["stats"]
    summary = asked(wire, "/canvas/data_summary")
    assert summary["name"] == "Two journeys"
    for name, value in summary["total_stats"].items():
        assert value == pytest.approx(sum(day["total_stats"][name] for day in days))
    assert summary["total_stats"]["conversions"] > 0
    for i, variant in summary["variant_stats"].items():
        assert "conversions_by_entry_time" not in variant
        assert variant["entries"] == sum(day["variant_stats"][i]["entries"] for day in days)
    plain = asked(
        wire,
        "/canvas/data_summary",
        include_variant_breakdown="false",
        include_step_breakdown="false",
    )
    assert set(plain) == {"name", "total_stats"}


def test_a_span_may_be_given_by_its_start_and_has_at_most_fourteen_days(shared: Wire):
    canvas, end = shared.canvas("moment"), "2026-03-02T00:00:00Z"

    def answer(path: str, **query: object):
        return shared.get(path, canvas_id=canvas, ending_at=end, **query)

    for path in ("/canvas/data_series", "/canvas/data_summary"):
        assert answer(path, starting_at="2026-02-20T00:00:00-5:00").status_code == 200
        assert answer(path, starting_at="2026-01-20T00:00:00Z").status_code == 400
        assert answer(path, length=15).status_code == 400
        assert answer(path).json()["message"] == "starting_at or length is required"
    both = answer("/canvas/data_series", starting_at="2026-02-27", length=3).json()
    assert len(both["data"]["stats"]) == 4


@pytest.mark.parametrize(
    ("path", "field", "archived"),
    [
        ("/campaigns/list", "campaigns", "Opening of the first house (archived)"),
        ("/canvas/list", "canvases", "First journey (archived)"),
    ],
)
def test_lists_hide_the_archived_and_keep_drafts_and_stopped_ones(
    shared: Wire, path: str, field: str, archived: str
):
    def names(**query: object) -> list[str]:
        return [item["name"] for item in shared.get(path, **query).json()[field]]

    assert archived not in names()
    assert set(names(include_archived="true")) == {*names(), archived}
    assert any("(paused)" in name for name in names())
    assert names(sort_direction="desc") == names()[::-1]
    newest = shared.get(path).json()[field][-1]
    edited = newest["last_edited"]
    assert names(**{"last_edit.time[gt]": edited.replace("+00:00", "")}) == []
    assert names(**{"last_edit.time[gt]": edited[:10]}) == [newest["name"]]
    assert shared.get(path, **{"last_edit.time[gt]": "lately"}).status_code == 400


def test_details_tell_drafts_archived_and_surveys_apart(shared: Wire):
    def of(name: str) -> dict[str, Any]:
        return shared.get("/campaigns/details", campaign_id=shared.campaign(name)).json()

    survey, old = of("survey_draft"), of("old_text")
    assert (survey["draft"], survey["enabled"], survey["archived"]) == (True, False, False)
    assert (old["draft"], old["archived"]) == (False, True)
    pages = next(iter(survey["messages"].values()))["data"]["pages"]
    assert [choice["text"] for choice in pages[0]["choices"]] == ["Good", "Bad"]
    assert details(shared, "old_journey")["archived"] is True
    assert details(shared, "paused_journey")["enabled"] is False
