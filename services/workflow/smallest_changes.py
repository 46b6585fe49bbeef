"""Changes of one attribute that are worth trying for "what would change the choice?"."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.audience.features import FeatureSpec, matrix
from services.decision.explaining import Candidate

ATTRIBUTE_PREFIX = "attr:"
N_NUMBERS = 33  # places in the audience, evenly spread, that a number is moved to
MOST_WORDS = 12  # common values of an attribute that is a word

Bools = npt.NDArray[np.bool_]


def changes(
    spec: FeatureSpec,
    person: pa.Table,
    audience: pa.Table,
    eligible_of: Callable[[pa.Table], Bools],
) -> list[Candidate]:
    """One attribute changed at a time: other common words, or other places in the audience.

    person, audience  snapshot rows of one day: one row, and all of them
    eligible_of       what people with such rows might get: bool (n_rows, n_combinations). A rule
                      may ask for the very attribute that is changed
    """
    tries = [
        (name, value, text, size)
        for name in person.column_names
        if name.startswith(ATTRIBUTE_PREFIX)
        for value, text, size in _tries(person, audience, name)
    ]
    if not tries:
        return []
    changed = pa.concat_tables([_changed(person, name, value) for name, value, _, _ in tries])
    rows, eligible = matrix(spec, changed), eligible_of(changed)
    return [
        Candidate(name.removeprefix(ATTRIBUTE_PREFIX), text, size, rows[i], eligible[i])
        for i, (name, _, text, size) in enumerate(tries)
    ]


def _changed(person: pa.Table, name: str, value: object) -> pa.Table:
    at = person.schema.get_field_index(name)
    return person.set_column(at, name, pa.array([value], person.schema.field(name).type))


def _tries(person: pa.Table, audience: pa.Table, name: str) -> Iterator[tuple[object, str, float]]:
    column = audience[name].drop_null()
    now = person[name][0].as_py()
    if len(column) == 0:
        return
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        values = column.to_numpy().astype(float)
        spread = float(values.std()) or 1.0
        for limit in np.unique(np.quantile(values, np.linspace(0.02, 0.98, N_NUMBERS))):
            shown = float(f"{limit:.3g}")  # what is said is what was tried
            size = abs(shown - now) / spread if now is not None else 1.0
            if size > 0:
                yield shown, f"{shown:g}", float(size)
        return
    common = sorted(pc.value_counts(column).to_pylist(), key=lambda one: -one["counts"])
    for place, one in enumerate(common[:MOST_WORDS]):
        if one["values"] != now:
            yield one["values"], str(one["values"]), 1.0 + place / 100
