"""What there is in Braze, kept for the console, which never asks Braze itself.

Segments with their sizes, campaigns, Canvases and email templates with their content and its
digest: a digest that differs from the approved one stops sending.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.audience.store import catalogue_documents, replace_catalogue
from services.braze.campaigns import campaign_details, list_campaigns
from services.braze.canvases import canvas_details, list_canvases
from services.braze.client import BrazeClient
from services.braze.model import Answer, CampaignDetails, CanvasDetails, TemplateInfo
from services.braze.segments import list_segments, segment_details, segment_series
from services.braze.templates import list_templates, template_info
from services.clock import Clock
from services.database.engine import Database
from services.errors import BrazeError, NeverConnected, Rejected
from services.messages import Message

SIZE_DAYS = 30  # of a segment's size, as the page shows it
TEMPLATE_CONTENT = ("subject", "preheader", "body", "plaintext_body")

CONTENT_KEY = {"campaign": "messages", "canvas": "steps", "template": "body"}

Progress = Callable[[int, int], None]
Listing = Callable[[], Iterable[Answer]]
Details = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True)
class Refreshed:
    """How many there are of each kind, and what could not be read (the old rows stay)."""

    counts: Mapping[str, int]
    problems: tuple[Message, ...] = ()


def refresh_catalogue(
    client: BrazeClient, database: Database, clock: Clock, progress: Progress | None = None
) -> Refreshed:
    """Read everything anew and keep it, kind by kind. `progress` hears entries done and known.

    What a missing permission keeps from being read stays as it was and is named in the result.

    Raises Rejected where Braze does not know the key, NeverConnected where nothing answers.
    """
    reading = _Reading(progress or (lambda _done, _known: None))
    kinds: tuple[
        tuple[str, Callable[[], Iterable[Answer]], Callable[[str], Mapping[str, Any]]], ...
    ]
    kinds = (
        ("segment", lambda: list_segments(client), lambda id: _segment(client, id)),
        ("campaign", lambda: list_campaigns(client), lambda id: _campaign(client, id)),
        ("canvas", lambda: list_canvases(client), lambda id: _canvas(client, id)),
        ("template", lambda: list_templates(client), lambda id: _template(client, id)),
    )
    counts = {}
    for kind, listing, details in kinds:
        with database.read() as connection:
            past = catalogue_documents(connection, kind)
        try:
            entries = list(listing())
        except BrazeError as problem:
            reading.note(problem)
            counts[kind] = len(past)
            continue
        reading.known += len(entries)
        rows = [_row(kind, entry, details, past, reading) for entry in entries]
        now_s = clock.now().timestamp()
        with database.write() as connection:
            replace_catalogue(connection, kind, [{**row, "refreshed_at": now_s} for row in rows])
        counts[kind] = len(rows)
    return Refreshed(counts, tuple(reading.problems))


def content_digest(kind: str, document: Mapping[str, Any]) -> str | None:
    """SHA-256 over what people would see: messages of a campaign or Canvas, text of a template."""
    if kind == "campaign":
        content: object = document.get("messages")
    elif kind == "canvas":
        content = {
            str(step.get("id")): step.get("messages")
            for step in document.get("steps") or ()
            if step.get("messages")
        }
    elif kind == "template":
        content = {name: document.get(name) for name in TEMPLATE_CONTENT}
    else:
        return None
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class _Reading:
    def __init__(self, progress: Progress) -> None:
        self.done = 0
        self.known = 0
        self.problems: list[Message] = []
        self._progress = progress

    def step(self) -> None:
        self.done += 1
        self._progress(self.done, self.known)

    def note(self, problem: BrazeError) -> None:
        """Remember what could not be read; give up where nothing can be."""
        if isinstance(problem, NeverConnected):
            raise problem
        if isinstance(problem, Rejected) and problem.status == 401:
            raise problem
        if problem.what not in self.problems:
            self.problems.append(problem.what)


def _row(
    kind: str,
    entry: Any,
    details: Details,
    past: Mapping[str, Mapping[str, Any]],
    reading: _Reading,
) -> dict[str, Any]:
    listed = entry.model_dump(mode="json")
    before = past.get(entry.id, {})
    try:
        document = {**listed, **_given(details(entry.id)), "name": entry.name}
    except BrazeError as problem:
        reading.note(problem)
        document = {**before, **listed}
    if "exported" in before:
        document["exported"] = before["exported"]
    reading.step()
    was_read = CONTENT_KEY.get(kind) in document  # without details nothing is known of it
    return {
        "kind": kind,
        "id": entry.id,
        "name": entry.name,
        "document": document,
        "content_digest": content_digest(kind, document) if was_read else None,
    }


def _segment(client: BrazeClient, segment_id: str) -> Mapping[str, Any]:
    found = segment_details(client, segment_id).model_dump(mode="json")
    days = segment_series(client, segment_id, SIZE_DAYS)
    found["sizes"] = [{"day": d.day.isoformat(), "size": d.size} for d in days]
    found["size"] = days[-1].size if days else None
    return found


def _campaign(client: BrazeClient, campaign_id: str) -> Mapping[str, Any]:
    found: CampaignDetails = campaign_details(client, campaign_id)
    return found.model_dump(mode="json")


def _canvas(client: BrazeClient, canvas_id: str) -> Mapping[str, Any]:
    found: CanvasDetails = canvas_details(client, canvas_id)
    return found.model_dump(mode="json")


def _template(client: BrazeClient, template_id: str) -> Mapping[str, Any]:
    found: TemplateInfo = template_info(client, template_id)
    return {**found.model_dump(mode="json"), "id": template_id}


def _given(document: Mapping[str, Any]) -> dict[str, Any]:
    """Tags stand in lists and in details; where details leave them out the list counts."""
    return {k: v for k, v in document.items() if not (k == "tags" and not v)}
