"""The findings, each a card with one sentence, or the card it will be and what it waits for.

A gap is never filled with a neutral number: it would be read as a result.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from services.experiment.model import Experiment, Group, MetricKind
from services.insights.definitions import (
    cells_definition,
    lift_definition,
    series_definition,
)
from services.insights.lift import MIN_EVENTS
from services.insights.look_rows import SHOWN
from services.insights.model import Card, Finding, NotYet
from services.insights.segments import clear_ones, segment_of
from services.insights.series import multiples
from services.messages import Message, Percent, msg, msgn
from services.outcomes.model import OutcomeMetric

PRIMARY = OutcomeMetric.PRIMARY.value


def report(
    experiment: Experiment,
    looks: pa.Table,
    *,
    first_day: date,
    ended: bool = False,
    series: pd.DataFrame | None = None,
    fetched_on: date | None = None,
    cells: pd.DataFrame | None = None,
    cells_until: date | None = None,
    n_random: int = 0,
) -> tuple[Finding, ...]:
    """All findings, the headline first.

    looks   the immutable looks; series from `series.newest`; cells from `cells.option_cells`
    """
    rows = looks.sort_by("day").to_pylist() if looks.num_rows else []
    today = [row for row in rows if row["day"] == rows[-1]["day"]] if rows else []
    main = f"{Group.PERSONALISED.value}/{experiment.primary_comparison.value}"
    findings: list[Finding] = [lift_card(experiment, _one(today, main), first_day, ended=ended)]
    findings += [
        lift_card(experiment, row, first_day, key=f"lift:{row['comparison']}", ended=ended)
        for row in today
        if row["metric"] == PRIMARY and row["segment"] == "" and row["comparison"] != main
    ]
    findings.append(segments_card(experiment, today, main, first_day))
    if cells is not None and cells_until is not None:
        findings.append(cells_card(experiment, cells, cells_until, n_random))
    if series is not None and fetched_on is not None:
        findings.append(series_card(series, fetched_on))
    return tuple(findings)


def lift_card(
    experiment: Experiment,
    look: Mapping[str, Any] | None,
    first_day: date,
    *,
    key: str = "lift",
    ended: bool = False,
) -> Finding:
    """Does it work? From one row of the looks, None where there is none."""
    question = msg("Does it work, and since when?")
    if look is None:
        return NotYet(key, question, msg("The first day is final two days after its end."))
    if look["state"] != SHOWN:
        return NotYet(key, question, _missing(look), look["expected_on"])
    figures = {
        name: float(look[name])
        for name in ("estimate", "low", "high", "abs_estimate", "abs_low", "abs_high", "provable")
        if look[name] is not None
    }
    return Card(
        key,
        question,
        lift_sentence(experiment, look, ended=ended),
        lift_definition(experiment, look, first_day),
        figures,
        tuple(_warnings(look)),
    )


def lift_sentence(experiment: Experiment, look: Mapping[str, Any], *, ended: bool) -> Message:
    """The finding in one sentence; it never says more than the interval does."""
    first, _, second = str(look["comparison"]).partition("/")
    told = {"who": _who(first), "noun": _noun(experiment), "against": _OTHERS[Group(second)]}
    low, high = float(look["low"]), float(look["high"])
    if low > 0 and math.isinf(high):
        return msg(
            "{who} brought at least {low} more {noun} than {against}.",
            low=Percent(low, 1),
            **told,
        )
    if low > 0:
        return msg(
            "{who} brought {lift} more {noun} than {against}. The true figure is very likely"
            " between {low} and {high}.",
            lift=Percent(float(look["estimate"]), 1),
            low=Percent(low, 1),
            high=Percent(high, 1),
            **told,
        )
    if high < 0:
        return msg(
            "{who} brought fewer {noun} than {against}: at least {least} fewer.",
            least=Percent(-high, 1),
            **told,
        )
    if ended:
        return msg("No clear difference was found. That is not the same as no difference.")
    return msg("No clear difference yet. That is not the same as no difference.")


def segments_card(
    experiment: Experiment, today: Sequence[Mapping[str, Any]], comparison: str, first_day: date
) -> Finding:
    """Which segments stand out, after correction for looking at many."""
    question = msg("Who gains most?")
    rows = [row for row in today if row["segment"] and row["comparison"] == comparison]
    shown = [row for row in rows if row["state"] == SHOWN]
    if not shown:
        waiting = [row["missing_people"] for row in rows if row["missing_people"]]
        if not waiting:
            return NotYet("segments", question, msg("No segment has enough outcomes yet."))
        return NotYet(
            "segments",
            question,
            msgn(
                "The nearest segment needs {n} more person.",
                "The nearest segment needs {n} more people.",
                min(waiting),
            ),
        )
    clear = clear_ones([row["p"] for row in rows])
    flagged = [
        row
        for row, is_clear in zip(rows, clear, strict=True)
        if is_clear and row["state"] == SHOWN and row["estimate"] is not None
    ]
    if flagged:
        sentence = _extreme_segment(flagged)
    else:
        sentence = msg("No segment stands out clearly yet.")
    figures = {row["segment"]: float(row["estimate"]) for row in flagged}
    return Card(
        "segments", question, sentence, lift_definition(experiment, shown[0], first_day), figures
    )


def _extreme_segment(flagged: Sequence[Mapping[str, Any]]) -> Message:
    """The largest gain among segments that stand out; where all lose, the largest loss."""
    best = max(flagged, key=lambda row: row["estimate"])
    if best["estimate"] <= 0:
        return msg(
            "Largest clear loss: {segment}, {lift} (own interval {low} to {high}).",
            **_told(min(flagged, key=lambda row: row["estimate"])),
        )
    return msg(
        "Largest clear gain: {segment}, {lift} (own interval {low} to {high}).", **_told(best)
    )


def _told(row: Mapping[str, Any]) -> dict[str, Message | Percent]:
    return {
        "segment": segment_of(row["segment"]).label,
        "lift": Percent(row["estimate"], signed=True),
        "low": Percent(row["low"], signed=True),
        "high": Percent(row["high"], signed=True),
    }


def cells_card(experiment: Experiment, cells: pd.DataFrame, until: date, n_random: int) -> Finding:
    """What works for whom, from the random group."""
    question = msg("What works for whom?")
    shown = cells[cells["estimate"].notna()]
    if shown.empty:
        missing = int(cells["missing"].min()) if len(cells) else MIN_EVENTS
        return NotYet(
            "cells",
            question,
            msgn(
                "The nearest cell needs {n} more person in the random group.",
                "The nearest cell needs {n} more people in the random group.",
                missing,
            ),
        )
    clear = shown[shown["clear"]]
    if clear.empty:
        sentence = msg("No option is clearly better or worse for anybody yet.")
    else:
        best = clear.sort_values("estimate").iloc[-1]
        sentence = msg(
            "{option} works best with {segment}: {effect} against the average option.",
            option=best["option"],
            segment=best["segment"],
            effect=Percent(float(best["estimate"]), signed=True),
        )
    definition = cells_definition(n_random, until, experiment.metric.window_days)
    return Card("cells", question, sentence, definition)


def series_card(series: pd.DataFrame, fetched_on: date) -> Finding:
    """What Braze says about the messages."""
    question = msg("How are the messages doing?")
    found = {multiple.key: multiple for multiple in multiples(series)}
    if "sent" not in found:
        return NotYet("series", question, msg("Braze has not counted a message yet."))
    figures = {key: multiple.total for key, multiple in found.items()}
    sent = found["sent"]
    definition = series_definition(fetched_on, len(sent.frame))
    if "opened" in found:
        sentence = msg(
            "Braze sent {sent} messages; {opened} of the emails and pushes were opened.",
            sent=round(sent.total),
            opened=Percent(found["opened"].total),
        )
    else:
        sentence = msg("Braze sent {sent} messages.", sent=round(sent.total))
    return Card("series", question, sentence, definition, figures)


def _one(rows: Sequence[Mapping[str, Any]], comparison: str) -> Mapping[str, Any] | None:
    wanted = ("", PRIMARY, comparison)
    found = (r for r in rows if (r["segment"], r["metric"], r["comparison"]) == wanted)
    return next(found, None)


def _missing(look: Mapping[str, Any]) -> Message:
    if look["missing_events"]:
        return msg(
            "{seen} of about {needed} outcomes of the smaller group are in.",
            seen=math.floor(look["events"]),
            needed=MIN_EVENTS,
        )
    if look["missing_days"]:
        return msgn("{n} more day is needed.", "{n} more days are needed.", look["missing_days"])
    return msg("One of the two groups has no outcome yet.")


def _warnings(look: Mapping[str, Any]) -> list[Message]:
    found = []
    if look["day_number"] > look["planned_days"]:
        found.append(msg("Beyond the planned end: the interval is wider than it was on that day."))
    if look["uneven"]:
        found.append(msg("The two groups spread very differently: read the interval with care."))
    if (
        look["proved_on"] is not None
        and look["low"] is not None
        and look["low"] <= 0 <= look["high"]
    ):
        found.append(msg("A difference was shown on {day}.", day=look["proved_on"]))
    return found


def _noun(experiment: Experiment) -> Message | str:
    if experiment.metric.noun:
        return experiment.metric.noun
    if experiment.metric.kind in (MetricKind.REVENUE, MetricKind.ARPU):
        return msg("revenue")
    return msg("outcomes")


def _who(first: str) -> Message:
    return msg("Random messages") if first == Group.RANDOM.value else msg("Personalised messages")


_OTHERS = {
    Group.HOLDOUT: msg("no message"),
    Group.USUAL: msg("business as usual"),
    Group.RANDOM: msg("random messages"),
    Group.PERSONALISED: msg("personalised messages"),
}
