"""The part of Insights that says what works for whom."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from pages.components import session, states
from pages.components.badges import escape
from pages.components.chart import draw_chart
from pages.components.lift_words import ends, noun, share
from pages.components.linked import from_link, many_from_link, to_link
from pages.components.translate import _, day, ngettext, number, percent, say
from services.experiment.model import Dimension
from services.insights.heat_map import heat_map
from services.workflow.choices_view import MAX_SEGMENT_ROWS, Cells, cells_of, varied
from services.workflow.insights_view import Insights, SegmentLift

HEAT_MIN_WIDTH = 640  # narrower, and Vega drops column labels: the map then scrolls sideways
SHOWN_LIFTS = 10


def draw_segments(found: Insights) -> None:
    """The heat map of one dimension, the finding where there is one, and the lifts by segment."""
    dimensions = varied(found.experiment)
    look = found.primary
    finished = look is not None and look.day_number >= look.planned_days
    if dimensions:
        chosen = _choose(dimensions)
        cells = _kept_cells(found, chosen, _cells_key(found, chosen, finished=finished))
        if cells is None:
            states.not_yet(
                _("What works for whom: not yet"),
                _(
                    "It comes from the people who get a random choice, {days} days after their "
                    "first messages at the earliest."
                ).format(days=number(found.experiment.metric.window_days + 2)),
            )
        elif (cells.table["missing"] > 0).all():
            nearest = int(cells.table["missing"].min())
            states.not_yet(
                _("What works for whom: not yet"),
                ngettext(
                    "The nearest cell needs {n} more person in the random group.",
                    "The nearest cell needs {n} more people in the random group.",
                    nearest,
                ).format(n=number(nearest)),
            )
        else:
            _heat(cells, found)
    _lifts(found.segments)


def _cells_key(found: Insights, chosen: Dimension, *, finished: bool) -> tuple[str, ...]:
    """What the cells depend on: they are worked out once for each day of closed rewards."""
    lake, id = session.services().lake, found.experiment.id
    closed = lake.latest_day("rewards", id)
    return (id, str(found.experiment.version), chosen.key, str(closed), str(finished))


@st.cache_resource(show_spinner=False, max_entries=64, ttl=3600)
def _kept_cells(_found: Insights, _chosen: Dimension, key: tuple[str, ...]) -> Cells | None:
    console = session.services()
    finished = key[-1] == str(True)
    return cells_of(console.database, console.lake, _found.experiment, _chosen, finished=finished)


def _choose(dimensions: list[Dimension]) -> Dimension:
    by_key = {dimension.key: dimension for dimension in dimensions}
    if len(dimensions) == 1:
        return dimensions[0]
    first = dimensions[0].key
    key = st.segmented_control(
        _("Dimension"),
        list(by_key),
        default=from_link("heat", list(by_key), first),
        required=True,
        format_func=lambda one: by_key[one].label,
        key="insights.heat.dimension",
        label_visibility="collapsed",
        wrap=True,
    )
    to_link("heat", key, first)
    return by_key[str(key)]


def _heat(cells: Cells, found: Insights) -> None:
    st.markdown(
        ":small["
        + _(
            "{noun} against the average option, in per cent. :blue[■] more, :orange[■] fewer, grey "
            "no clear difference. Corrected for looking at many cells."
        ).format(noun=escape(noun(found.experiment)).capitalize())
        + "]"
    )
    if not cells.finished:
        st.caption(
            _("Colours come on the last planned day: before it they would call luck a finding.")
        )
    asked = many_from_link("segments", cells.order)
    wanted = session.held("insights.heat.segments", asked)
    keys = wanted or list(cells.order[:MAX_SEGMENT_ROWS])
    names = {key: _plain(say(message)) for key, message in cells.names.items()}
    table = cells.table[cells.table["segment"].isin(keys)]
    shown = table.assign(segment=table["segment"].map(names))
    with st.grid(1, min_column_width=HEAT_MIN_WIDTH, wrap=False):
        draw_chart(heat_map, shown, alt=_heat_finding(cells, names))
    if len(cells.order) > MAX_SEGMENT_ROWS:
        st.multiselect(
            _("Show other segments"),
            list(cells.order),
            asked,
            format_func=lambda key: names[key],
            key="insights.heat.segments",
            placeholder=_("The ten clearest are shown"),
        )
        to_link("segments", session.held("insights.heat.segments", asked))
    _finding(cells, names)


def _finding(cells: Cells, names: dict[str, str]) -> None:
    """The strongest clear cell as one sentence; nothing where nothing is clear."""
    clear = cells.table[cells.table["clear"].astype(bool)]
    if clear.empty:
        return
    best = clear.loc[clear["estimate"].abs().idxmax()]
    template = (
        _("**{segment}: {option} brings more** ({lift}).")
        if best["estimate"] > 0
        else _("**{segment}: {option} brings less** ({lift}).")
    )
    words = template.format(
        segment=escape(names[best["segment"]]),
        option=escape(best["option"]),
        lift=percent(best["estimate"], digits=0, signed=True),
    )
    st.markdown(f":material/lightbulb: {words}")


def _heat_finding(cells: Cells, names: dict[str, str]) -> str:
    clear = cells.table[cells.table["clear"].astype(bool)]
    if clear.empty:
        return _("No clear difference between options in any segment")
    best = clear.loc[clear["estimate"].abs().idxmax()]
    return _("Clearest: {segment}, {option}, {lift}").format(
        segment=names[best["segment"]],
        option=best["option"],
        lift=percent(best["estimate"], digits=0, signed=True),
    )


def _lifts(segments: tuple[SegmentLift, ...]) -> None:
    """The groups' lift inside each segment: a table, the widest differences first."""
    if not segments:
        return
    with st.expander(_("Lift by segment"), icon=":material/groups:"):
        ordered = sorted(segments, key=_clearest)
        pages = -(-len(ordered) // SHOWN_LIFTS)
        page = st.pagination(pages, key="insights.lifts.page") if pages > 1 else 1
        rows = [_lift_row(one) for one in ordered[SHOWN_LIFTS * (page - 1) : SHOWN_LIFTS * page]]
        st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)
        st.caption(
            _(
                "Segments are as people were when they entered. At most a tenth of what is called "
                "clear is luck."
            )
        )


def _clearest(one: SegmentLift) -> tuple[bool, bool, float]:
    look = one.look
    return (not one.clear, not look.shown, look.p)


def _lift_row(one: SegmentLift) -> dict[str, str]:
    look = one.look
    if one.clear and look.verdict in ("better", "worse"):
        verdict = (
            _(":green[:material/trending_up:] better")
            if look.verdict == "better"
            else _(":orange[:material/trending_down:] worse")
        )
    elif look.shown:
        verdict = _("no clear difference")
    else:
        missing = look.missing_people
        verdict = (
            ngettext("not yet, {n} more person", "not yet, {n} more people", missing).format(
                n=number(missing)
            )
            if missing
            else _("not yet")
        )
        if look.expected_on is not None and not missing:
            verdict += ", " + _("around {day}").format(day=day(look.expected_on))
    shown = look.estimate is not None and math.isfinite(look.estimate)
    return {
        _("Segment"): escape(_plain(say(one.label))),
        _("People"): number(sum(look.n)),
        _("Lift"): share(look.estimate) if shown and look.estimate is not None else "–",
        _("Interval"): ends(look) if look.shown else "–",
        _("Verdict"): verdict,
    }


def _plain(label: str) -> str:
    """`tenure_months under 12` as people write it: `Tenure months under 12`."""
    words = label.replace("_", " ")
    return words[:1].upper() + words[1:]
