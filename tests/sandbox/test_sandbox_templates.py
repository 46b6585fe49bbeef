"""Email templates: what is refused, and what content blocks have to do with it."""

from __future__ import annotations

import pytest
from sandbox_wire import Wire

CREATE, UPDATE = "/templates/email/create", "/templates/email/update"
GOOD = {"template_name": "N", "subject": "S", "body": "<p>B</p>"}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"template_name": None}, "Template name is required"),
        ({"template_name": 7}, "Template name is required"),
        ({"subject": None}, "subject is required"),
        ({"body": ""}, "body is required"),
        ({"preheader": 7}, "preheader must be a string"),
        ({"tags": "offers"}, "Tags must be an array"),
        ({"tags": ["offers", 7]}, "All tags must be strings"),
        ({"tags": ["offers", "never seen"]}, "Some tags could not be found"),
        (
            {"should_inline_css": "true"},
            "Invalid value for `should_inline_css`. One of `true` or `false` was expected",
        ),
        (
            {"body": "<p>{{ content_blocks.${Nothing} }}</p>"},
            "Email must have valid Content Block names",
        ),
    ],
)
def test_a_template_that_cannot_be_made_is_refused_with_brazes_text(shared: Wire, change, text):
    answer = shared.post(CREATE, {**GOOD, **change})
    assert (answer.status_code, answer.json()["message"]) == (400, text)


def test_a_template_may_take_in_content_blocks_that_exist(shared: Wire):
    blocks = shared.world["content_blocks"]
    body = "".join(f"{{{{content_blocks.${{{name}}}}}}}" for name in blocks)
    assert shared.post(CREATE, {**GOOD, "body": body}).status_code == 201


def test_an_update_changes_only_what_it_names_and_needs_something_to_change(wire: Wire):
    first = {**GOOD, "preheader": "P", "tags": ["offers"], "should_inline_css": True}
    template = wire.post(CREATE, first).json()["email_template_id"]
    change = {"email_template_id": template}
    assert wire.post(UPDATE, {**change, "subject": "T", "body": None}).status_code == 201
    info = wire.get("/templates/email/info", email_template_id=template).json()
    kept = (info["subject"], info["body"], info["preheader"], info["tags"])
    assert kept == ("T", "<p>B</p>", "P", ["offers"])
    assert info["should_inline_css"] is True
    for wrong in ({}, {"subject": 7}, {"template_name": ""}, {"tags": ["never seen"]}):
        assert wire.post(UPDATE, {**change, **wrong}).status_code == 400
    for nobody in (None, "x", ["x"], {}):
        body = {"email_template_id": nobody, "subject": "T"}
        assert wire.post(UPDATE, body).status_code == 400


def test_the_list_can_be_cut_to_a_span_of_changes_with_both_ends_in_it(wire: Wire):
    wire.control("clock", advance_s=3600)
    template = wire.post(CREATE, GOOD).json()["email_template_id"]

    def found(**query: object) -> list[str]:
        answer = wire.get("/templates/email/list", **query).json()
        assert answer["count"] == len(answer["templates"])
        return [t["email_template_id"] for t in answer["templates"]]

    at = "2026-03-02T01:00:00Z"
    assert found(modified_after=at) == [template]
    assert found(modified_after=at, modified_before=at) == [template]
    assert found(modified_after="2026-03-02T01:00:00.001Z") == []
    assert template not in found(modified_before="2026-03-02T00:59:59+00:00")
    everything = found()
    assert found(limit=2, offset=1) == everything[1:3]
    assert found(offset=len(everything)) == []
