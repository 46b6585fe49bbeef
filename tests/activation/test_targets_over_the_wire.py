"""Each kind of target, from plan to verdict, against a Braze that answers over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sending_world import NINE, WORKSPACE, World, an_experiment

from services.activation.delivering import BrazeSender
from services.activation.dispatcher import Post, deliver, dispatch_due
from services.activation.ledger import claim
from services.activation.model import Claim, LedgerState
from services.activation.pausing import pause
from services.activation.settlement import settle_due
from services.braze.client import BrazeClient
from services.experiment.model import Experiment
from services.messages import msg
from tests.sandbox.sandbox_wire import Wire, serving

PREFIX = "anneal_offers"


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with serving(tmp_path_factory.mktemp("braze"), start=NINE) as wire:
        yield wire


def targets(wire: Wire) -> dict[str, dict[str, Any]]:
    """One target of each kind that the sandbox's workspace offers for email."""
    found: dict[str, dict[str, Any]] = {"profile": {"kind": "profile", "id": PREFIX}}
    for campaign in wire.get("/campaigns/list", page=0).json()["campaigns"]:
        details = wire.get("/campaigns/details", campaign_id=campaign["id"]).json()
        if "email" not in details["channels"]:
            continue
        kind = "api_campaign" if campaign["is_api_campaign"] else "campaign"
        found.setdefault(kind, {"kind": kind, "id": campaign["id"]})
        if kind == "api_campaign" and "variation_id" not in found[kind]:
            found[kind] |= {
                "variation_id": next(iter(details["messages"])),
                "app_id": "5d1c8f4e-0000-4000-8000-000000000000",
                "sender": "Shop <shop@shop.example>",
                "template_id": wire.get("/templates/email/list").json()["templates"][0][
                    "email_template_id"
                ],
            }
    canvas = wire.get("/canvas/list", page=0).json()["canvases"][0]
    found["canvas"] = {"kind": "canvas", "id": canvas["id"]}
    return found


def a_world(tmp_path: Path, wire: Wire, target: dict[str, Any]) -> World:
    """A world whose people are the sandbox's, with one target for everything."""
    document = an_experiment().model_dump(mode="json")
    document["targets"] = [target]
    experiment = Experiment.model_validate(document)
    world = World(tmp_path, n_people=40, experiment=experiment)
    with world.database.write() as c:
        for person, id in enumerate(wire.reachable(40), start=1):
            c.exec_driver_sql("UPDATE people SET external_id = ? WHERE person = ?", (id, person))
    world.catalogue(target["id"], target["kind"].removeprefix("api_"))
    if "template_id" in target:
        world.catalogue(target["template_id"], "template")
    world.plan()
    return world


def client_of(world: World, wire: Wire) -> BrazeClient:
    return BrazeClient(
        wire.url, SecretStr(wire.key), sandbox=True, export_origins=(wire.url,), clock=world.clock
    )


@pytest.mark.parametrize("kind", ["campaign", "canvas", "api_campaign", "profile"])
def test_each_kind_of_target_is_accepted_once(tmp_path: Path, wire: Wire, kind: str):
    world = a_world(tmp_path, wire, targets(wire)[kind])
    client = client_of(world, wire)
    done = dispatch_due(
        world.database,
        world.clock,
        BrazeSender(client, world.experiment),
        world.lake,
        world.experiment,
        workspace=WORKSPACE,
        home=world.home,
    )
    assert done.people == {LedgerState.ACCEPTED: 36}
    family = world.rows("SELECT family, used FROM rate_buckets")
    assert [f.family for f in family] == ["track" if kind == "profile" else "shared"]
    assert settle_due(world.database, world.clock, client, WORKSPACE, "e1").n_looked == 0
    if kind == "profile":
        ids = [r.external_id for r in world.rows("SELECT external_id FROM people")]
        written = wire.profiles(ids, "custom_attributes")
        values = [p["custom_attributes"] for p in written.values()]
        told = [v for v in values if f"{PREFIX}_decided_on" in v]
        assert len(told) == 36
        assert {v[f"{PREFIX}_hero"] for v in told} == {"Hello", "b"}
        assert {v[f"{PREFIX}_hour"] for v in told} == {9}
    client.close()


@pytest.mark.parametrize("kind", ["campaign", "canvas", "api_campaign", "profile"])
def test_a_pause_between_claim_and_send_calls_each_kind_off(tmp_path: Path, wire: Wire, kind: str):
    world = a_world(tmp_path, wire, targets(wire)[kind])
    client = client_of(world, wire)
    batch = claim(world.database, world.clock, world.experiment, world.terms())
    assert isinstance(batch, Claim)
    pause(world.database, world.clock, by="me", reason="stop")
    post = Post(world.database, world.clock, BrazeSender(client, world.experiment), world.home)
    assert deliver(post, batch).state is LedgerState.NOT_DISPATCHED
    assert world.states() == {"planned": 36}
    client.close()


def test_a_list_cannot_be_written_to_a_profile(tmp_path: Path, wire: Wire):
    world = a_world(tmp_path, wire, {"kind": "profile", "id": PREFIX})
    world.run("UPDATE ledger SET properties = '{\"hero\":[1,2]}'")
    client = client_of(world, wire)
    batch = claim(world.database, world.clock, world.experiment, world.terms())
    assert isinstance(batch, Claim)
    post = Post(world.database, world.clock, BrazeSender(client, world.experiment), world.home)
    verdict = deliver(post, batch)
    assert verdict.state is LedgerState.REJECTED
    assert verdict.what == msg("The value of {name} is no text, number or yes-or-no.", name="hero")
    client.close()
