"""Whether people meet a condition on one attribute. What is not known meets no condition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from services.errors import DataError
from services.experiment.model import Comparison
from services.messages import msg

ATTRIBUTE_PREFIX = "attr:"  # columns of agreed attributes in a snapshot

Bools = npt.NDArray[np.bool_]


def meets(
    table: pa.Table, attribute: str, comparison: Comparison, value: str | float | bool | None
) -> Bools:
    """bool (n_people,): who meets "`attribute` `comparison` `value`".

    `attribute` is an agreed attribute, or a standard column of the snapshot such as `country`.
    Somebody whose value is not known meets nothing, "is not" included: Anneal cannot tell.
    Text is compared without regard to case and surrounding blanks.

    Raises DataError where the snapshot has no such column.
    """
    column = _column(table, attribute)
    known: Bools = column.notna().to_numpy(bool)
    if comparison is Comparison.KNOWN:
        return known
    if comparison in (Comparison.ABOVE, Comparison.BELOW):
        limit = _number(value)
        numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        if limit is None:
            return np.zeros(len(column), bool)
        with np.errstate(invalid="ignore"):
            over = numbers > limit if comparison is Comparison.ABOVE else numbers < limit
        return np.asarray(over & known)
    same = _same(column, value)
    return known & same if comparison is Comparison.IS else known & ~same


def _column(table: pa.Table, attribute: str) -> pd.Series:
    for name in (ATTRIBUTE_PREFIX + attribute, attribute):
        if name in table.column_names:
            column: pd.Series = table.column(name).to_pandas()
            return column
    raise DataError(
        msg("The people's data lack the attribute “{name}”, which a rule needs.", name=attribute),
        hint=msg(
            "Nothing was decided. Agree to the attribute on the page Audience, or drop the rule."
        ),
    )


def _same(column: pd.Series, value: str | float | bool | None) -> Bools:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        number = _number(value)
        if number is None:
            return np.zeros(len(column), bool)
        return np.asarray(column.to_numpy(np.float64, na_value=np.nan) == number)
    wanted = _word(value)
    return np.array([_word(seen) == wanted for seen in column], bool)


def _word(value: object) -> str:
    """Text to compare. Braze keeps yes/no both as booleans and as text, people type either."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    word = str(value).strip().casefold()
    return {"yes": "true", "no": "false"}.get(word, word)


def _number(value: str | float | bool | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
