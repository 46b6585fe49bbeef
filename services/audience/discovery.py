"""Which custom attributes a workspace has: name, kind, coverage. Values are dropped in memory."""

from __future__ import annotations

import hashlib
import heapq
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.audience.model import FoundAttribute, Kind
from services.braze.client import BrazeClient
from services.braze.profiles import looks_personal
from services.braze.segment_export import DEADLINE_S, export_segment
from services.braze.users import custom_attributes

MAX_PEOPLE = 500
MAX_PERSONAL_SHARE = 0.01  # of an attribute's texts: above it the attribute names people
MAX_DISTINCT_SHARE = 0.9  # of an attribute's texts: above it a text is somebody's own, as an id is
MIN_TEXTS = 20  # below this many a share says nothing
MAX_NAMES = 10_000  # a workspace with more is not listed whole

_PERSONAL_NAME = re.compile(
    r"(^|[^a-z])(e?-?mail|phone|mobile|msisdn|(first|last|full|sur|maiden)[ _-]?name|address"
    r"|street|postcode|zip|birth(day|date)?|dob|passport|ssn|iban|latitude|longitude)([^a-z]|$)"
)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?", re.ASCII)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True)
class Discovered:
    """Attributes, the most widespread first, and how many people were looked at."""

    attributes: tuple[FoundAttribute, ...]
    n_people: int


def discover_attributes(
    client: BrazeClient,
    segment_ids: Sequence[str],
    *,
    n_people: int = MAX_PEOPLE,
    deadline_s: float = DEADLINE_S,
) -> Discovered:
    """Look at the profiles of at most `n_people` people of the segments. Raises BrazeError,
    DataError.

    Who is looked at follows from a hash of the ids, so that asking again asks about the same.
    """
    ids: dict[str, None] = {}
    for segment_id in segment_ids:
        for profile in export_segment(client, segment_id, ["external_id"], deadline_s=deadline_s):
            if profile.get("external_id"):
                ids[profile["external_id"]] = None
    chosen = heapq.nsmallest(
        min(n_people, MAX_PEOPLE),
        ids,
        key=lambda i: hashlib.blake2b(i.encode(), digest_size=8).digest(),
    )
    return summarise(custom_attributes(client, chosen), len(chosen))


def summarise(profiles: Iterable[Mapping[str, Any]], n_people: int) -> Discovered:
    """Name, kind and coverage of every attribute of these people's profiles; no value is kept."""
    kinds: dict[str, Counter[Kind]] = {}
    n_personal: Counter[str] = Counter()
    texts: dict[str, set[int]] = {}  # what texts there are, by their hashes
    for profile in profiles:
        for name, value in profile.items():
            if value is None or (name not in kinds and len(kinds) >= MAX_NAMES):
                continue
            kinds.setdefault(name, Counter())[_kind(value)] += 1
            if isinstance(value, str):
                n_personal[name] += looks_personal(value)
                texts.setdefault(name, set()).add(hash(value))
    found = []
    for name, seen in kinds.items():
        n_seen = sum(seen.values())
        kind = min(seen, key=lambda k: (-seen[k], k.value))
        personal = n_personal[name] > MAX_PERSONAL_SHARE * n_seen or _names_people(name)
        n_texts = seen[Kind.TEXT]
        if n_texts >= MIN_TEXTS and len(texts[name]) > MAX_DISTINCT_SHARE * n_texts:
            personal = True  # a card's number, a handle: it says who, and nothing to learn from
        found.append(FoundAttribute(name, kind, n_seen / max(n_people, 1), personal))
    return Discovered(tuple(sorted(found, key=lambda a: (-a.coverage_share, a.name))), n_people)


def _kind(value: object) -> Kind:
    if isinstance(value, bool):
        return Kind.TRUTH
    if isinstance(value, int | float):
        return Kind.NUMBER
    if isinstance(value, str):
        return Kind.TIME if _TIME.fullmatch(value) else Kind.TEXT
    return Kind.LIST if isinstance(value, list) else Kind.OBJECT


def _names_people(name: str) -> bool:
    """Whether an attribute's own name says that it is personal: `contactEmail`, `home phone`."""
    return _PERSONAL_NAME.search(_HUMP.sub("_", name).lower()) is not None
