from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from services.experiment.model import Group
from services.insights.cells import option_cells
from services.insights.shares import count_options, option_shares

DAY = date(2026, 3, 2)


def decisions(rates: dict[str, float], n_people=600, each=10, seed=1, keen=False) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(n_people), each)
    option = rng.choice(list(rates), len(person))
    person_rate = rng.gamma(0.3, 1 / 0.3, n_people)[person] if keen else 1.0
    chance = np.minimum(np.array([rates[o] for o in option]) * person_rate, 1)
    value = (rng.random(len(person)) < chance).astype(float)
    return pd.DataFrame({"person": person, "option": option, "value": value})


def test_a_clearly_better_option_is_coloured_once_the_plan_is_over():
    made = decisions({"none": 0.05, "ten": 0.05, "twenty": 0.15})
    everybody = {"all": np.arange(600)}
    early = option_cells(made, everybody, ["none", "ten", "twenty"], finished=False)
    late = option_cells(made, everybody, ["none", "ten", "twenty"], finished=True)
    assert not early["clear"].any()
    best = late[late["option"] == "twenty"].iloc[0]
    assert best["clear"]
    assert best["low"] < 0.15 / 0.0833 - 1 < best["high"]


def test_a_cell_with_few_outcomes_says_how_many_people_are_missing():
    made = decisions({"none": 0.05, "ten": 0.05}, n_people=30)
    cells = option_cells(made, {"few": np.arange(30)}, ["none", "ten"], finished=True)
    assert cells["estimate"].isna().all()
    assert (cells["missing"] > 0).all()
    assert not cells["clear"].any()


def test_an_option_nobody_got_is_not_yet():
    made = decisions({"none": 0.2, "ten": 0.2})
    cells = option_cells(made, {"all": np.arange(600)}, ["none", "new"], finished=True)
    fresh = cells[cells["option"] == "new"].iloc[0]
    assert np.isnan(fresh["estimate"])
    assert fresh["missing"] > 0


def test_messages_of_one_keen_person_do_not_count_as_many_people():
    hits = []
    for seed in range(60):
        made = decisions({"a": 0.05, "b": 0.05}, n_people=200, each=8, seed=seed, keen=True)
        cells = option_cells(made, {"all": np.arange(200)}, ["a"], finished=True)
        row = cells.iloc[0]
        if row["missing"] == 0:
            hits.append(row["low"] < 0 < row["high"])
    assert np.mean(hits) >= 0.88


def test_without_decisions_every_cell_waits():
    nothing = decisions({"a": 0.1}).iloc[:0]
    cells = option_cells(nothing, {"all": np.arange(5)}, ["a"], finished=False)
    assert (cells["missing"] > 0).all()


def table(options: list[str], groups: list[str] | None = None) -> pa.Table:
    return pa.table(
        {
            "day": pa.array([DAY] * len(options), pa.date32()),
            "grp": groups or ["personalised"] * len(options),
            "opt:subject": options,
        }
    )


def shares_of(made: pa.Table, group: Group = Group.PERSONALISED) -> pd.DataFrame:
    return option_shares(count_options(made).to_pandas(), group)


def test_shares_add_up_to_one_within_day_and_dimension():
    shares = shares_of(table(["a", "a", "b", "a"]))
    assert dict(zip(shares["option"], shares["share"], strict=True)) == {"a": 0.75, "b": 0.25}
    assert set(shares["n"]) == {4}


def test_shares_are_those_of_one_group():
    shares = shares_of(table(["a", "b"], ["personalised", "random"]), Group.RANDOM)
    assert list(shares["option"]) == ["b"]


def test_an_option_not_chosen_on_a_day_has_share_zero_there():
    later = table(["b"]).set_column(0, "day", pa.array([date(2026, 3, 3)], pa.date32()))
    shares = shares_of(pa.concat_tables([table(["a"]), later]))
    assert len(shares) == 4
    assert shares["share"].sum() == pytest.approx(2)


def test_no_decisions_give_an_empty_table_with_its_columns():
    assert list(shares_of(pa.table({})).columns) == ["day", "dimension", "option", "share", "n"]
