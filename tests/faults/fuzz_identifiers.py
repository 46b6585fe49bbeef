"""What a sandbox really holds, put into generated requests so that they get past the first check.

Identifiers come from the sandbox's own lists, details and exports, as a stranger would find them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

REAL_SHARE = 0.9  # the rest stays as generated: unknown identifiers have to be answered too
ALIAS_LABEL = "fuzz"
N_READ = 50  # most ids of one export by ids
API_PATHS = ("/messages/send", "/sends/")  # these want an API campaign, the triggers the other kind
ID_LISTS = ("external_ids", "external_user_ids")
TIMES = ("ending_at", "time", "modified_before")
EARLIER = ("starting_at", "modified_after", "last_edit.time[gt]")
FORMATS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S-5:00", "%Y-%m-%d")


@dataclass
class Identifiers:
    """Real values by the name of the field that takes them."""

    now: datetime
    people: list[str]
    spare_people: list[str]  # for deletions, so that the others stay
    profiles: list[dict[str, Any]]
    triggered: list[str]
    api_campaigns: list[str]
    campaigns: list[str]
    live_canvases: list[str]
    segments: list[str]
    templates: list[str]
    tags: list[str]
    variations: dict[str, list[str]]
    send_ids: list[str]
    aliases: list[dict[str, str]]
    schedules: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def put_into(self, path: str, value: Any, rng: random.Random, name: str = "") -> Any:
        """The same structure with real identifiers at most places that take one."""
        if isinstance(value, dict) and name == "user_alias":
            return rng.choice(self.aliases) if rng.random() < REAL_SHARE else value
        if isinstance(value, dict):
            return {k: self.put_into(path, v, rng, k) for k, v in value.items()}
        if isinstance(value, list):
            inner = {"user_aliases": "user_alias"}.get(name, name if name in ID_LISTS else "")
            inner = {"braze_ids": "braze_id", "tags": "tags"}.get(name, inner)
            return [self.put_into(path, v, rng, inner) for v in value]
        known = self._known(path, name)
        return rng.choice(known) if known and rng.random() < REAL_SHARE else value

    def _known(self, path: str, name: str) -> list[Any]:
        """What fits a field, or nothing where any value does."""
        people = self.spare_people if path == "/users/delete" else self.people
        if name in (*ID_LISTS, "external_id", "external_user_id"):
            return people
        if name in TIMES:
            return [self.now.strftime(f) for f in FORMATS] + [self.soon()]
        if name in EARLIER:
            return [(self.now - timedelta(days=5)).strftime(f) for f in FORMATS]
        if name == "campaign_id" and path.startswith(API_PATHS):
            return self.api_campaigns
        if name == "campaign_id" and "/trigger/" in path:
            return self.triggered
        if name in ("email", "email_address"):
            return [p["email"] for p in self.profiles if "email" in p]
        return {
            "campaign_id": self.campaigns,
            "canvas_id": self.live_canvases,
            "segment_id": self.segments,
            "email_template_id": self.templates,
            "braze_id": [p["braze_id"] for p in self.profiles] if people is self.people else [],
            "phone": [p["phone"] for p in self.profiles if "phone" in p],
            "send_id": self.send_ids,
            "tags": self.tags,
        }.get(name, [])

    def soon(self) -> str:
        """A moment to schedule for."""
        return (self.now + timedelta(hours=6)).strftime(FORMATS[1])


def found_in(client: httpx.Client) -> Identifiers:
    """Ask a sandbox for what it holds; add aliases and send ids, which no world has."""
    world = _get(client, "/_sandbox/world")
    lists = _get(client, "/campaigns/list")["campaigns"]
    details = {c["id"]: _get(client, "/campaigns/details", campaign_id=c["id"]) for c in lists}
    api = [c["id"] for c in lists if c["is_api_campaign"]]
    variations: dict[str, list[str]] = {}
    for campaign in api:
        for variation, message in details[campaign]["messages"].items():
            variations.setdefault(message["channel"], []).append(variation)
    canvases = _get(client, "/canvas/list")["canvases"]
    segments = _get(client, "/segments/list")["segments"]
    people = [f"{world['key']}-{n:07d}" for n in range(world["people"])]
    third = len(people) // 3
    profiles = client.post("/users/export/ids", json=_profile_request(people[:N_READ])).json()
    tags = {t for c in (*lists, *canvases, *segments) for t in c["tags"] if t}
    return Identifiers(
        now=datetime.fromisoformat(_get(client, "/_sandbox/clock")["now"]),
        people=people[: 2 * third],
        spare_people=people[2 * third :],
        profiles=profiles["users"],
        triggered=[i for i, d in details.items() if i not in api and _api_triggered(d)],
        api_campaigns=api,
        campaigns=list(details),
        live_canvases=[c["id"] for c in canvases],
        segments=[s["id"] for s in segments],
        templates=[
            t["email_template_id"] for t in _get(client, "/templates/email/list")["templates"]
        ],
        tags=sorted(tags),
        variations=variations,
        send_ids=_send_ids(client, api),
        aliases=_aliases(client),
    )


def schedule(client: httpx.Client, real: Identifiers, kind: str, n: int) -> None:
    """Make `n` schedules of a kind ('campaign' or 'canvas') for updates and deletions to find."""
    family, name = ("campaigns", "campaign_id") if kind == "campaign" else ("canvas", "canvas_id")
    targets = real.triggered if kind == "campaign" else real.live_canvases
    made = real.schedules.setdefault(family, [])
    for number in range(n):
        body = {
            name: targets[number % len(targets)],
            "recipients": [{"external_user_id": real.people[number % len(real.people)]}],
            "schedule": {"time": real.soon()},
        }
        answer = client.post(f"/{family}/trigger/schedule/create", json=body)
        if answer.status_code == 201:
            made.append((body[name], answer.json()["schedule_id"]))


def _api_triggered(details: dict[str, Any]) -> bool:
    live = details["enabled"] and not details["archived"] and not details["draft"]
    return live and details.get("schedule_type") == "api_triggered"


def _send_ids(client: httpx.Client, api: list[str]) -> list[str]:
    ids = [f"wave-{n}" for n in range(3)]
    for campaign in api:
        for name in ids:
            client.post("/sends/id/create", json={"campaign_id": campaign, "send_id": name})
    return ids


def _aliases(client: httpx.Client) -> list[dict[str, str]]:
    aliases = [{"alias_name": f"person {n}", "alias_label": ALIAS_LABEL} for n in range(5)]
    objects = [{"user_alias": a, "_update_existing_only": False, "seen": True} for a in aliases]
    client.post("/users/track", json={"attributes": objects})
    return aliases


def _profile_request(people: list[str]) -> dict[str, Any]:
    return {
        "external_ids": people,
        "fields_to_export": ["external_id", "braze_id", "email", "phone"],
    }


def _get(client: httpx.Client, path: str, **query: str) -> dict[str, Any]:
    answer = client.get(path, params=query)
    answer.raise_for_status()
    return answer.json()
