"""What is believed, kept as facts: one part a version, one row each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from services.audience.features import FeatureSpec
from services.decision.model import Belief
from services.lake import Lake, Part

BELIEFS = "beliefs"
CADENCE_BELIEFS = "cadence_beliefs"  # about the weekly choice of rhythm


@dataclass(frozen=True)
class KeptBelief:
    """A belief and the features it speaks of."""

    belief: Belief
    spec: FeatureSpec
    digest: str


def latest_belief(
    lake: Lake, experiment_id: str, *, until: date | None = None, kind: str = BELIEFS
) -> KeptBelief | None:
    """The newest belief kept up to and including `until`, or None before the first.

    The belief of the cycle on a day is kept under that day.
    """
    parts = lake.parts(kind, experiment_id, until=until)
    return _read(lake, parts[-1]) if parts else None


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
    columns = belief.to_columns()
    table = pa.table({name: [value] for name, value in columns.items()})
    part = lake.append(
        kind,
        experiment_id,
        day,
        table,
        key=str(belief.version),
        meta={"features": json.loads(spec.to_json()), "parent": parent},
    )
    return KeptBelief(belief, spec, part.sha256)


def _read(lake: Lake, part: Part) -> KeptBelief:
    row: Mapping[str, Any] = lake.load([part]).to_pylist()[0]
    spec = FeatureSpec.from_json(json.dumps(part.meta["features"]))
    return KeptBelief(Belief.from_columns(row), spec, part.sha256)
