"""Filtered profiles in bulk into the three tables of a snapshot, each person once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.audience.attribute_values import Values
from services.braze.bulk import COUNTED, PEOPLE, RECEIVED, Bulk, bulk_of
from services.braze.moments import MOMENT, moments
from services.braze.temporary import PREFIX

ROWS_A_TABLE = 1_000_000  # of counters and receipts; tens of MB

__all__ = ["MOMENT", "Columns", "moments"]


class Columns:
    """Gathers profiles; a person seen before (in another segment) is left out by `settle`."""

    def __init__(self, attributes: Sequence[str]) -> None:
        self.attributes: dict[str, Values] = {name: Values() for name in attributes}
        self.n_rows = 0
        self._people: list[pa.Table] = []
        self._counted: list[pa.Table] = []
        self._received: list[pa.Table] = []
        self._n_settled = 0

    @property
    def ids(self) -> pa.Array:
        """Customer ids, a row each; everybody once after `settle`."""
        return pa.concat_tables(self._people or [PEOPLE.empty_table()])[
            "external_id"
        ].combine_chunks()

    def add(self, profiles: Sequence[Mapping[str, Any]]) -> None:
        """Take some profiles in that were read one by one."""
        self.add_bulk(bulk_of(profiles, self.attributes))

    def add_bulk(self, bulk: Bulk) -> None:
        """Take some thousand people in."""
        for name, values in self.attributes.items():
            values.add(len(bulk), bulk.attributes.get(name, {}))
        self._people.append(bulk.people)
        self._counted.append(_moved(bulk.counted, self.n_rows))
        self._received.append(_moved(bulk.received, self.n_rows))
        self.n_rows += len(bulk)

    def settle(self) -> int:
        """Drop who has no id, our own test profiles, and who stands twice but for the first time.

        Returns people left.
        """
        ids = self.ids
        ids = pc.if_else(pc.starts_with(ids, PREFIX), None, ids)
        coded = ids.dictionary_encode().indices
        known = pc.is_valid(coded).to_numpy(zero_copy_only=False)
        positions = np.flatnonzero(known)
        first = np.unique(coded.drop_null().to_numpy(), return_index=True)[1]
        rows = np.sort(positions[first])
        if len(rows) < self.n_rows:
            self._keep(rows)
        self.n_rows = len(rows)
        return self.n_rows

    def people(self, persons: pa.Array, n_audience: int) -> pa.Table:
        """The snapshot without its attributes; `persons` int64, one a row, null = left out. The
        first `n_audience` rows are in the audience.
        """
        table = pa.concat_tables(self._people)
        columns: dict[str, Any] = {
            "person": persons,
            "in_audience": pa.array(np.arange(self.n_rows) < n_audience),
        }
        columns |= {name: _plain(table[name]) for name in PEOPLE.names if name != "external_id"}
        return pa.table(columns)

    def counters(self, persons: pa.Array) -> Iterator[pa.Table]:
        """How often each person did or bought what, over all time; `first` and `last` moments.

        At most ROWS_A_TABLE rows at a time, and at least one table; what was given is forgotten.
        """
        parts, self._counted = self._counted, []
        return _of_persons(parts, COUNTED, persons)

    def received(self, persons: pa.Array) -> Iterator[pa.Table]:
        """Which campaign and Canvas each person got last when. As `counters`."""
        parts, self._received = self._received, []
        return _of_persons(parts, RECEIVED, persons)

    def _keep(self, rows: np.ndarray) -> None:
        place = np.full(self.n_rows, -1, np.int64)
        place[rows] = np.arange(len(rows))
        taken = pa.array(rows)
        self._people = [pa.concat_tables(self._people).unify_dictionaries().take(taken)]
        for values in self.attributes.values():
            values.keep(taken)
        self._counted = [_replaced(t, place) for t in self._counted]
        self._received = [_replaced(t, place) for t in self._received]


def _moved(table: pa.Table, n_rows: int) -> pa.Table:
    if n_rows == 0:
        return table
    return table.set_column(0, table.field(0), pc.add(table["row"], pa.scalar(n_rows, pa.int32())))


def _replaced(table: pa.Table, place: np.ndarray) -> pa.Table:
    """Rows of people who stay, under their new numbers."""
    rows = place[table["row"].to_numpy()]
    moved = table.set_column(0, table.field(0), pa.array(rows, pa.int32()))
    return moved.filter(pa.array(rows >= 0))


def _of_persons(
    parts: Sequence[pa.Table], schema: pa.Schema, persons: pa.Array
) -> Iterator[pa.Table]:
    whole = pa.concat_tables(parts or [schema.empty_table()])
    for start in range(0, max(whole.num_rows, 1), ROWS_A_TABLE):
        table = whole.slice(start, ROWS_A_TABLE)
        columns = {"person": persons.take(table["row"].cast(pa.int64()))}
        yield pa.table(columns | {n: _plain(table[n]) for n in schema.names if n != "row"})


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Without dictionaries: facts are read without knowing how they were written."""
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
