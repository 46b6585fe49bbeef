"""Does it work, since when, and for whom: the chapters that come from the looks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import pandas as pd

from services.insights.category_charts import effects
from services.insights.chart_style import Style
from services.insights.charts import Event, lift_band
from services.insights.exhibits import Column, Exhibit, Kind, readable
from services.insights.model import Card, Finding
from services.insights.words import CONTROL_WORDS, FIRST_WORDS, LIFT_OVER, ZERO_WORDS
from services.messages import Message, Percent, msg
from services.workflow.insights_view import BAND_MIN, Insights, Look, SegmentLift
from services.workflow.takeaway.chapter import Chapter, Scope
from services.workflow.takeaway.events import events_of

MOST_DOTS = 12  # more segments than that are a table, not a picture
LIFT_COLUMNS = (
    Column("estimate", msg("Lift"), Kind.LIFT),
    Column("low", msg("At least"), Kind.LIFT),
    Column("high", msg("At most"), Kind.LIFT),
)


def lift_chapter(scope: Scope, finding: Finding, seen: Insights) -> Chapter:
    """The headline with its history and the other comparisons."""
    exhibits = [found for found in (_band(scope, seen), _comparisons(seen)) if found is not None]
    return Chapter(finding, tuple(exhibits))


def segments_chapter(finding: Finding, seen: Insights) -> Chapter:
    """Who gains most: every segment with its interval, marked where it is clear."""
    if not seen.segments:
        return Chapter(finding)
    return Chapter(finding, (_segments(finding, seen),))


def _band(scope: Scope, seen: Insights) -> Exhibit | None:
    look, band = seen.primary, seen.band
    band = band[[scope.shows(day) for day in band["day"]]]
    if look is None or not look.shown or len(band) < BAND_MIN:
        return None
    proved = look.proved_on if look.verdict in ("better", "worse") else None
    until = scope.until or look.day
    events = [e for e in events_of(scope.experiment, scope.first_day, until) if scope.shows(e[0])]

    def draw(style: Style) -> object:
        return lift_band(
            band.reset_index(drop=True),
            style,
            name=LIFT_OVER[look.second],
            zero=ZERO_WORDS[look.second],
            events=[Event(day, style.say(words)) for day, words in events],
            proved_from=proved if proved is not None and scope.shows(proved) else None,
        )

    return Exhibit(
        key="lift",
        title=msg("Lift by day"),
        finding=_finding(look, proved),
        columns=(
            Column("day", msg("Day"), Kind.DAY),
            *LIFT_COLUMNS,
            Column("n", msg("People"), Kind.COUNT),
        ),
        table=band,
        draw=draw,
        note=_note(events),
    )


def _note(events: Sequence[tuple[date, Message]]) -> Message:
    aid = msg("Band: where the true lift is, 95% of the time, however often you look.")
    told: Message = aid
    for place, (day, words) in reversed(list(enumerate(events, start=1))):
        told = msg("({n}) {day}, {event}. {more}", n=place, day=day, event=words, more=told)
    return told


def _finding(look: Look, proved: date | None) -> Message:
    told = {
        "lift": Percent(look.estimate or 0.0, 1, signed=True),
        "low": end(look.low),
        "high": end(look.high),
    }
    if proved is None:
        return msg("Lift {lift}, between {low} and {high}", **told)
    return msg("Lift {lift}, between {low} and {high}; proved since {day}", day=proved, **told)


def end(value: float | None) -> Message | Percent:
    """One end of an interval; an end that was not found is said as such."""
    if value is None or not math.isfinite(value):
        return msg("no limit")
    return Percent(value, 1, signed=True)


def _comparisons(seen: Insights) -> Exhibit | None:
    looks = [look for look in (seen.primary, *seen.others) if look is not None]
    if not looks:
        return None
    rows = [
        {
            "compared": msg(
                "{first} over {second}",
                first=FIRST_WORDS[look.first],
                second=CONTROL_WORDS[look.second],
            ),
            "n_first": look.n[0],
            "n_second": look.n[1],
            "estimate": look.estimate,
            "low": look.low,
            "high": look.high,
            "absolute": look.absolute,
            "absolute_low": look.absolute_low,
            "absolute_high": look.absolute_high,
        }
        for look in looks
    ]
    return Exhibit(
        key="comparisons",
        title=msg("All comparisons"),
        finding=msg("Every pair of groups, with its own 95% interval"),
        columns=(
            Column("compared", msg("Compared"), Kind.TEXT),
            Column("n_first", msg("People, first"), Kind.COUNT),
            Column("n_second", msg("People, second"), Kind.COUNT),
            *LIFT_COLUMNS,
            Column("absolute", msg("Difference a person"), Kind.NUMBER),
            Column("absolute_low", msg("Difference at least"), Kind.NUMBER),
            Column("absolute_high", msg("Difference at most"), Kind.NUMBER),
        ),
        table=pd.DataFrame(rows),
        note=msg(
            "Only the first comparison was chosen before the start; the others are secondary."
        ),
    )


def _segments(finding: Finding, seen: Insights) -> Exhibit:
    ordered = sorted(seen.segments, key=lambda one: (not one.clear, not one.look.shown, one.look.p))
    shown = [one for one in ordered if _bounded(one.look)][:MOST_DOTS]

    def draw(style: Style) -> object:
        rows = [
            (readable(style.say(one.label)), one.look.estimate, one.look.low, one.look.high)
            for one in shown
        ]
        frame = pd.DataFrame(rows, columns=["label", "estimate", "low", "high"])
        return effects(frame, style, name=LIFT_OVER[shown[0].look.second])

    return Exhibit(
        key="segments",
        title=msg("Lift by segment"),
        finding=finding.sentence if isinstance(finding, Card) else msg("Lift by segment"),
        columns=(
            Column("segment", msg("Segment"), Kind.TEXT),
            Column("n", msg("People"), Kind.COUNT),
            *LIFT_COLUMNS,
            Column("verdict", msg("Verdict"), Kind.TEXT),
        ),
        table=pd.DataFrame([_segment_row(one) for one in ordered]),
        draw=draw if shown else None,
        note=msg(
            "Segments are as people were when they entered. At most a tenth of what is called clear"
            " is luck."
        ),
    )


def _bounded(look: Look) -> bool:
    ends = (look.estimate, look.low, look.high)
    return all(value is not None and math.isfinite(value) for value in ends)


def _segment_row(one: SegmentLift) -> dict[str, object]:
    look = one.look
    if one.clear:
        verdict = msg("clearly better") if look.verdict == "better" else msg("clearly worse")
    elif look.shown:
        verdict = msg("no clear difference")
    else:
        verdict = msg("not yet")
    return {
        "segment": one.label,
        "n": sum(look.n),
        "estimate": look.estimate,
        "low": look.low,
        "high": look.high,
        "verdict": verdict,
    }
