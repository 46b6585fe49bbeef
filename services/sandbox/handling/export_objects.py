"""User export objects, sparse as Braze's: what is null, false or empty is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.sandbox.handling.canaries import CARD_ATTRIBUTE, DIRECT, born_with, card_of
from services.sandbox.remembering.attributes import read
from services.sandbox.remembering.catalogue import Stream
from services.sandbox.remembering.directory import braze_id
from services.sandbox.remembering.profiles import (
    CLICKED_EMAIL,
    CONVERTED,
    IN_CONTROL,
    OPENED_EMAIL,
    OPENED_PUSH,
    Tally,
)
from services.sandbox.remembering.tracking import APP_NAME, push_tokens
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.world.model import DerivedAttribute
from services.sandbox.world.people import DAY_S, STATES

RECENT_S = 90 * DAY_S  # entries of events, purchases and receipts cover the last 90 days
ENGAGED = {OPENED_EMAIL: "opened_email", OPENED_PUSH: "opened_push", CLICKED_EMAIL: "clicked_email"}
SOURCES = (None, None, None, "Paid search", "Referral", "Partner newsletter")
Objects = list[dict[str, Any]]


def export_objects(
    space: Workspace, rows: NDArray[np.int64], fields: Sequence[str], attributes: Sequence[str]
) -> Objects:
    """Build the objects of some people.

    rows        int (n,)
    fields      names of `fields_to_export`; unknown ones are ignored
    attributes  single custom attributes; all of them with the field `custom_attributes`
    """
    out: Objects = [{} for _ in range(len(rows))]
    wanted = set(fields)
    for name, column in _PROFILE.items():
        if name in wanted:
            _put(out, name, column(space, rows))
    for name in DIRECT:
        if name in wanted:
            _put(out, name, (born_with(space, name, row) for row in rows.tolist()))
    if space.people.profile:
        for item, row in zip(out, rows.tolist(), strict=True):
            _overlay(item, space.people.profile.get(row, {}), wanted)
    everything = "custom_attributes" in wanted
    if everything or attributes:
        _custom(space, rows, None if everything else list(attributes), out)
    if "custom_events" in wanted:
        _tally(space, space.profiles.events, rows, "custom_events", out)
    if "purchases" in wanted:
        _tally(space, space.profiles.purchases, rows, "purchases", out)
    if "campaigns_received" in wanted:
        _campaigns(space, rows, out)
    if "canvases_received" in wanted:
        _canvases(space, rows, out)
    if "apps" in wanted:
        _apps(space, rows, out)
    return out


def times(at_s: NDArray[np.float64]) -> list[str]:
    """Profile times such as 2026-03-04T09:15:22.417Z; any text where the time is not finite."""
    finite = np.where(np.isfinite(at_s), at_s, 0.0)
    moments = np.round(finite * 1000).astype("datetime64[ms]")
    return [text + "Z" for text in np.datetime_as_string(moments).ravel().tolist()]


def _put(out: Objects, name: str, values: Iterable[Any]) -> None:
    for item, value in zip(out, values, strict=True):
        if value is not None:
            item[name] = value


def _overlay(item: dict[str, Any], changed: dict[str, object], wanted: set[str]) -> None:
    """What `users/track` wrote wins over what the world gave."""
    for name, value in changed.items():
        if name not in wanted or name == "push_tokens":
            continue
        if value is None:
            item.pop(name, None)
        else:
            item[name] = value


def _states(codes: NDArray[np.int8]) -> list[str | None]:
    return [STATES[code] for code in codes.tolist()]


def _place(space: Workspace, rows: NDArray[np.int64], part: int) -> list[Any]:
    zones = space.world.zones
    return [zones[code][part] for code in space.people.zone[rows].tolist()]


def _source(space: Workspace, rows: NDArray[np.int64], text: str) -> list[str | None]:
    buckets = space.people.random_bucket[rows].tolist()
    made = space.people.made
    found = [
        None if row in made else SOURCES[bucket % len(SOURCES)]
        for row, bucket in zip(rows.tolist(), buckets, strict=True)
    ]
    return [None if source is None else text.format(source) for source in found]


def _uninstalled(space: Workspace, rows: NDArray[np.int64]) -> list[str | None]:
    at_s = space.activity.uninstalled_s(rows, space.now_s)
    return [t if s == s else None for t, s in zip(times(at_s), at_s.tolist(), strict=True)]


_PROFILE: dict[str, Callable[[Workspace, NDArray[np.int64]], Iterable[Any]]] = {
    "external_id": lambda s, rows: [s.people.external_ids[row] or None for row in rows.tolist()],
    "braze_id": lambda s, rows: [braze_id(s.people, row) for row in rows.tolist()],
    "user_aliases": lambda s, rows: [s.directory.aliases(row) for row in rows.tolist()],
    "email": lambda s, rows: [s.directory.email(row) for row in rows.tolist()],
    "phone": lambda s, rows: [s.directory.phone(row) for row in rows.tolist()],
    "push_tokens": lambda s, rows: [
        push_tokens(s.people, s.directory, row) or None for row in rows.tolist()
    ],
    "created_at": lambda s, rows: times(s.people.created_s[rows]),
    "time_zone": lambda s, rows: _place(s, rows, 0),
    "country": lambda s, rows: _place(s, rows, 1),
    "language": lambda s, rows: _place(s, rows, 2),
    "random_bucket": lambda s, rows: s.people.random_bucket[rows].tolist(),
    "email_subscribe": lambda s, rows: _states(s.people.email_state[rows]),
    "push_subscribe": lambda s, rows: _states(s.people.push_state[rows]),
    "total_revenue": lambda s, rows: (s.profiles.revenue_cents[rows] / 100).tolist(),
    "uninstalled_at": _uninstalled,
    "attributed_source": lambda s, rows: _source(s, rows, "{}"),
    "attributed_campaign": lambda s, rows: _source(s, rows, "{}: spring"),
    "attributed_adgroup": lambda s, rows: _source(s, rows, "{}: all"),
    "attributed_ad": lambda s, rows: _source(s, rows, "{}: 1"),
}
FIELDS = frozenset(_PROFILE) | frozenset(DIRECT)
FIELDS |= {"custom_attributes", "custom_events", "purchases", "apps", "campaigns_received"}
FIELDS |= {"canvases_received"}


def _custom(
    space: Workspace, rows: NDArray[np.int64], only: list[str] | None, out: Objects
) -> None:
    derived = {a.name: a.source for a in space.world.attributes if isinstance(a, DerivedAttribute)}
    names = list(derived) + list(space.people.columns) if only is None else only
    held: Objects = [{} for _ in out]
    for name in names:
        if name in derived:
            values = space.profiles.derived(derived[name], space.now_s, rows).tolist()
            _put(held, name, [None if v != v else int(v) for v in values])
        elif name in space.people.columns:
            _put(held, name, read(space.people.columns[name], rows))
    if only is None or CARD_ATTRIBUTE in only:
        made = space.people.made
        cards = (None if row in made else card_of(row) for row in rows.tolist())
        _put(held, CARD_ATTRIBUTE, cards)
    if space.people.overrides:
        for item, row in zip(held, rows.tolist(), strict=True):
            for name, value in space.people.overrides.get(row, {}).items():
                if only is None or name in only:
                    item[name] = value
                    if value is None:
                        del item[name]
    for item, values in zip(out, held, strict=True):
        if values:
            item["custom_attributes"] = values


def _tally(
    space: Workspace, tally: Tally, rows: NDArray[np.int64], field: str, out: Objects
) -> None:
    since_s = space.now_s - RECENT_S
    counts, last = tally.count[rows], tally.last[rows]
    which, columns = np.nonzero((counts > 0) & (last >= since_s))
    first = times(tally.first[rows[which], columns])
    latest = times(last[which, columns])
    numbers = counts[which, columns].tolist()
    names = [tally.names[c] for c in columns.tolist()]
    for i, name, a, b, n in zip(which.tolist(), names, first, latest, numbers, strict=True):
        out[i].setdefault(field, []).append({"name": name, "first": a, "last": b, "count": n})
    for i, row in enumerate(rows.tolist() if tally.others else ()):
        for name, held in tally.others.get(row, {}).items():
            if held.last_s >= since_s:
                a, b = times(np.array([held.first_s, held.last_s]))
                item = {"name": name, "first": a, "last": b, "count": held.count}
                out[i].setdefault(field, []).append(item)


def _apps(space: Workspace, rows: NDArray[np.int64], out: Objects) -> None:
    """The one app of the world, on the profiles of those who have used it."""
    tally = space.profiles.events
    column = tally.column(space.world.browse_event)
    sessions = tally.count[rows, column].tolist()
    first, last = times(tally.first[rows, column]), times(tally.last[rows, column])
    for item, n, a, b in zip(out, sessions, first, last, strict=True):
        if n:
            app = {"name": APP_NAME, "platform": "iOS", "version": "4.2.0"}
            item["apps"] = [{**app, "sessions": n, "first_used": a, "last_used": b}]


def _campaigns(space: Workspace, rows: NDArray[np.int64], out: Objects) -> None:
    targets = space.catalogue.of_kind("campaign")
    columns = np.array([t.index for t in targets])
    received = space.profiles.received[np.ix_(rows, columns)]
    which, position = np.nonzero(received >= space.now_s - RECENT_S)
    last = times(received[which, position])
    flags = space.profiles.flags[rows[which], columns[position]].tolist()
    streams = space.profiles.stream_of_receipt[rows[which], columns[position]].tolist()
    known = {
        s.index: s for t in targets for s in (*t.streams, *((t.control,) if t.control else ()))
    }
    for i, p, at, flag, number in zip(
        which.tolist(), position.tolist(), last, flags, streams, strict=True
    ):
        target, stream = targets[p], known[number]
        item: dict[str, Any] = {
            "name": target.spec.name,
            "api_campaign_id": target.id,
            "last_received": at,
            "variation_name": stream.name,
            "variation_api_id": stream.id,
            "in_control": bool(flag & IN_CONTROL),
        }
        engaged = {word: True for bit, word in ENGAGED.items() if flag & bit}
        if engaged:
            item["engaged"] = engaged
        if flag & CONVERTED:
            item["converted"] = True
            item["multiple_converted"] = {"Primary Conversion Event - A": True}
        out[i].setdefault("campaigns_received", []).append(item)


def _ends(steps: tuple[Stream, ...]) -> list[int]:
    """Positions of the steps after which a journey is over: none comes later on the same path."""

    def follows(step: Stream, later: Stream) -> bool:
        same_path = step.only is None or later.only in (None, step.only)
        return later.variant == step.variant and same_path

    return [
        k for k, s in enumerate(steps) if not any(follows(s, later) for later in steps[k + 1 :])
    ]


def _canvases(space: Workspace, rows: NDArray[np.int64], out: Objects) -> None:
    for target in space.catalogue.of_kind("canvas"):
        entered = space.profiles.received[rows, target.index]
        which = np.flatnonzero(entered >= space.now_s - RECENT_S)
        if not len(which):
            continue
        variants = {
            v.index: v for v in (*target.variants, *((target.control,) if target.control else ()))
        }
        streams = space.profiles.stream_of_receipt[rows[which], target.index].tolist()
        steps = np.array([s.step for s in target.streams])
        reached = space.profiles.step_received[np.ix_(rows[which], steps)]
        at = times(entered[which])
        # who is in the control group has entered and received nothing
        last = np.where(np.isnan(reached), -np.inf, reached).max(axis=1)
        latest = times(np.where(np.isfinite(last), last, np.nan))
        texts = np.array(times(reached)).reshape(reached.shape)
        ended = reached[:, _ends(target.streams)]
        left = np.where(np.isnan(ended), -np.inf, ended).max(axis=1, initial=-np.inf)
        exits = times(np.where(np.isfinite(left), left, np.nan))
        for j, i in enumerate(which.tolist()):
            variant = variants[streams[j]]
            item: dict[str, Any] = {
                "name": target.spec.name,
                "api_canvas_id": target.id,
                "last_entered": at[j],
                "variation_name": variant.name,
                "in_control": variant.control,
                "steps_received": [
                    {"name": s.name, "api_canvas_step_id": s.id, "last_received": str(texts[j, k])}
                    for k, s in enumerate(target.streams)
                    if reached[j, k] == reached[j, k]
                ],
            }
            if np.isfinite(last[j]):
                item["last_received_message"] = latest[j]
            if np.isfinite(left[j]):
                item["last_exited"] = exits[j]
            item["last_entered_control_at"] = at[j] if variant.control else None
            out[i].setdefault("canvases_received", []).append(item)
