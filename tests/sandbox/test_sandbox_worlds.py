"""The three worlds: each tells a story, answers like a real workspace, and hides what it hides."""

from __future__ import annotations

import io
import random
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import orjson
import pytest
from sandbox_wire import START, Wire, serving

from services.sandbox.world.behaviour import ORDER, organic_day
from services.sandbox.world.people import DAY_S, populate
from services.sandbox.world.worlds import WORLDS

# Shares of delivered messages. What senders of such mail see; the range the worlds were made for.
OPENS, CLICKS, UNSUBSCRIBES = (0.15, 0.35), (0.01, 0.05), (0.001, 0.005)
SETTLED_DAYS = 5  # every answer to a message has come by then
SMALL, FULL = 3_000, 30_000
STANDARD_ERRORS = 3.3
WEEKS = 8


@pytest.fixture(scope="module", params=sorted(WORLDS))
def small(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    home = tmp_path_factory.mktemp(request.param)
    with serving(home, world=request.param, people=SMALL, history_days=30) as wire:
        yield wire


def ids(wire: Wire, n: int) -> list[str]:
    return [f"{wire.world['key']}-{i:07d}" for i in range(n)]


def in_messages(wire: Wire) -> list[dict]:
    """Dimensions a message can carry."""
    return [
        d for d in wire.world["dimensions"] if d["kind"] not in ("channel", "hour", "frequency")
    ]


def send_to_everybody(wire: Wire, channel: str = "email") -> str:
    """Each reachable person gets one message with options drawn by lot. Returns the campaign."""
    people = ids(wire, wire.world["people"])
    asked = wire.control("truth/values", external_ids=people, combinations=[])
    people = [p for p, ok in zip(people, asked["reachable"][channel], strict=True) if ok]
    lot, campaign = random.Random(3), wire.world["campaigns"][channel]["id"]
    for start in range(0, len(people), 50):
        recipients = [
            {
                "external_user_id": person,
                "trigger_properties": {
                    d["property"]: lot.choice(d["options"])["value"] for d in in_messages(wire)
                },
            }
            for person in people[start : start + 50]
        ]
        body = {"campaign_id": campaign, "recipients": recipients}
        assert wire.post("/campaigns/trigger/send", body).status_code == 201
    return campaign


def counts(wire: Wire, campaign: str) -> dict[str, int]:
    """Sums over the days of a campaign's series."""
    data = wire.get("/campaigns/data_series", campaign_id=campaign, length=14).json()["data"]
    total: dict[str, int] = {}
    for day in data:
        for stream in (one for streams in day["messages"].values() for one in streams):
            for name, value in stream.items():
                if isinstance(value, int):
                    total[name] = total.get(name, 0) + value
    return total


def assert_share(found: int, n: int, bounds: tuple[float, float]) -> None:
    """The share is within the bounds, give or take chance."""
    low, high = bounds
    slack = STANDARD_ERRORS * np.sqrt(np.array([low * (1 - low), high * (1 - high)]) / n)
    assert low - slack[0] <= found / n <= high + slack[1], f"{found} of {n}"


def assert_plausible(wire: Wire) -> None:
    campaign = send_to_everybody(wire)
    wire.control("clock", advance_s=SETTLED_DAYS * DAY_S)
    seen = counts(wire, campaign)
    assert seen["sent"] > 0.8 * wire.world["people"]
    assert_share(seen["unique_opens"], seen["delivered"], OPENS)
    assert_share(seen["unique_clicks"], seen["delivered"], CLICKS)
    assert_share(seen["unsubscribes"], seen["delivered"], UNSUBSCRIBES)


def test_each_world_has_a_story_and_everything_an_experiment_needs(small: Wire):
    world = small.world
    assert len(world["story"].split()) > 15
    assert world["metric"]["noun"]
    assert len(world["segments"]) >= 4
    assert len(world["all_campaigns"]) >= 6
    assert len(world["all_canvases"]) >= 2
    assert set(world["campaigns"]) >= {"email", "sms", "push"}
    assert {"offer", "subject", "creative", "channel", "hour"} <= {
        d["key"] for d in world["dimensions"]
    }
    templates = small.get("/templates/email/list").json()["templates"]
    assert len(templates) == len(world["templates"]) >= 2
    sizes = {s["key"]: s["size"] for s in world["segments"]}
    assert all(0 < size <= sizes["everyone"] for size in sizes.values())


def test_offers_matter_to_people_differently_and_the_creative_to_nobody(small: Wire):
    def table(dimension: str) -> np.ndarray:
        options = next(d for d in small.world["dimensions"] if d["key"] == dimension)["options"]
        asked = [{dimension: o["value"], "channel": "email", "hour": 12} for o in options]
        answer = small.control("truth/values", external_ids=ids(small, 300), combinations=asked)
        return np.array(answer["values"])

    offers = table("offer")
    assert len(set(offers.argmax(axis=1).tolist())) >= 3
    assert np.median(offers.max(axis=1) / offers.min(axis=1)) > 1.1
    assert np.ptp(table("creative"), axis=1).max() < 1e-7


def test_a_few_people_spend_much_of_the_money(small: Wire):
    everyone = next(s["id"] for s in small.world["segments"] if s["key"] == "everyone")
    body = {"segment_id": everyone, "fields_to_export": ["total_revenue"]}
    url = small.post("/users/export/segment", body).json()["url"]
    deadline = time.monotonic() + 20
    while (answer := httpx.get(url)).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        lines = [line for name in archive.namelist() for line in archive.read(name).splitlines()]
    spend = np.sort([orjson.loads(line).get("total_revenue", 0.0) for line in lines])
    assert spend[-len(spend) // 10 :].sum() > 0.25 * spend.sum()  # evenly it would be a tenth
    assert np.quantile(spend, 0.99) > 4 * np.median(spend[spend > 0])


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_the_week_has_a_rhythm_that_repeats(name: str):
    world = WORLDS[name]
    people = populate(world, 20_000, 5, START.timestamp(), 0)
    first = int(START.timestamp() // DAY_S)  # a Monday
    orders = np.array(
        [
            np.sum(organic_day(world, people, day, float(day * DAY_S))["kind"] == ORDER)
            for day in range(first, first + 7 * WEEKS)
        ]
    ).reshape(WEEKS, 7)
    by_weekday = orders.mean(axis=0) / orders.mean()
    assert by_weekday.max() / by_weekday.min() > 1.15
    assert np.corrcoef(orders[::2].mean(axis=0), orders[1::2].mean(axis=0))[0, 1] > 0.5


def test_only_streaming_changes_and_truth_names_the_day(small: Wire):
    changes = small.truth()["market_changes"]
    if small.world["key"] != "streaming":
        assert changes == []
        return
    assert [(c["day"], c["in_force"]) for c in changes] == [("2026-04-01", False)]
    asked = [{"offer": "Half price for three months"}, {"offer": "Seven days on us"}]
    people = ids(small, 400)

    def half_over_week(**more: object) -> float:
        answer = small.control("truth/values", external_ids=people, combinations=asked, **more)
        half, week = np.array(answer["values"]).mean(axis=0)
        return half / week

    before = half_over_week()
    assert half_over_week(day="2026-03-31") == before > 1
    assert half_over_week(day="2026-04-01") < 1
    assert half_over_week() == before  # asking changes nothing


def test_people_behave_as_the_changed_market_says(tmp_path: Path):
    with serving(tmp_path, world="streaming", people=400, history_days=1) as wire:
        asked = {"external_ids": ids(wire, 200), "combinations": [{"offer": "Seven days on us"}]}
        before = np.mean(wire.control("truth/values", **asked)["values"])
        wire.control("clock", to="2026-04-01T00:00:00Z")
        assert wire.truth()["market_changes"][0]["in_force"]
        assert np.mean(wire.control("truth/values", **asked)["values"]) > 1.2 * before
    with serving(tmp_path, world="streaming", people=400, history_days=1) as again:
        assert again.truth()["market_changes"][0]["in_force"]


def test_people_open_click_and_leave_about_as_often_as_real_ones(small: Wire):
    assert_plausible(small)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(WORLDS))
def test_engagement_of_a_large_send_is_plausible(tmp_path: Path, name: str):
    with serving(tmp_path, world=name, people=FULL, history_days=60) as wire:
        assert_plausible(wire)
