"""What Anneal chose: the share of each option of each dimension, day by day."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from services.experiment.model import Group

OPTION_PREFIX = "opt:"
COLUMNS = ["day", "dimension", "option", "share", "n"]


def option_shares(decisions: pa.Table, group: Group = Group.PERSONALISED) -> pd.DataFrame:
    """Share of each option among the decisions of one group.

    decisions  the facts' columns day, grp and `opt:<dimension>`

    Returns columns day, dimension, option, share (0 to 1 within day and dimension), n (decisions of
    that day). An option nobody got on a day has a row with share 0, so that areas do not break.
    """
    if decisions.num_rows == 0:
        return pd.DataFrame(columns=COLUMNS)
    dimensions = [name for name in decisions.column_names if name.startswith(OPTION_PREFIX)]
    frame = decisions.select(["day", "grp", *dimensions]).to_pandas()
    frame = frame[frame["grp"] == group.value]
    found = []
    for column in dimensions:
        counts = frame.groupby(["day", column]).size().unstack(fill_value=0)
        if counts.empty:
            continue
        n = counts.sum(axis=1)
        shares = counts.div(n, axis=0).stack().rename("share").reset_index()
        shares.columns = ["day", "option", "share"]
        found.append(
            shares.assign(
                dimension=column.removeprefix(OPTION_PREFIX), n=shares["day"].map(n).to_numpy()
            )
        )
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    merged: pd.DataFrame = pd.concat(found, ignore_index=True)[COLUMNS]
    return merged
