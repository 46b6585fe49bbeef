"""People who got other campaigns or Canvases: how many, and the lift with and without them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.database.engine import Database
from services.experiment.model import Experiment, Group
from services.insights.cuped import adjust
from services.insights.lift import Lift, lift, moments, readiness
from services.insights.look_rows import SHOWN
from services.insights.looking import read_people
from services.insights.looks import GROUPS, People, running_totals
from services.lake import Lake
from services.messages import Message, Percent, msg
from services.outcomes.model import OutcomeMetric

RECEIVED = "received"
A_DAY = timedelta(days=1)  # the export that tells of a whole day is that of the next morning
EXPORTS = 2  # one tells of the last receipt only, which may lie after the day asked about
EVEN_SHARE = 0.05  # groups whose shares of touched people differ by less are alike enough

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class GroupTouched:
    """One group: its people, and how many of them got something else since they entered."""

    group: Group
    n: int
    touched: int

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.touched / self.n if self.n else 0.0


@dataclass(frozen=True)
class Contamination:
    """`whole` is the newest look's lift; `without` the same without touched people of both groups,
    None where too few would be left for a number. `day` is the look's."""

    day: date
    lines: tuple[GroupTouched, ...]
    whole: Lift | None
    without: Lift | None
    over: Group


def contamination(database: Database, lake: Lake, experiment: Experiment) -> Contamination | None:
    """As far as exports tell: None before any is there, or before the first look.

    Exports give the last time a person got each campaign or Canvas. It counts from the day of
    entry on, up to the day of the look; this experiment's own targets do not.
    """
    people = read_people(database, lake, experiment)
    newest = lake.latest_day("looks", experiment.id)
    if people is None or newest is None or lake.latest_day(RECEIVED, experiment.id) is None:
        return None
    touched = _touched(lake, experiment, people, newest)
    second = Group(experiment.primary_comparison.value)
    lines = tuple(
        GroupTouched(group, int(inside.sum()), int((inside & touched).sum()))
        for place, group in enumerate(GROUPS)
        if (inside := people.group == place).any()
    )
    look = _primary_look(lake, experiment, newest, second)
    if look is None:
        return Contamination(newest, lines, None, None, second)
    outcomes = lake.read("outcomes", experiment.id, until=newest)
    entered = people.entered_on <= np.datetime64(newest)
    everybody = _lift(people, outcomes, entered, second, newest, look)
    rest = _lift(people, outcomes, entered & ~touched, second, newest, look)
    return Contamination(newest, lines, everybody, rest, second)


def touched_sentence(found: Contamination) -> Message:
    """The finding in words. Groups touched at different rates make the second lift doubtful."""
    if found.whole is None:
        return msg("The lift itself is not shown yet, so there is nothing to compare.")
    told = {
        "whole": Percent(found.whole.estimate, 1, signed=True),
        "whole_low": end(found.whole.low),
        "whole_high": end(found.whole.high),
    }
    if found.without is None:
        return msg(
            "The lift is {whole}, between {whole_low} and {whole_high}. Without people who got"
            " other campaigns too few are left for a number.",
            **told,
        )
    told |= {
        "without": Percent(found.without.estimate, 1, signed=True),
        "low": end(found.without.low),
        "high": end(found.without.high),
    }
    shares = {line.group: line.share for line in found.lines}
    gap = shares.get(Group.PERSONALISED, 0.0) - shares.get(found.over, 0.0)
    if abs(gap) <= EVEN_SHARE:
        return msg(
            "The lift is {whole}, between {whole_low} and {whole_high}; without people who got"
            " other campaigns {without}, between {low} and {high}.",
            **told,
        )
    return msg(
        "The lift is {whole}, between {whole_low} and {whole_high}; without people who got other"
        " campaigns {without}, between {low} and {high}. The groups get other campaigns at"
        " different rates, {first} and {second}: where those follow what people do, leaving them"
        " out bends the second figure.",
        first=Percent(shares.get(Group.PERSONALISED, 0.0)),
        second=Percent(shares.get(found.over, 0.0)),
        **told,
    )


def end(value: float) -> Message | Percent:
    """One end of an interval; an end that was not found is said as such."""
    return Percent(value, 1, signed=True) if math.isfinite(value) else msg("no limit")


def _touched(lake: Lake, experiment: Experiment, people: People, until: date) -> Bools:
    found = np.zeros(len(people.person), dtype=bool)
    ours = pa.array(sorted({target.id for target in experiment.targets}), pa.string())
    told = [day for day in lake.days(RECEIVED, experiment.id) if day <= until + A_DAY][-EXPORTS:]
    if not told:
        return found
    for part in lake.parts(RECEIVED, experiment.id, since=told[0], until=told[-1]):
        table = lake.load([part], ["person", "target_id", "last_received"])
        table = table.filter(pc.invert(pc.is_in(table["target_id"], value_set=ours)))
        table = table.filter(pc.is_valid(table["last_received"]))
        if table.num_rows == 0:
            continue
        person = table["person"].to_numpy()
        at = np.minimum(np.searchsorted(people.person, person), len(people.person) - 1)
        days = table["last_received"].cast(pa.timestamp("us")).to_numpy().astype("M8[D]")
        hit = (people.person[at] == person) & (days >= people.entered_on[at])
        hit &= days <= np.datetime64(until)
        found[at[hit]] = True
    return found


def _primary_look(
    lake: Lake, experiment: Experiment, day: date, second: Group
) -> dict[str, object] | None:
    name = f"{Group.PERSONALISED.value}/{second.value}"
    rows = lake.load(lake.parts("looks", experiment.id, day)).to_pylist()
    wanted = (name, OutcomeMetric.PRIMARY.value, "", SHOWN)
    found = (
        row
        for row in rows
        if (row["comparison"], row["metric"], row["segment"], row["state"]) == wanted
    )
    return next(found, None)


def _lift(
    people: People,
    outcomes: pa.Table,
    inside: Bools,
    second: Group,
    day: date,
    look: dict[str, object],
) -> Lift | None:
    metric = OutcomeMetric.PRIMARY.value
    totals = running_totals(people, outcomes, metric, day)
    codes = [GROUPS.index(Group.PERSONALISED), GROUPS.index(second)]
    pair = inside & np.isin(people.group, codes)
    first = people.group[pair] == codes[0]
    unknown = np.full(len(people.person), np.nan)
    residuals = adjust(
        totals.today[pair], people.covariate.get(metric, unknown)[pair], first
    ).residuals
    active = totals.active[pair]
    a, b = moments(residuals[first], active[first]), moments(residuals[~first], active[~first])
    if not readiness(a, b, int(str(look["day_number"])), day).ready:
        return None
    return lift(a, b, float(str(look["c"])))
