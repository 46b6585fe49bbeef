"""Data frames of people as the tables that features are made of.

The kind of a column (number, truth, text, moment) is settled once, by the first people seen; later
frames are read the same way, so that a file that suddenly has numbers as text changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import numpy as np
import pandas as pd
import pyarrow as pa

from services.errors import DataError
from services.messages import msg

PREFIX = "attr:"  # what agreed attributes are called in a snapshot


class ColumnKind(StrEnum):
    """How a column is read."""

    NUMBER = "number"
    TRUTH = "truth"
    TEXT = "text"
    MOMENT = "moment"


def kinds_of(people: pd.DataFrame) -> dict[str, ColumnKind]:
    """The kind of every column. Raises DataError where two columns have the same name."""
    names = [str(name) for name in people.columns]
    if len(set(names)) < len(names):
        raise DataError(
            msg("Two columns of the people have the same name."),
            hint=msg("Nothing was chosen or learnt. Rename one of them."),
        )
    return {name: _kind(people.iloc[:, place]) for place, name in enumerate(names)}


def table_of(people: pd.DataFrame, kinds: Mapping[str, ColumnKind]) -> pa.Table:
    """The people as a table with one `attr:` column for each known column.

    A value that cannot be read as the column's kind, and a column that is not there, is missing.
    Columns that were not there before are left out.
    """
    by_name = {str(name): people.iloc[:, place] for place, name in enumerate(people.columns)}
    nothing = pd.Series([None] * len(people), dtype=object)
    columns = {PREFIX + name: _read(by_name.get(name, nothing), k) for name, k in kinds.items()}
    if not columns:  # a table without columns would have no rows either
        columns = {PREFIX: pa.nulls(len(people), pa.float64())}
    return pa.table(columns)


def _kind(column: pd.Series) -> ColumnKind:
    if pd.api.types.is_datetime64_any_dtype(column):
        return ColumnKind.MOMENT
    if pd.api.types.is_bool_dtype(column):
        return ColumnKind.TRUTH
    if pd.api.types.is_numeric_dtype(column):
        return ColumnKind.NUMBER
    given = column.dropna()
    if len(given) == 0:
        return ColumnKind.TEXT
    if all(isinstance(value, bool | np.bool_) for value in given):
        return ColumnKind.TRUTH
    if all(isinstance(value, int | float | np.number) for value in given):
        return ColumnKind.NUMBER
    return ColumnKind.TEXT


def _read(column: pd.Series, kind: ColumnKind) -> pa.Array:
    match kind:
        case ColumnKind.NUMBER:
            numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
            return pa.array(np.where(np.isfinite(numbers), numbers, np.nan), pa.float64())
        case ColumnKind.MOMENT:
            moments = pd.to_datetime(column, errors="coerce", utc=True, format="mixed")
            return pa.array(moments.dt.as_unit("us"), pa.timestamp("us", "UTC"))
        case ColumnKind.TRUTH:
            return pa.array([_truth(value) for value in column], pa.bool_())
        case ColumnKind.TEXT:
            missing = column.isna().to_numpy(bool)
            texts = [None if gone else str(v) for v, gone in zip(column, missing, strict=True)]
            return pa.array(texts, pa.string())


def _truth(value: object) -> bool | None:
    return bool(value) if isinstance(value, bool | np.bool_) else None
