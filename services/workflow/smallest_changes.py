"""Changes of one attribute that are worth trying for "what would change the choice?"."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.audience.features import FeatureSpec, matrix
from services.decision.explaining import Candidate

ATTRIBUTE_PREFIX = "attr:"
NUMERIC_TRIES = (0.1, 0.3, 0.5, 0.7, 0.9)  # places in the audience that are looked into
MOST_WORDS = 6  # common values of an attribute that is a word


def changes(spec: FeatureSpec, person: pa.Table, audience: pa.Table) -> Iterator[Candidate]:
    """One attribute changed at a time: other common words, or other places in the audience.

    person, audience  snapshot rows of one day: one row, and all of them
    """
    for name in person.column_names:
        if not name.startswith(ATTRIBUTE_PREFIX):
            continue
        for value, text, size in _tries(person, audience, name):
            column = pa.array([value], person.schema.field(name).type)
            changed = person.set_column(person.schema.get_field_index(name), name, column)
            row = matrix(spec, changed)[0]
            yield Candidate(name.removeprefix(ATTRIBUTE_PREFIX), text, size, row)


def _tries(person: pa.Table, audience: pa.Table, name: str) -> Iterator[tuple[object, str, float]]:
    column = audience[name].drop_null()
    now = person[name][0].as_py()
    if len(column) == 0:
        return
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        values = column.to_numpy().astype(float)
        spread = float(values.std()) or 1.0
        for limit in np.unique(np.quantile(values, NUMERIC_TRIES)):
            size = abs(limit - now) / spread if now is not None else 1.0
            if size > 0:
                yield float(limit), f"{limit:.3g}", float(size)
        return
    common = sorted(pc.value_counts(column).to_pylist(), key=lambda one: -one["counts"])
    for place, one in enumerate(common[:MOST_WORDS]):
        if one["values"] != now:
            yield one["values"], str(one["values"]), 1.0 + place / 100
