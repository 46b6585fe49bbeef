"""Every documented field may be absent or null, and new ones come without notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pretend_braze import client_of

from services.braze.campaigns import campaign_details, campaign_series, list_campaigns
from services.braze.canvases import (
    canvas_details,
    canvas_series,
    canvas_summary,
    list_canvases,
)
from services.braze.client import BrazeClient
from services.braze.segments import list_segments, segment_details, segment_series
from services.braze.sending import Recipient, trigger_campaign
from services.braze.templates import list_templates, template_info
from services.braze.track import Attributes, track_users
from services.braze.users import export_by_ids
from services.errors import BrazeBroken

DAY = date(2026, 2, 2)
MESSAGE = {"channel": "email", "name": "A", "subject": "S", "body": "B", "extras": []}
FULL: dict[Callable[[BrazeClient], Any], dict[str, Any]] = {
    lambda c: list(list_segments(c)): {
        "segments": [{"id": "s", "name": "N", "analytics_tracking_enabled": True, "tags": ["a"]}]
    },
    lambda c: segment_details(c, "s"): {
        "name": "N",
        "description": "D",
        "text_description": "T",
        "tags": ["a"],
        "teams": [],
        "created_at": "2026-01-01",
    },
    lambda c: segment_series(c, "s", 1): {"data": [{"time": "2026-02-02", "size": 3}]},
    lambda c: list(list_campaigns(c)): {
        "campaigns": [{"id": "c", "name": "N", "is_api_campaign": True, "last_edited": "x"}]
    },
    lambda c: campaign_details(c, "c"): {
        "name": "N",
        "enabled": True,
        "archived": False,
        "draft": False,
        "channels": ["email"],
        "schedule_type": "api_triggered",
        "first_sent": "x",
        "messages": {"v": MESSAGE, "w": {"type": "control"}},
        "conversion_behaviors": [{"type": "Clicks Email", "window": 1}],
    },
    lambda c: campaign_series(c, "c", DAY, DAY): {
        "data": [
            {
                "time": "2026-02-02",
                "conversions": 1,
                "messages": {"email": [{"variation_name": "A", "sent": 2}]},
            }
        ]
    },
    lambda c: list(list_canvases(c)): {"canvases": [{"id": "c", "name": "N", "tags": [None]}]},
    lambda c: canvas_details(c, "c"): {
        "name": "N",
        "variants": [{"name": "V", "id": "v", "first_step_ids": ["s"], "first_step_id": "s"}],
        "steps": [
            {
                "id": "s",
                "name": "S",
                "type": "message",
                "next_step_ids": [],
                "next_paths": [{"name": None, "next_step_id": "t"}],
                "messages": {"m": MESSAGE},
            }
        ],
    },
    lambda c: canvas_series(c, "c", DAY, DAY): {
        "data": {
            "stats": [
                {
                    "time": "2026-02-02",
                    "total_stats": {"entries": 1},
                    "variant_stats": {"v": {"name": "V", "entries": 1}},
                    "step_stats": {"s": {"name": "S", "messages": {"email": [{"sent": 1}]}}},
                }
            ]
        }
    },
    lambda c: canvas_summary(c, "c", DAY - timedelta(days=3), DAY): {
        "data": {"name": "N", "total_stats": {"entries": 1}, "step_stats": {"s": {"name": "S"}}}
    },
    lambda c: list(list_templates(c)): {
        "count": 1,
        "templates": [{"email_template_id": "t", "template_name": "N", "tags": []}],
    },
    lambda c: template_info(c, "t"): {
        "email_template_id": "t",
        "template_name": "N",
        "subject": "S",
        "body": "B",
        "should_inline_css": True,
    },
    lambda c: export_by_ids(c, ["a"], ["country"]): {
        "users": [{"external_id": "a", "country": "SE"}],
        "invalid_user_ids": ["b"],
    },
    lambda c: trigger_campaign(c, "c", [Recipient("a")], guard=lambda: None): {
        "dispatch_id": "d",
        "notice": "n",
        "errors": ["e"],
    },
    lambda c: track_users(c, [Attributes("a", {"x": 1})]): {
        "attributes_processed": 1,
        "errors": [{"type": "t", "input_array": "attributes", "index": 0}],
    },
}
NEEDED = {"id", "email_template_id", "time"}  # without these an entry is of no use to anybody


def answered(call: Callable[[BrazeClient], Any], body: dict[str, Any]) -> Any:
    return call(client_of({**body, "message": "success"}, status=201))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a field or an entry stands, at any depth."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in list(entries) if isinstance(value, dict | list) else ():
        yield (*path, name)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, name))


def changed(body: dict[str, Any], path: tuple[Any, ...], *, null: bool) -> dict[str, Any]:
    """The body without the field at `path`, or with null there."""
    copy = orjson.loads(orjson.dumps(body))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    if null:
        inner[path[-1]] = None
    else:
        del inner[path[-1]]
    return copy


@pytest.mark.parametrize("null", [False, True])
def test_any_field_may_be_missing_and_what_is_left_is_understood(null: bool):
    for call, body in FULL.items():
        answered(call, body)
        for path in places(body):
            try:
                answered(call, changed(body, path, null=null))
            except BrazeBroken:
                an_entry = isinstance(path[-1], int)
                assert path[-1] in NEEDED or (null and an_entry), path


def test_with_no_field_at_all_there_is_simply_nothing():
    for call in FULL:
        answered(call, {})


@settings(max_examples=25, deadline=None)
@given(more=st.dictionaries(st.text(max_size=8), st.none() | st.integers() | st.text(max_size=4)))
def test_fields_nobody_has_heard_of_change_nothing(more: dict[str, Any]):
    for call, body in FULL.items():
        wider = {**{k: v for k, v in more.items() if k not in body}, **body}
        for name in ("notice", "errors", "users", "data", "name", "message"):
            if name not in body:
                wider.pop(name, None)
        assert answered(call, wider) == answered(call, body)
