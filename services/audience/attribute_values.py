"""One agreed attribute's values over everybody, while an export is gathered: by kind, aligned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from services.audience.model import Kind
from services.braze.bulk import ATTRIBUTE_TYPES, of_kinds

ARROW = {Kind.NUMBER: pa.float64(), Kind.TEXT: pa.string(), Kind.TRUTH: pa.bool_()}


class Values:
    """Values of mixed kinds, a row a person; most attributes have one kind and gaps."""

    def __init__(self, values: Sequence[Any] = ()) -> None:
        self._chunks: list[tuple[int, Mapping[str, pa.Array]]] = []
        self.n_of = dict.fromkeys(ARROW, 0)
        if values:
            self.add(len(values), of_kinds(values))

    @property
    def n_given(self) -> int:
        """How many people have a value."""
        return sum(self.n_of.values())

    def add(self, n_rows: int, by_kind: Mapping[str, pa.Array]) -> None:
        """More people: an array of `n_rows` for each kind that occurs among them."""
        self._chunks.append((n_rows, by_kind))
        for kind, values in by_kind.items():
            self.n_of[Kind(kind)] += len(values) - values.null_count

    def column(self, kind: Kind) -> pa.Array:
        """The values of one kind; null where there is none or one of another kind."""
        typed = ATTRIBUTE_TYPES[kind.value]
        chunks = [
            by[kind.value] if kind.value in by else pa.nulls(n, typed) for n, by in self._chunks
        ]
        return pa.chunked_array(chunks, typed).cast(ARROW[kind]).combine_chunks()

    def keep(self, rows: pa.Array) -> None:
        """Leave only these rows, in this order (positions, int64)."""
        kept = {}
        for kind, n in self.n_of.items():
            if n:
                typed = ATTRIBUTE_TYPES[kind.value]
                chunks = [
                    by[kind.value] if kind.value in by else pa.nulls(n_rows, typed)
                    for n_rows, by in self._chunks
                ]
                whole = pa.chunked_array(chunks, typed).unify_dictionaries()
                kept[kind.value] = whole.combine_chunks().take(rows)
        self._chunks = []
        self.n_of = dict.fromkeys(ARROW, 0)
        self.add(len(rows), kept)
