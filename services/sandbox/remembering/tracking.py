"""What `users/track` wrote, and what `users/delete` took away."""

from __future__ import annotations

import heapq
import math
from typing import Any

import numpy as np

from services.sandbox.remembering.attributes import clear_attributes, set_attribute
from services.sandbox.remembering.directory import Directory, braze_id, row_of_braze_id
from services.sandbox.remembering.fields import (
    CONSENTS,
    CONTACTS,
    DROPPED,
    EXPORTED_AS,
    KEPT,
    UNSEEN,
    kept_value,
)
from services.sandbox.remembering.identifiers import alias_of, external_id_of
from services.sandbox.remembering.moments import moment_s
from services.sandbox.remembering.profiles import Profiles
from services.sandbox.remembering.room import make_room
from services.sandbox.world.people import NO_STATE, STATES, SUBSCRIBED, UNSUBSCRIBED, People

__all__ = ["Tracking", "braze_id", "moment_s", "push_tokens", "row_of_braze_id"]

IDENTIFIERS = frozenset(
    {"external_id", "braze_id", "user_alias", "_update_existing_only", "_merge_objects"}
)
APP_NAME = "App"  # the one app of every world
NOTHING_KNOWN = {"country": None, "language": None, "time_zone": None}


class Tracking:
    """Writes tracked objects to profiles. Identifiers, events and purchases have been checked
    before; a value no profile field can hold is dropped."""

    def __init__(self, people: People, profiles: Profiles, directory: Directory) -> None:
        self._people = people
        self._profiles = profiles
        self._directory = directory
        self._queue: list[tuple[float, int, dict[str, Any]]] = []
        self._queued = 0

    @property
    def next_s(self) -> float:
        """When the next write that waits becomes visible; infinity where none does."""
        return self._queue[0][0] if self._queue else math.inf

    def queue(self, body: dict[str, Any], now_s: float) -> None:
        """Write at once, or `delay_s` of the body later."""
        delay_s = float(body.get("delay_s", 0.0))
        if delay_s <= 0:
            self.write(body, now_s)
            return
        self._queued += 1
        heapq.heappush(self._queue, (now_s + delay_s, self._queued, body))

    def write_next(self) -> None:
        """Let the write that has waited longest take effect."""
        due_s, _, body = heapq.heappop(self._queue)
        self.write(body, due_s)

    def write(self, body: dict[str, Any], now_s: float) -> None:
        """Apply the three arrays in the order Braze does."""
        for attributes in body.get("attributes", []):
            row = self._row(attributes, now_s)
            if row is not None:
                self._set_all(row, attributes)
        for event in body.get("events", []):
            row = self._row(event, now_s)
            if row is not None:
                at_s = min(moment_s(event["time"]), now_s)
                self._profiles.events.note(row, str(event["name"]), at_s)
        for purchase in body.get("purchases", []):
            row = self._row(purchase, now_s)
            if row is not None:
                quantity = _quantity(purchase)
                at_s = min(moment_s(purchase["time"]), now_s)
                self._profiles.purchases.note(row, str(purchase["product_id"]), at_s, quantity)
                cents = round(100 * float(purchase["price"]) * quantity)
                self._profiles.revenue_cents[row] += cents

    def delete(self, rows: list[int]) -> None:
        """Remove profiles for good. Counters of campaigns keep what these people did."""
        for row in rows:
            self._people.created_s[row] = np.inf
            self._people.email_state[row] = self._people.push_state[row] = NO_STATE
            self._people.profile.pop(row, None)
            clear_attributes(self._people, row)
            self._directory.forget(row)

    def _row(self, item: dict[str, Any], now_s: float) -> int | None:
        """The person meant; nobody, where an unknown one may not be created."""
        directory = self._directory
        existing_only = item.get("_update_existing_only")
        alias = alias_of(item.get("user_alias"))
        name = external_id_of(item.get("external_id"))
        if name is not None:
            row = directory.of_external_id(name, now_s)
            if row is None and existing_only is not True:
                row = self._make(name, now_s)
            if row is not None and alias is not None:  # only in the attributes of a recipient
                directory.add_alias(row, *alias, now_s)
        elif alias is not None:
            row = directory.of_alias(*alias, now_s)
            if row is None and existing_only is False:
                row = self._make("", now_s)
                directory.add_alias(row, *alias, now_s)
        elif item.get("braze_id") is not None:
            row = directory.of_braze_id(item["braze_id"], now_s)
        else:
            row = self._by_contact(item, now_s, existing_only is True)
        if row is not None:
            directory.note_write(row)
        return row

    def _by_contact(self, item: dict[str, Any], now_s: float, existing_only: bool) -> int | None:
        """By e-mail address, else by phone number: identified people first, then the latest."""
        directory = self._directory
        kind = "email" if item.get("email") is not None else "phone"
        text = str(item[kind])
        find = directory.of_email if kind == "email" else directory.of_phone
        found = find(text, now_s)
        if found:
            return max(found, key=lambda r: (directory.identified(r), directory.last_write(r)))
        if existing_only:
            return None
        row = self._make("", now_s)
        self._set(row, kind, text, merge=False)
        return row

    def _make(self, name: str, now_s: float) -> int:
        """A profile with nothing on it. `name` is its external id, empty for none."""
        people = self._people
        row = people.row_of.get(name) if name else None
        if row is None:  # else somebody who would have joined later: the profile comes before
            row = len(people.external_ids)
            if row >= people.n_rows:
                make_room(people, self._profiles)
            people.external_ids.append(name)
            if name:
                people.row_of[name] = row
        people.created_s[row] = now_s
        people.email_state[row] = people.push_state[row] = NO_STATE
        people.profile[row] = dict(NOTHING_KNOWN)
        clear_attributes(people, row)
        self._people.made.add(row)
        return row

    def _set_all(self, row: int, item: dict[str, Any]) -> None:
        by_contact = not any(
            item.get(n) is not None for n in ("external_id", "user_alias", "braze_id")
        )
        found_by = "email" if item.get("email") is not None else "phone"
        merge = item.get("_merge_objects") is True
        for name, value in item.items():
            if name not in IDENTIFIERS and not (by_contact and name == found_by):
                self._set(row, name, value, merge=merge)

    def _set(self, row: int, name: str, value: Any, *, merge: bool) -> None:
        people = self._people
        if name in CONSENTS:
            states = people.email_state if name == "email_subscribe" else people.push_state
            if value in STATES:
                states[row] = STATES.index(value)
        elif name in CONTACTS:
            self._set_contact(row, name, value)
        elif name in KEPT:
            kept = kept_value(name, value)
            if kept is not DROPPED:
                people.profile.setdefault(row, {})[EXPORTED_AS.get(name, name)] = kept
        elif name == "push_tokens":
            self._add_tokens(row, value if isinstance(value, list) else None)
        elif name == "marked_email_as_spam_at":
            if value is not None:
                people.email_state[row] = UNSUBSCRIBED
        elif name not in UNSEEN:
            set_attribute(people, row, name, value, merge=merge)

    def _set_contact(self, row: int, kind: str, value: Any) -> None:
        text = value if isinstance(value, str) and value else None
        if value is not None and text is None:
            return
        self._directory.set_contact(kind, row, text)
        if kind == "email":
            state = self._people.email_state
            if text is None:
                state[row] = NO_STATE  # no address, no consent: nothing can reach it
            elif state[row] == NO_STATE:
                state[row] = SUBSCRIBED  # what Braze gives a new address

    def _add_tokens(self, row: int, tokens: Any) -> None:
        if tokens is None:
            self._people.profile.setdefault(row, {})["push_tokens"] = None
            return
        held = push_tokens(self._people, self._directory, row)
        for token in tokens:
            if not isinstance(token, dict) or not {"app_id", "token"} <= set(token):
                continue
            item: dict[str, Any] = {"app": token["app_id"], "platform": "iOS"}
            item["token"] = token["token"]
            if token.get("device_id"):
                item["device_id"] = token["device_id"]
                self._directory.add_device(row, token["device_id"])
            held.append(item | {"notifications_enabled": True})
        self._people.profile.setdefault(row, {})["push_tokens"] = held
        if tokens and self._people.push_state[row] == NO_STATE:
            self._people.push_state[row] = SUBSCRIBED


def push_tokens(people: People, directory: Directory, row: int) -> list[dict[str, Any]]:
    """The push tokens on a profile, a new list."""
    changed: Any = people.profile.get(row, {})
    if "push_tokens" in changed:
        return list(changed["push_tokens"] or [])
    born_with = directory.push_token(row)
    if born_with is None:
        return []
    own = {"app": APP_NAME, "platform": "iOS", "token": born_with, "notifications_enabled": True}
    return [own]


def _quantity(purchase: dict[str, Any]) -> int:
    quantity = purchase.get("quantity")
    return 1 if quantity is None else int(quantity)
