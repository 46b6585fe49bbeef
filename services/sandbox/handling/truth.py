"""What nobody could ask a real Braze: the truth log, and what each message would have done."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.sandbox.handling.calls import iso, iso_day
from services.sandbox.remembering.outbox import Fate
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.routing.refusals import refused
from services.sandbox.world.behaviour import typical_basket
from services.sandbox.world.model import CHANNELS, MESSAGE_CHANNELS
from services.sandbox.world.preferences import answered_share, probability

MAX_PAGE = 10_000
DAY_S = 86_400
METRICS = ("conversion", "orders", "revenue")


def outbox(space: Workspace, after: int, limit: int) -> dict[str, Any]:
    """Accepted messages with numbers above `after`, oldest first, and where to go on."""
    total = len(space.outbox)
    end = min(after + min(limit, MAX_PAGE), total)
    items = [message(space, seq) for seq in range(after, end)]
    return {"messages": items, "next_after": end if end < total else None, "total": total}


def message(space: Workspace, seq: int) -> dict[str, Any]:
    """One accepted message as the truth log shows it."""
    log = space.outbox
    person = log.person[seq]
    target = space.catalogue.targets[log.target[seq]]
    return {
        "seq": seq,
        "external_id": log.names.get(seq) or space.people.external_ids[person],
        "target_kind": target.kind,
        "target_id": target.id,
        "channel": MESSAGE_CHANNELS[log.channel[seq]],
        "properties": log.properties_of(seq),
        "at": iso(log.at_s[seq]),
        "at_s": log.at_s[seq],
        "dispatch_id": log.dispatch_ids[log.request[seq]],
        "fate": Fate(log.fate[seq]).name.lower(),
    }


def summary(space: Workspace, keys_received: int) -> dict[str, Any]:
    """Counts over everything accepted so far."""
    log = space.outbox
    fates = np.bincount(np.array(log.fate, dtype=np.int64), minlength=len(Fate)).tolist()
    targets = space.catalogue.targets
    return {
        "now": iso(space.now_s),
        "requests": len(log.dispatch_ids),
        "accepted": len(log),
        "fates": {fate.name.lower(): fates[fate] for fate in Fate},
        "by_target_and_day": [
            {
                "target_kind": targets[d.target].kind,
                "target_id": targets[d.target].id,
                "name": targets[d.target].spec.name,
                "day": iso_day(d.day),
                "accepted": d.accepted,
                "sent": d.sent,
            }
            for d in log.days()
        ],
        "duplicates": len(log.duplicates(sent_only=True)),
        "duplicates_asked": len(log.duplicates(sent_only=False)),
        "keys_sent_to_exports": keys_received,
    }


def duplicates(space: Workspace, *, sent_only: bool) -> dict[str, Any]:
    """Everybody with more than one message on one UTC day."""
    found = space.outbox.duplicates(sent_only=sent_only)
    ids = space.people.external_ids
    return {
        "count": len(found),
        "people": [
            {"external_id": ids[person], "day": iso_day(day), "messages": n}
            for person, day, n in found
        ],
    }


def of_people(space: Workspace, external_ids: list[str]) -> dict[str, Any]:
    """All messages to some people."""
    rows = {space.people.row_of[name] for name in external_ids if name in space.people.row_of}
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in external_ids}
    for seq in space.outbox.of_people(rows):
        item = message(space, seq)
        found[item["external_id"]].append(item)
    return {"people": found}


def values(space: Workspace, body: dict[str, Any]) -> dict[str, Any]:
    """Expected reward of one message, by person and combination.

    Body: external_ids [n]; combinations [m] of {property: value, "channel": …, "hour": 0-23};
    `metric` conversion (default: at least one order in the window), orders or revenue;
    `window_days` (default: the world's); `organic` false leaves out what happens anyway.

    Answers `values` [n][m], `organic` [n] (the value without any message) and `reachable`
    {channel: [n]}. Fatigue is left out: the message is the first in a long while.
    """
    rows = _rows(space, body.get("external_ids"))
    combinations = body.get("combinations")
    if not isinstance(combinations, list) or not all(isinstance(c, dict) for c in combinations):
        raise refused(400, "combinations must be a list of objects")
    metric = str(body.get("metric", "conversion"))
    if metric not in METRICS:
        raise refused(400, f"metric must be one of {', '.join(METRICS)}")
    days = float(body.get("window_days", space.world.metric.window_days))
    expected = expected_orders(space, rows, combinations)[:, :] * answered_share(days * DAY_S)
    organic = space.people.organic_a_week[rows] * days / 7
    if body.get("organic", True) is False:
        organic = np.zeros(len(rows))
    encoded = [space.preferences.encode(_properties(c)) for c in combinations]
    factor = np.array([e.basket_factor for e in encoded])
    match metric:
        case "conversion":
            base = 1 - np.exp(-organic)
            table = 1 - (1 - expected) * np.exp(-organic)[:, None]
        case "orders":
            base, table = organic, expected + organic[:, None]
        case _:
            basket = mean_basket(space, rows)
            base = organic * basket
            table = expected * factor[None, :] * basket[:, None] + base[:, None]
    return {
        "values": np.round(table, 8).tolist(),
        "organic": np.round(base, 8).tolist(),
        "reachable": {c: space.preferences.reachable(c)[rows].tolist() for c in CHANNELS},
    }


def expected_orders(
    space: Workspace, rows: NDArray[np.int64], combinations: list[dict[str, Any]]
) -> NDArray[np.float64]:
    """Incremental orders of one delivered message, float (n_people, n_combinations), 0 to 1."""
    encoded = [space.preferences.encode(_properties(c)) for c in combinations]
    n = len(combinations)
    if n == 0:
        return np.zeros((len(rows), 0))
    logits = space.preferences.logits(
        rows,
        np.array([e.options for e in encoded], np.int16),
        np.array([e.strange for e in encoded]),
        np.array([_channel(c) for c in combinations], dtype=np.int8),
        np.array([int(c.get("hour", -1)) for c in combinations], dtype=np.int8),
    )
    return probability(logits)


def mean_basket(space: Workspace, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Expected revenue of one order of each person, float (n,), in the world's currency."""
    world = space.world
    shares = sum(p.share for p in world.products)
    factor = sum(p.share * p.price_factor for p in world.products) / shares
    median = typical_basket(world, space.people, rows)
    return np.asarray(median * factor * np.exp(world.basket_spread**2 / 2))


def _channel(combination: dict[str, Any]) -> int:
    channel = combination.get("channel")
    if channel is None:
        return -1
    if channel not in CHANNELS:
        raise refused(400, f"channel must be one of {', '.join(CHANNELS)}")
    return CHANNELS.index(channel)


def _properties(combination: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in combination.items() if k not in ("channel", "hour")}


def _rows(space: Workspace, external_ids: object) -> NDArray[np.int64]:
    if not isinstance(external_ids, list):
        raise refused(400, "external_ids must be a list")
    unknown = [name for name in external_ids if name not in space.people.row_of]
    if unknown:
        raise refused(400, f"nobody is called {unknown[0]}")
    return np.array([space.people.row_of[name] for name in external_ids], dtype=np.int64)
