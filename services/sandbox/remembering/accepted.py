"""The body of an accepted send becomes people, and their messages go out.

A body is JSON in the journal: `target`, then whom it is for, then what they get.

people        external ids, or identifier objects as recipients have them; absent: a broadcast
attributes    objects as `users/track` takes them, written before the send
segment       id of the segment people must be in
audience      connected audience people must be in
properties    one object a person; `shared` instead: one for everybody
stream        id of the one variation everybody gets, `streams`: several, one message each;
              absent: one is drawn for each person
states        subscription states written to; `uncapped`: frequency caps overridden
send_id       what it is counted for
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from services.sandbox.remembering.audiences import in_audience
from services.sandbox.remembering.catalogue import Catalogue, Stream, Target
from services.sandbox.remembering.directory import NOBODY, Directory
from services.sandbox.remembering.fates import Terms
from services.sandbox.remembering.identifiers import resolve
from services.sandbox.remembering.membership import Membership
from services.sandbox.remembering.schedules import Part
from services.sandbox.remembering.sends import Sends
from services.sandbox.remembering.tracking import Tracking
from services.sandbox.world.hashing import key_of, uniforms
from services.sandbox.world.people import People


@dataclass(frozen=True)
class Accepted:
    """Lets accepted requests take effect, at once or when their schedule says so."""

    people: People
    catalogue: Catalogue
    directory: Directory
    membership: Membership
    tracking: Tracking
    sends: Sends

    def send(
        self, body: dict[str, Any], at_s: float, dispatch_id: str, part: Part | None = None
    ) -> None:
        """Send to everybody a body means at this moment, or to those of them whose part it is."""
        target = self.catalogue.by_id[body["target"]]
        if body.get("attributes"):
            self.tracking.write({"attributes": body["attributes"]}, at_s)
        rows, names = self._recipients(target, body, at_s)
        properties = body.get("properties") or [body.get("shared") or {}] * len(rows)
        if part is not None:
            mine = np.flatnonzero(self._of_part(rows, part)).tolist()
            names = {i: names[p] for i, p in enumerate(mine) if p in names}
            rows, properties = [rows[p] for p in mine], [properties[p] for p in mine]
        inside = self._inside(body, np.asarray(rows, dtype=np.int64), at_s)
        for streams in self._variations(target, body):
            terms = Terms(
                streams,
                "all" if body.get("all_states") else body.get("states", "subscribed"),
                body.get("uncapped", False),
                self.sends.send_ids.find(target.index, body.get("send_id")),
            )
            self.sends.accept(
                target,
                rows,
                names,
                properties,
                at_s=at_s,
                dispatch_id=dispatch_id,
                terms=terms,
                inside=inside,
                twins=self._twins(rows),
            )

    def _recipients(
        self, target: Target, body: dict[str, Any], at_s: float
    ) -> tuple[list[int], dict[int, str]]:
        """Rows, and the identifiers of those whom the log cannot name by their row."""
        people = body.get("people")
        if people is None:
            return self._everybody(target, body, at_s).tolist(), {}
        row_of, created_s = self.people.row_of, self.people.created_s
        rows: list[int] = []
        names: dict[int, str] = {}
        for position, item in enumerate(people):
            if isinstance(item, str):
                row = row_of.get(item, NOBODY)
                if row < 0 or created_s[row] > at_s:
                    row = NOBODY
                    names[position] = item
            else:
                found = resolve(self.directory, item, at_s)
                row = found.row
                if row < 0 or not self.directory.identified(row):
                    names[position] = found.name or orjson.dumps(item).decode()
            rows.append(row)
        return rows, names

    def _twins(self, rows: list[int]) -> list[int]:
        """Positions of recipients whose e-mail address an earlier one has too.

        Only profiles that `users/track` made can share one: a world gives each person another.
        """
        if self.people.made.isdisjoint(rows):
            return []
        seen: set[str] = set()
        twins = []
        for position, row in enumerate(rows):
            address = self.directory.email(row) if row >= 0 else None
            if address is not None:
                if address.casefold() in seen:
                    twins.append(position)
                seen.add(address.casefold())
        return twins

    def _everybody(self, target: Target, body: dict[str, Any], at_s: float) -> NDArray[np.int64]:
        """Whom a broadcast is for: everybody in every audience it names."""
        rows = np.flatnonzero(self.people.alive(at_s))
        inside = self._inside(body, rows, at_s)
        if inside is not None:
            rows = rows[inside]
        if target.spec.segment is not None:
            rows = rows[self.membership.in_segment(target.spec.segment, rows, at_s)]
        return rows

    def _inside(
        self, body: dict[str, Any], rows: NDArray[np.int64], at_s: float
    ) -> NDArray[np.bool_] | None:
        inside = None
        if body.get("segment") is not None:
            segment = self.catalogue.segments[body["segment"]]
            inside = self.membership.in_segment(segment.key, rows, at_s)
        if body.get("audience") is not None:
            wanted = in_audience(self.membership, body["audience"], rows, at_s)
            inside = wanted if inside is None else inside & wanted
        return inside

    def _of_part(self, rows: list[int], part: Part) -> NDArray[np.bool_]:
        """Whose turn it is. Who has no profile counts as living in the first zone."""
        people = np.asarray(rows, dtype=np.int64)
        zone = np.where(people >= 0, self.people.zone[people], 0)
        mine = np.ones(len(people), bool)
        if part.zone is not None:
            mine &= zone == part.zone
        if part.hour is not None:
            mine &= best_hours(self.sends.world.hour_rhythm, self.people.seed, people) == part.hour
        return mine

    def _variations(self, target: Target, body: dict[str, Any]) -> list[tuple[Stream, ...] | None]:
        """Messages go out in turn; None = Braze draws a variation for each person."""
        wanted = body.get("streams") or ([body["stream"]] if "stream" in body else None)
        if wanted is None:
            return [None]
        by_id = {stream.id: stream for stream in target.streams}
        return [(by_id[stream_id],) for stream_id in wanted]


def best_hours(
    rhythm: tuple[float, ...], seed: int, people: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The hour of the day at which each person is most likely to look, int (n,), 0 to 23."""
    edges = np.cumsum(rhythm) / np.sum(rhythm)
    hours = np.searchsorted(edges, uniforms(key_of(seed, "best hour"), people), side="right")
    return np.asarray(np.minimum(hours, 23), dtype=np.int64)
