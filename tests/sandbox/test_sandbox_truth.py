"""The hidden truth agrees with what people do, and with what Braze's own numbers say."""

from __future__ import annotations

import itertools

import numpy as np
from sandbox_wire import START, Wire, serving

from services.sandbox.handling.truth import expected_orders
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.world.model import World
from services.sandbox.world.worlds import WORLDS

COMBINATION = {"offer": "20% off your next order", "subject": "Made for a day like this"}


def workspace(folder, world: World, n_people: int) -> Workspace:
    return Workspace(
        folder,
        world,
        n_people=n_people,
        seed=3,
        start_s=START.timestamp(),
        live=False,
        history_days=1,
    )


def test_the_truth_of_a_message_is_the_share_of_people_who_order_after_it(tmp_path):
    """8,000 people get one message each; orders in the window against the expected number."""
    space = workspace(tmp_path, WORLDS["coffee"], 8_000)
    target = next(t for t in space.catalogue.targets if t.spec.key == "offer_email")
    noon_s = space.now_s + 12 * 3_600
    space.jump(noon_s)
    rows = np.flatnonzero(space.preferences.reachable("email")[:8_000])
    expected = expected_orders(space, rows, [{**COMBINATION, "channel": "email", "hour": 12}])[:, 0]
    before = space.profiles.events.count[:, space.profiles.events.names.index("order")].copy()
    ids = [space.people.external_ids[row] for row in rows]
    for start in range(0, len(ids), 50):
        people = ids[start : start + 50]
        body = {"target": target.id, "stream": target.streams[0].id, "people": people}
        space.record("send", {**body, "properties": [COMBINATION] * len(people)})
    space.jump(noon_s + 3 * 86_400)
    after = space.profiles.events.count[:, space.profiles.events.names.index("order")]
    orders = (after - before)[rows].sum()
    organic = space.people.organic_a_week[rows].sum() / 7 * _rhythm(space.world)
    wanted = organic + expected.sum() * (1 - 0.012)  # bounced messages bring nothing
    spread = np.sqrt(organic + expected.sum())
    assert abs(orders - wanted) < 3.5 * spread
    assert orders > organic + 3.5 * np.sqrt(organic)
    space.close()


def _rhythm(world: World) -> float:
    """Days' worth of orders from Monday noon to Thursday noon."""
    morning = sum(world.hour_rhythm[:12]) / sum(world.hour_rhythm)
    monday, tuesday, wednesday, thursday = world.weekday_rhythm[:4]
    return monday * (1 - morning) + tuesday + wednesday + thursday * morning


def test_truth_values_are_one_row_a_person_and_one_column_a_combination(shared: Wire):
    ids = [f"coffee-{i:07d}" for i in range(7)]
    combinations = [
        {"offer": o, "channel": c, "hour": h}
        for o, c, h in itertools.product(
            ("No offer", "Double points today"), ("email", "sms"), (8, 18)
        )
    ]
    body = {"external_ids": ids, "combinations": combinations}
    answer = shared.control("truth/values", **body)
    table = np.array(answer["values"])
    assert table.shape == (7, 8)
    organic = np.array(answer["organic"])
    assert (table > organic[:, None]).all()
    assert (table < 1).all()
    without = np.array(shared.control("truth/values", **body, organic=False)["values"])
    assert np.allclose(1 - (1 - without) * (1 - organic[:, None]), table, atol=1e-7)


def test_personalising_is_clearly_better_than_any_fixed_combination(tmp_path):
    for name, world in WORLDS.items():
        space = workspace(tmp_path_of(tmp_path, name), world, 1_000)
        varied = [d for d in world.dimensions if d.kind != "custom"]
        combinations = [
            {d.key: o.value for d, o in zip(varied, options, strict=True)}
            for options in itertools.product(*(d.options for d in varied))
        ]
        table = expected_orders(space, np.arange(1_000), combinations)
        best, uniform, fixed = table.max(axis=1).mean(), table.mean(), table.mean(axis=0).max()
        assert 1.6 < best / uniform < 2.4, (name, best / uniform)
        assert best / fixed > 1.25, (name, best / fixed)
        space.close()


def tmp_path_of(folder, name: str):
    (folder / name).mkdir()
    return folder / name


def test_a_dimension_that_does_not_matter_changes_nothing(shared: Wire):
    ids = [f"coffee-{i:07d}" for i in range(20)]
    combinations = [{"creative": c} for c in ("warm", "bright", "plain")]
    table = np.array(
        shared.control("truth/values", external_ids=ids, combinations=combinations)["values"]
    )
    assert (table == table[:, :1]).all()


def test_a_value_nobody_foresaw_has_a_small_effect_that_stays_the_same(shared: Wire):
    ids = [f"coffee-{i:07d}" for i in range(20)]
    body = {"external_ids": ids, "combinations": [{}, {"offer": "A free mug"}], "organic": False}
    table = np.array(shared.control("truth/values", **body)["values"])
    assert shared.control("truth/values", **body)["values"] == table.tolist()
    ratio = table[:, 1] / table[:, 0]
    assert (ratio != 1).all()
    assert (abs(np.log(ratio)) < 0.6).all()


def test_brazes_series_adds_up_to_what_the_truth_log_sent(wire: Wire):
    people = wire.reachable(100)
    for day in range(3):
        wire.trigger(people[:50], COMBINATION)
        wire.trigger(people[50:], COMBINATION)
        wire.control("clock", advance_s=86_400)
        assert day >= 0
    wire.control("clock", advance_s=4 * 86_400)
    truth = wire.truth()
    answer = wire.get("/campaigns/data_series", campaign_id=wire.campaign("offer_email"), length=10)
    days = answer.json()["data"]
    entries = [d["messages"]["email"][0] for d in days]
    went_out = truth["fates"]["sent"] + truth["fates"]["bounced"]
    assert sum(e["sent"] for e in entries) == went_out
    assert sum(e["bounces"] for e in entries) == truth["fates"]["bounced"]
    assert sum(d["conversions"] for d in days) == sum(d["conversions_by_send_time"] for d in days)
    assert sum(d["conversions"] for d in days) > 0
    assert 0.1 < sum(e["unique_opens"] for e in entries) / went_out < 0.5
    assert [d["time"] for d in days] == sorted(d["time"] for d in days)
    assert len(days) == 10


def test_a_receipt_on_the_profile_follows_each_message(wire: Wire):
    person = wire.reachable(1)[0]
    wire.trigger([person])
    received = wire.profiles([person], "campaigns_received")[person]["campaigns_received"]
    mine = next(c for c in received if c["api_campaign_id"] == wire.campaign("offer_email"))
    assert mine["last_received"] == "2026-03-02T00:00:00.000Z"
    assert mine["in_control"] is False


def test_the_newsletter_reaches_people_whatever_the_console_does(tmp_path):
    with serving(tmp_path, history_days=8) as wire:
        campaign = wire.campaign("newsletter")
        days = wire.get("/campaigns/data_series", campaign_id=campaign, length=8).json()["data"]
    sent = {d["time"]: d["messages"]["email"][0]["sent"] for d in days}
    assert sent["2026-03-01"] > 0
    assert sum(1 for n in sent.values() if n) <= 2
    assert wire.home == tmp_path
