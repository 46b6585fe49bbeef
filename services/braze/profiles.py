"""The border for people's data: what is let in of a profile, whatever Braze sends.

What is asked for is already only the agreed fields. This is the second gate: anything else in an
answer is dropped while it is read, before it reaches memory that lasts, a file or a log.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

# The set without personal data of Braze's export object, and what people did and received.
PLAIN_FIELDS = (
    "external_id",
    "created_at",
    "country",
    "language",
    "time_zone",
    "random_bucket",
    "email_subscribe",
    "push_subscribe",
    "total_revenue",
)
COUNTED_FIELDS = ("custom_events", "purchases")
RECEIVED_FIELDS = ("campaigns_received", "canvases_received")
ALLOWED_FIELDS = frozenset((*PLAIN_FIELDS, *COUNTED_FIELDS, *RECEIVED_FIELDS))

ENTRY_KEYS: Mapping[str, tuple[str, ...]] = {
    "custom_events": ("name", "first", "last", "count"),
    "purchases": ("name", "first", "last", "count"),
    "campaigns_received": ("api_campaign_id", "last_received", "in_control", "variation_api_id"),
    "canvases_received": (
        "api_canvas_id",
        "last_entered",
        "last_received_message",
        "last_entered_control_at",
        "in_control",
    ),
}
TEXT_FIELDS = frozenset(PLAIN_FIELDS) - {"random_bucket", "total_revenue"}

# Receipts are known by this id alone; what their campaign is called is not even looked at.
TARGET_KEY = {"campaigns_received": "api_campaign_id", "canvases_received": "api_canvas_id"}

MAX_TEXT_CHARS = 256  # a longer value is free text, where anything may stand
MAX_ID_BYTES = 987  # Braze docs, "User profile lifecycle"
MAX_EVENT_NAME_CHARS = 255  # Braze docs, "Event object"

PHONE_LIKE = (10**10, 10**15)  # whole numbers as long as one with its country code

_EMAIL = re.compile(r"[^\s@]@[^\s@]+\.[^\s@]", re.ASCII)
_PHONE = re.compile(
    r"(?<![\w.])(?:\+[ ().-]*(?:\d[ ().-]*){7,14}\d"  # international
    r"|\(?0\d[ ().-]*(?:\d[ ().-]*){6,10}\d"  # national with a leading zero
    r"|\(?\d{3}\)?[ .-]\d{3,4}[ .-]\d{4}"  # national in groups
    r"|\d{10,15})(?![\w])",  # digits only, as long as a number with its area is
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?.{0,6})?", re.ASCII)


@dataclass
class Tally:
    """What was read and what was held back. `held_back`: attribute → number of people."""

    n_people: int = 0
    n_quarantined: int = 0
    n_without_id: int = 0
    n_personal_ids: int = 0
    held_back: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Count in what was counted elsewhere."""
        self.n_people += other.n_people
        self.n_quarantined += other.n_quarantined
        self.n_without_id += other.n_without_id
        self.n_personal_ids += other.n_personal_ids
        for name, n in other.held_back.items():
            self.held_back[name] = self.held_back.get(name, 0) + n


class ProfileFilter:
    """Lets through the agreed fields and attributes of one profile and counts the rest.

    `attributes` are the agreed custom attributes; values must be a text, a number or a truth.
    """

    def __init__(
        self, fields: Iterable[str], attributes: Sequence[str], tally: Tally | None = None
    ) -> None:
        allowed = {"external_id", *(f for f in fields if f in ALLOWED_FIELDS)}
        self._plain = tuple(f for f in PLAIN_FIELDS if f in allowed)
        self._lists = tuple(
            (f, TARGET_KEY.get(f, "name"), ENTRY_KEYS[f])
            for f in (*COUNTED_FIELDS, *RECEIVED_FIELDS)
            if f in allowed
        )
        self._attributes = frozenset(attributes)
        self.tally = tally or Tally()

    def __call__(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return a new profile with only what is allowed. Absent stays absent."""
        kept: dict[str, Any] = {}
        for name in self._plain:
            value = raw.get(name)
            if value is not None and _is_plain(name, value):
                kept[name] = value
        if type(raw.get("external_id")) is int:
            kept["external_id"] = str(raw["external_id"])  # numbers are accepted and mean the text
        if "external_id" in kept:
            self.tally.n_people += 1
            if looks_personal(kept["external_id"], digits=False):
                self.tally.n_personal_ids += 1
        else:
            self.tally.n_without_id += 1
        for name, known_by, keys in self._lists:
            entries = raw.get(name)
            if isinstance(entries, list):
                kept[name] = [
                    {k: e[k] for k in keys if k in e}
                    for e in entries
                    if isinstance(e, dict) and _is_nameable(e.get(known_by))
                ]
        own = raw.get("custom_attributes")
        if self._attributes and isinstance(own, dict):
            kept["custom_attributes"] = self._agreed(own)
        return kept

    def _agreed(self, own: Mapping[str, Any]) -> dict[str, str | float | bool]:
        kept: dict[str, str | float | bool] = {}
        for name in self._attributes & own.keys():
            value = own[name]
            if value is None:
                continue
            if is_safe_value(value):
                kept[name] = value
            else:
                self.tally.held_back[name] = self.tally.held_back.get(name, 0) + 1
        return kept


def is_safe_value(value: object) -> bool:
    """Whether an attribute's value is a short text, number or truth that names nobody."""
    if isinstance(value, bool):
        return True
    if isinstance(value, int):
        return not PHONE_LIKE[0] <= abs(value) < PHONE_LIKE[1]
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str) and len(value) <= MAX_TEXT_CHARS and not looks_personal(value)


def looks_personal(text: str, *, digits: bool = True) -> bool:
    """Whether a text holds an email address or a phone number. Dates and times are neither.

    `digits` false asks about addresses only: customer numbers look like phone numbers.
    """
    if "@" in text and _EMAIL.search(text):
        return True
    if not digits or len(text) < 8 or text.isalpha():
        return False
    return _looks_like_phone(text)


@lru_cache(maxsize=4096)
def _looks_like_phone(text: str) -> bool:
    return _DATE.fullmatch(text) is None and _PHONE.search(text) is not None


def _is_plain(name: str, value: object) -> bool:
    if name in TEXT_FIELDS:
        if not isinstance(value, str):
            return False
        return is_usable_id(value) if name == "external_id" else is_plain_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def is_usable_id(text: str) -> bool:
    """Whether a text can be a customer id: Braze's longest, and nothing no database can keep."""
    return bool(text) and len(text.encode()) <= MAX_ID_BYTES and "\0" not in text


def is_plain_text(value: str) -> bool:
    """Whether a text can be a country, a zone or a state: neither free text nor an address."""
    return 0 < len(value) <= MAX_TEXT_CHARS and "@" not in value


def _is_nameable(name: object) -> bool:
    return isinstance(name, str) and names_nobody(name)


@lru_cache(maxsize=4096)
def names_nobody(name: str) -> bool:
    """Whether an event, a product or a target may be called so: systems that write such names may
    put an address into them.
    """
    return len(name) <= MAX_EVENT_NAME_CHARS and not looks_personal(name, digits=False)
