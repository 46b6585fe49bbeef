"""What the page Audience shows: segments of the account, how many people, who is where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow.compute as pc

from services.database.engine import Database
from services.experiment.audience_problems import PERSONAL
from services.experiment.model import Channel, DimensionKind, Experiment, Group
from services.experiment.store import experiments
from services.intents.model import Intent, IntentKind
from services.intents.store import latest
from services.lake import Lake
from services.workflow.reading.store import (
    CatalogueRow,
    catalogue_page,
    catalogue_rows,
    count_active_elsewhere,
    refreshed_at,
)

SEGMENTS_A_PAGE = 25
DAYS_OF_TREND = 30
USABLE_KINDS = ("number", "text", "truth")  # times, lists and objects are no feature


@dataclass(frozen=True)
class SegmentLine:
    """One Braze segment. `size` is None where Braze gave none; `trend` has one size a day."""

    id: str
    name: str
    size: int | None
    trend: tuple[int, ...]
    refreshed_at: float


@dataclass(frozen=True)
class People:
    """How many people the chosen segments hold. Exact after the first export, else `about`."""

    total: int
    exact_on: date | None
    in_segments: int
    elsewhere: Mapping[str, int]

    @property
    def about(self) -> bool:
        """Whether the figure is Braze's own estimate, people in two segments counted twice."""
        return self.exact_on is None

    @property
    def free(self) -> int:
        """Those that no other running experiment has."""
        return self.total - sum(self.elsewhere.values())


@dataclass(frozen=True)
class Attribute:
    """A custom attribute that some people have. `coverage` is the share of people with a value."""

    name: str
    kind: str
    coverage: float | None


@dataclass(frozen=True)
class Attributes:
    """What was found when somebody looked, without a single value."""

    found: tuple[Attribute, ...]
    personal: tuple[str, ...]
    last_look: Intent | None


def segments_page(
    database: Database, search: str, page: int
) -> tuple[list[SegmentLine], int, float | None]:
    """Segments whose name contains `search`, page 1 first; how many in all; when last read."""
    rows, total = catalogue_page(
        database,
        "segment",
        search=search,
        offset=(page - 1) * SEGMENTS_A_PAGE,
        limit=SEGMENTS_A_PAGE,
    )
    return [_line(row) for row in rows], total, refreshed_at(database, "segment")


def chosen_segments(database: Database, ids: Sequence[str]) -> list[SegmentLine]:
    """The chosen segments that the account still has."""
    return [_line(row) for row in catalogue_rows(database, "segment", ids)]


def people_in(
    database: Database, lake: Lake, experiment_id: str, chosen: Sequence[SegmentLine]
) -> People | None:
    """People of the audience, or None while nothing is known about any chosen segment."""
    in_segments = sum(line.size or 0 for line in chosen)
    day = lake.latest_day("snapshots", experiment_id)
    if day is None:
        known = any(line.size is not None for line in chosen)
        return People(in_segments, None, in_segments, {}) if known else None
    table = lake.read(
        "snapshots", experiment_id, since=day, until=day, columns=["person", "in_audience"]
    )
    inside = table.filter(pc.field("in_audience"))
    people = set(inside["person"].to_numpy().tolist())
    names = {row.id: row.name for row in experiments(database)}
    elsewhere = count_active_elsewhere(database, experiment_id, people)
    return People(
        len(people),
        day,
        in_segments,
        {names.get(other, other): count for other, count in elsewhere.items()},
    )


def split(people: int, experiment: Experiment) -> list[tuple[Group, float, int]]:
    """(group, share, people) for the four groups, in the order of every chart."""
    shares = [(group, experiment.groups.of(group)) for group in Group]
    return [(group, share, round(share * people)) for group, share in shares]


def attributes_of(
    database: Database, experiment_id: str, document: Mapping[str, Any]
) -> Attributes:
    """Attributes found by the last look, and those the draft already names."""
    look = latest(database, IntentKind.DISCOVER_ATTRIBUTES, experiment_id=experiment_id)
    result: Mapping[str, Any] = (look.result or {}) if look is not None else {}
    rows = [dict(row) for row in result.get("attributes", ())]
    found = [
        Attribute(str(row["name"]), str(row.get("kind", "")), row.get("coverage_share"))
        for row in rows
        if not row.get("personal") and row.get("kind") in USABLE_KINDS
    ]
    agreed = (document.get("audience") or {}).get("attributes") or ()
    known = {row.name for row in found}
    found += [Attribute(name, "", None) for name in agreed if name not in known]
    personal = sorted({str(row["name"]) for row in rows if row.get("personal")})
    return Attributes(
        tuple(row for row in found if not is_personal(row.name)), tuple(personal), look
    )


def is_personal(name: str) -> bool:
    """Whether the name is one under which personal data are kept: never asked for."""
    return name.strip().casefold().replace(" ", "_").replace("-", "_") in PERSONAL


def sends_sms(experiment: Experiment) -> bool:
    """Whether one of the options is SMS, which needs a named consent."""
    return any(
        option.value == Channel.SMS
        for dimension in experiment.dimensions
        if dimension.kind is DimensionKind.CHANNEL
        for option in dimension.options
    )


def _line(row: CatalogueRow) -> SegmentLine:
    sizes = row.document.get("sizes") or ()
    trend = tuple(int(point["size"]) for point in sizes if point.get("size") is not None)
    size = row.document.get("size")
    if size is None and trend:
        size = trend[-1]
    return SegmentLine(
        row.id,
        row.name,
        None if size is None else int(size),
        trend[-DAYS_OF_TREND:],
        row.refreshed_at,
    )
