"""The fast looks of the calibration are the shipped ones: the same world through `take_look`."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from services.experiment.model import Experiment
from services.experiment.spending import critical_values
from services.insights.look_rows import LOOKS
from services.insights.looks import GROUPS as SHIPPED_GROUPS
from services.insights.looks import People, take_look
from tests.insights.simulated_looks import is_ready, looks
from tests.insights.simulated_people import GROUPS, Scenario, watch

FIRST_DAY = date(2026, 3, 2)
DAYS = 15
WORLDS = {
    "money, all at once": Scenario(3_000, 0.15, days=DAYS, money=True),
    "entry over nine days": Scenario(3_000, 0.3, days=DAYS, entry_days=9),
    "with an effect": Scenario(3_000, 0.3, days=DAYS, effect=0.4),
}


def shipped_rows(seen) -> list[dict]:
    launch = np.datetime64(FIRST_DAY)
    people = People(
        np.arange(seen.scenario.n_people),
        np.array([SHIPPED_GROUPS.index(GROUPS[g]) for g in seen.group], np.int8),
        launch + seen.entered.astype("timedelta64[D]"),
        {"primary": seen.before},
        {},
    )
    outcomes = pa.table(
        {
            "person": seen.person,
            "day": pa.array(launch + seen.day.astype("timedelta64[D]"), pa.date32()),
            "metric": pa.array(["primary"] * len(seen.day)),
            "value": seen.value,
        }
    )
    doc = Experiment(id="e1", version=1, name="Upsell", salt="0123456789abcdef", planned_weeks=4)
    past = LOOKS.empty_table()
    for number in range(seen.scenario.days):
        day = FIRST_DAY + timedelta(days=number)
        look = take_look(doc, people, outcomes, past, first_day=FIRST_DAY, day=day)
        past = pa.concat_tables([past, look])
    return [
        row
        for row in past.to_pylist()
        if (row["comparison"], row["metric"]) == ("personalised/holdout", "primary")
    ]


@pytest.mark.parametrize("world", WORLDS)
def test_the_same_world_gives_the_same_looks(world):
    seen = watch(WORLDS[world], np.random.default_rng(7))
    rows, fast = shipped_rows(seen), looks(seen)
    told = {name: np.array([row[name] for row in rows], float) for name in rows[0] if name in NAMES}
    for name, ours in {
        "n_a": fast.first.n,
        "n_b": fast.second.n,
        "mean_a": fast.first.mean,
        "mean_b": fast.second.mean,
        "var_a": fast.first.variance,
        "var_b": fast.second.variance,
        "third_a": fast.first.third,
        "third_b": fast.second.third,
        "converters_a": fast.first.n_active,
        "converters_b": fast.second.n_active,
        "theta": fast.slope,
        "gain": fast.gain,
    }.items():
        assert told[name] == pytest.approx(ours, rel=1e-7, abs=1e-9), name
    assert told["r"][1:] == pytest.approx(fast.correlations[1:], abs=1e-9)
    assert told["c"] == pytest.approx(critical_values(fast.correlations, 28), abs=1e-6)
    ready = is_ready(fast.first, fast.second, np.arange(1, DAYS + 1))
    assert [row["state"] == "shown" for row in rows] == list(ready)
    assert ready.any()
    assert not ready.all()


NAMES = {
    *("n_a", "n_b", "mean_a", "mean_b", "var_a", "var_b", "third_a", "third_b"),
    *("converters_a", "converters_b", "theta", "gain", "r", "c"),
}
