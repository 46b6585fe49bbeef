"""What `users/track` wrote: attributes, events and purchases of one accepted request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from services.sandbox.remembering.profiles import Profiles
from services.sandbox.world.people import MISSING, STATES, Column, People

PROFILE_FIELDS = frozenset(
    {"first_name", "last_name", "email", "phone", "dob", "gender", "home_city", "country"}
    | {"language", "time_zone"}
)
IDENTIFIERS = frozenset({"external_id", "braze_id", "user_alias", "_update_existing_only"})


class Tracking:
    """Writes tracked objects to profiles. They have been checked before."""

    def __init__(self, people: People, profiles: Profiles) -> None:
        self._people = people
        self._profiles = profiles

    def write(self, body: dict[str, Any], now_s: float) -> None:
        """Apply the three arrays in the order Braze does."""
        for attributes in body.get("attributes", []):
            row = self._row(attributes, now_s)
            if row is not None:
                for name, value in attributes.items():
                    if name not in IDENTIFIERS:
                        self._set(row, name, value)
        for event in body.get("events", []):
            row = self._row(event, now_s)
            if row is not None:
                column = self._profiles.events.column(str(event["name"]))
                at = np.array([min(moment_s(event["time"]), now_s)])
                self._profiles.events.add(np.array([row]), column, at)
        for purchase in body.get("purchases", []):
            row = self._row(purchase, now_s)
            if row is not None:
                quantity = int(purchase.get("quantity", 1))
                column = self._profiles.purchases.column(str(purchase["product_id"]))
                at = np.array([min(moment_s(purchase["time"]), now_s)])
                self._profiles.purchases.add(np.array([row]), column, at, quantity)
                cents = round(100 * float(purchase["price"]) * quantity)
                self._profiles.revenue_cents[row] += cents

    def _row(self, item: dict[str, Any], now_s: float) -> int | None:
        """The person meant; an unknown external id becomes a new profile while rows are spare."""
        people = self._people
        if "braze_id" in item:
            return row_of_braze_id(people, item["braze_id"])
        name = str(item["external_id"])
        row = people.row_of.get(name)
        if row is not None or item.get("_update_existing_only") is True:
            return row
        row = len(people.external_ids)
        if row >= people.n_rows:
            return None
        people.external_ids.append(name)
        people.row_of[name] = row
        people.created_s[row] = now_s
        for column in people.columns.values():
            column.values[row] = MISSING if column.categories else np.nan
        people.push_state[row] = STATES.index(None)
        return row

    def _set(self, row: int, name: str, value: Any) -> None:
        people = self._people
        if name in ("email_subscribe", "push_subscribe"):
            states = people.email_state if name == "email_subscribe" else people.push_state
            states[row] = STATES.index(value)
        elif name in PROFILE_FIELDS:
            people.profile.setdefault(row, {})[name] = value
        elif not _fits(people.columns.get(name), row, value):
            people.overrides.setdefault(row, {})[name] = value
        elif row in people.overrides:
            people.overrides[row].pop(name, None)


def _fits(column: Column | None, row: int, value: Any) -> bool:
    """Write the value into the world's own column where its type agrees."""
    if column is None:
        return False
    if value is None:
        column.values[row] = MISSING if column.categories else np.nan
    elif column.categories and isinstance(value, str):
        if value not in column.categories:
            column.categories.append(value)
        column.values[row] = column.categories.index(value)
    elif not column.categories and column.flag == isinstance(value, bool):
        if not isinstance(value, int | float):
            return False
        column.values[row] = float(value)
    else:
        return False
    return True


def moment_s(text: Any) -> float:
    """Epoch seconds of an ISO 8601 time; without a zone it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(str(text))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def braze_id(people: People, row: int) -> str:
    """The 24 hex digits Braze would have given to a row."""
    return f"{people.seed & 0xFFFFFFFF:08x}5a6d0b1e{row:08x}"


def row_of_braze_id(people: People, text: object) -> int | None:
    """The row behind a Braze id, or None."""
    if not isinstance(text, str) or len(text) != 24:
        return None
    try:
        row = int(text[16:], 16)
    except ValueError:
        return None
    return row if row < len(people.external_ids) and braze_id(people, row) == text else None
