"""A sandbox world as an experiment meets it: its document, and its people as an export."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from services.experiment.model import Experiment
from services.sandbox.world.model import CHANNELS, World
from services.sandbox.world.people import DAY_S, STATES
from services.sandbox.world.people import People as Crowd
from services.workflow.demo import PLANNED_WEEKS, SHOWN_DIMENSIONS

LAUNCH = date(2026, 8, 31)
WATCHED_DAYS = 28
SHARES = {"personalised": 0.8, "random": 0.1, "usual": 0.0, "holdout": 0.1}
NO_RHYTHM = tuple(key for key in SHOWN_DIMENSIONS if key != "frequency")


def experiment_of(world: World, seed: int) -> Experiment:
    """The demo's experiment in this world, without a choice of rhythm."""
    metric = world.metric
    return Experiment.model_validate(
        {
            "id": f"{world.key}-{seed}",
            "version": 1,
            "name": "The next order",
            "salt": f"truth-{world.key}-{seed:08d}",
            "groups": SHARES,
            "planned_weeks": PLANNED_WEEKS,
            "audience": {"sms_consent_attribute": world.sms_attribute},
            "metric": {
                "kind": metric.kind,
                "sources": [{"kind": metric.source, "name": metric.name}],
                "window_days": metric.window_days,
            },
            "dimensions": [
                {
                    "key": d.key,
                    "kind": d.kind,
                    "label": d.label,
                    "options": [
                        {"key": o.key, "label": o.label, "value": o.value, "cost": o.cost}
                        for o in d.options
                    ],
                }
                for d in world.dimensions
                if d.key in NO_RHYTHM
            ],
            "targets": [
                {"when": {"channel": c}, "kind": "campaign", "id": c, "channel": c}
                for c in CHANNELS
            ],
        }
    )


def days_of(at_s: np.ndarray) -> pa.Array:
    """UTC days of moments, epoch seconds."""
    return pa.array(np.floor(at_s / DAY_S).astype(np.int32)).cast(pa.date32())


def export_of(world: World, crowd: Crowd, n: int) -> pa.Table:
    """The people as an export would give them."""
    columns: dict[str, object] = {
        "person": np.arange(n),
        "country": [world.zones[z][1] for z in crowd.zone[:n]],
        "language": [world.zones[z][2] for z in crowd.zone[:n]],
        "email_subscribe": pa.array([STATES[s] for s in crowd.email_state[:n]], pa.string()),
        "push_subscribe": pa.array([STATES[s] for s in crowd.push_state[:n]], pa.string()),
    }
    for name, column in crowd.columns.items():
        values = column.values[:n]
        if column.categories:
            words = [column.categories[int(v)] if v >= 0 else None for v in values]
            columns[f"attr:{name}"] = pa.array(words, pa.string())
        elif column.flag:
            columns[f"attr:{name}"] = pa.array(values == 1)
        else:
            columns[f"attr:{name}"] = pa.array(values, from_pandas=True)
    return pa.table(columns)
