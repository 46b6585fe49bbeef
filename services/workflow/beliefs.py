"""What is believed, kept as facts: one part a version, one row each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from services.audience.features import FeatureSpec
from services.decision.model import Belief
from services.errors import DataError
from services.lake import Lake, Part
from services.messages import msg

BELIEFS = "beliefs"
CADENCE_BELIEFS = "cadence_beliefs"  # about the weekly choice of rhythm


REMEMBERED = 8  # beliefs held in memory, by the hash of their file: they cannot go stale


@dataclass(frozen=True)
class KeptBelief:
    """A belief and the features it speaks of."""

    belief: Belief
    spec: FeatureSpec
    digest: str


_known: dict[str, KeptBelief] = {}


def latest_belief(
    lake: Lake, experiment_id: str, *, until: date | None = None, kind: str = BELIEFS
) -> KeptBelief | None:
    """The newest belief kept up to and including `until`, or None before the first.

    The belief of the cycle on a day is kept under that day.
    """
    part = lake.newest(kind, experiment_id, until=until)
    return None if part is None else _recalled(lake, part)


def belief_named(
    lake: Lake, experiment_id: str, digest: str, *, until: date, kind: str = BELIEFS
) -> KeptBelief:
    """The belief a day was decided with. Raises DataError where it is no longer stored."""
    for part in reversed(lake.parts(kind, experiment_id, until=until)):
        if part.sha256 == digest:
            return _recalled(lake, part)
    raise DataError(
        msg("The belief that {day} was decided with is no longer stored.", day=until),
        hint=msg("Nothing was changed. Restore the facts from a backup."),
    )


def keep_belief(
    lake: Lake,
    experiment_id: str,
    day: date,
    belief: Belief,
    spec: FeatureSpec,
    parent: str,
    *,
    kind: str = BELIEFS,
) -> KeptBelief:
    """Keep one version. Writing the same version again changes nothing."""
    table = pa.table({name: _cell(value) for name, value in belief.to_columns().items()})
    part = lake.append(
        kind,
        experiment_id,
        day,
        table,
        key=str(belief.version),
        meta={"features": json.loads(spec.to_json()), "parent": parent},
    )
    return _remembered(KeptBelief(belief, spec, part.sha256))


def _cell(value: object) -> pa.Array:
    """A column of one row; an array goes in as it is, without a Python number for each entry."""
    if isinstance(value, np.ndarray):
        return pa.ListArray.from_arrays(pa.array([0, len(value)], pa.int32()), pa.array(value))
    return pa.array([value])


def _recalled(lake: Lake, part: Part) -> KeptBelief:
    known = _known.get(part.sha256)
    return known if known is not None else _remembered(_read(lake, part))


def _remembered(kept: KeptBelief) -> KeptBelief:
    while len(_known) >= REMEMBERED:
        del _known[next(iter(_known))]
    _known[kept.digest] = kept
    return kept


def _read(lake: Lake, part: Part) -> KeptBelief:
    table = lake.load([part])
    row: Mapping[str, Any] = {
        name: table[name][0].values.to_numpy()
        if pa.types.is_list(table[name].type)
        else table[name][0].as_py()
        for name in table.column_names
    }
    spec = FeatureSpec.from_json(json.dumps(part.meta["features"]))
    return KeptBelief(Belief.from_columns(row), spec, part.sha256)
