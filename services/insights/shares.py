"""What Anneal chose: how often each option of each dimension, day by day, and as shares."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from services.experiment.model import Group

OPTION_PREFIX = "opt:"
COUNT_COLUMNS = ("day", "grp", "dimension", "option", "n")
COLUMNS = ["day", "dimension", "option", "share", "n"]


def count_options(decisions: pa.Table) -> pa.Table:
    """How often each option of each dimension was chosen, by day and group: COUNT_COLUMNS.

    decisions  the facts' columns day, grp and `opt:<dimension>`; who was sent nothing has no option
    """
    found = []
    for column in decisions.column_names:
        if not column.startswith(OPTION_PREFIX):
            continue
        counted = decisions.group_by(["day", "grp", column]).aggregate([([], "count_all")])
        name = pa.array([column.removeprefix(OPTION_PREFIX)] * counted.num_rows, pa.string())
        columns = [counted["day"], counted["grp"], name, counted[column], counted["count_all"]]
        found.append(pa.table(columns, names=list(COUNT_COLUMNS)))
    if not found:
        return pa.table({name: pa.array([], pa.string()) for name in COUNT_COLUMNS})
    return pa.concat_tables(found, promote_options="permissive")


def option_shares(counts: pd.DataFrame, group: Group = Group.PERSONALISED) -> pd.DataFrame:
    """Share of each option among the decisions of one group.

    counts  COUNT_COLUMNS

    Returns columns day, dimension, option, share (0 to 1 within day and dimension), n (decisions of
    that day). An option nobody got on a day has a row with share 0, so that areas do not break.
    """
    mine = counts[counts["grp"] == group.value].dropna(subset=["option"])
    found = []
    for dimension, rows in mine.groupby("dimension", sort=False):
        wide = rows.pivot_table(index="day", columns="option", values="n", aggfunc="sum")
        wide = wide.fillna(0.0)
        n = wide.sum(axis=1)
        shares = wide.div(n, axis=0).stack().reset_index()
        shares.columns = ["day", "option", "share"]
        found.append(shares.assign(dimension=dimension, n=shares["day"].map(n).to_numpy()))
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    merged: pd.DataFrame = pd.concat(found, ignore_index=True)[COLUMNS]
    return merged
