"""Every answer has the shape the contract gives it."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from sandbox_wire import Wire

from services.sandbox.routing.routes import OPERATIONS

yaml = pytest.importorskip("yaml", reason="PyYAML reads the contract; it is no dependency")


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    source = files("services.sandbox").joinpath("openapi.yaml").read_text(encoding="utf-8")
    return yaml.load(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def follow(contract: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What a local reference points to."""
    while "$ref" in node:
        target: Any = contract
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def check(contract: dict[str, Any], answer, method: str, path: str) -> None:
    """Validate one answer against the schema of its path and status."""
    operation = contract["paths"][path][method.lower()]
    response = follow(contract, operation["responses"][str(answer.status_code)])
    schema = response["content"]["application/json"]["schema"]
    whole = {**schema, "components": contract["components"]}
    jsonschema.Draft202012Validator(whole).validate(answer.json())


def successes(wire: Wire) -> dict[str, tuple[str, dict[str, Any]]]:
    """A request that succeeds, for every path."""
    campaign, canvas = wire.campaign("offer_email"), wire.canvas("moment")
    person = [{"external_user_id": p} for p in wire.reachable(3)]
    api = next(c for c in wire.world["all_campaigns"] if c["key"] == "api")
    mail = {"app_id": "a", "from": "A <a@b.example>", "body": "x"}
    mail["message_variation_id"] = api["variations"][0]["id"]
    fields = ["external_id", "custom_attributes", "custom_events", "purchases", "total_revenue"]
    fields += ["campaigns_received", "canvases_received", "email", "devices", "push_tokens"]
    template = wire.world["templates"][0]["id"]
    segment = {"segment_id": wire.segment("everyone")}
    time = "2026-03-01T00:00:00Z"
    return {
        "/campaigns/trigger/send": ("POST", {"campaign_id": campaign, "recipients": person}),
        "/canvas/trigger/send": ("POST", {"canvas_id": canvas, "recipients": person}),
        "/messages/send": (
            "POST",
            {
                "external_user_ids": [p["external_user_id"] for p in person],
                "campaign_id": api["id"],
                "messages": {"email": mail},
            },
        ),
        "/users/track": (
            "POST",
            {
                "attributes": [{"external_id": "coffee-0000001", "x": 1}, {"y": 2}],
                "events": [{"external_id": "coffee-0000001", "name": "e", "time": time}],
            },
        ),
        "/users/export/ids": (
            "POST",
            {
                "external_ids": [p["external_user_id"] for p in person] + ["ghost"],
                "fields_to_export": fields,
            },
        ),
        "/users/export/segment": ("POST", {**segment, "fields_to_export": ["external_id"]}),
        "/export/segment/cancel": ("POST", segment),
        "/campaigns/list": ("GET", {}),
        "/campaigns/details": ("GET", {"campaign_id": wire.campaign("with_control")}),
        "/campaigns/data_series": ("GET", {"campaign_id": campaign, "length": 3}),
        "/canvas/list": ("GET", {}),
        "/canvas/details": ("GET", {"canvas_id": wire.canvas("welcome")}),
        "/canvas/data_series": (
            "GET",
            {
                "canvas_id": canvas,
                "length": "14",
                "ending_at": "2026-03-03T00:00:00+00:00",
                "include_variant_breakdown": "true",
                "include_step_breakdown": "true",
            },
        ),
        "/segments/list": ("GET", {}),
        "/segments/details": ("GET", segment),
        "/segments/data_series": ("GET", {**segment, "length": 5}),
        "/templates/email/create": (
            "POST",
            {"template_name": "N", "subject": "S", "body": "<p>B</p>"},
        ),
        "/templates/email/update": ("POST", {"email_template_id": template, "subject": "T"}),
        "/templates/email/info": ("GET", {"email_template_id": template}),
        "/templates/email/list": ("GET", {"limit": 3}),
    }


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.path)
def test_answers_have_the_shape_the_contract_gives_them(shared: Wire, contract, operation):
    method, given = successes(shared)[operation.path]
    assert contract["paths"][operation.path][method.lower()]["x-permission"] == operation.permission
    if method == "GET":
        answers = [shared.get(operation.path, **given), shared.get(operation.path, key="bad")]
    else:
        answers = [shared.post(operation.path, given), shared.post(operation.path, {}, key="bad")]
        answers.append(shared.post(operation.path, {}))
    expected = [operation.success, 401, 400]
    assert [a.status_code for a in answers] == expected[: len(answers)]
    for answer in answers:
        check(contract, answer, method, operation.path)
