"""The programme: all experiments side by side, and what was learnt so far."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from pages.components import session, states
from pages.components.badges import escape, status_badge
from pages.components.chart import draw_chart
from pages.components.head import section
from pages.components.lift_words import ends, share
from pages.components.routes import go
from pages.components.translate import _, day, ngettext, number, say
from services.insights.category_charts import effects
from services.insights.model import Card
from services.insights.words import LIFT_OVER
from services.messages import msg
from services.workflow.programme_view import Learnt, programme, told_until

A_PAGE = 10
MOST_DOTS = 12


def draw_programme() -> None:
    """One picture of all lifts, one table, and each experiment's findings in sentences."""
    lines = programme(session.services())
    if not lines:
        states.not_yet(
            _("Programme: not yet"), _("It begins with the first day of the first experiment.")
        )
        return
    st.header(_sentence(lines), anchor=False)
    until = told_until(lines)
    if until is not None:
        st.caption(_("Outcomes up to {day}.").format(day=day(until)))
    _picture(lines)
    _table(lines)
    section(_("What was learnt so far"))
    pages = -(-len(lines) // A_PAGE)
    page = st.pagination(pages, key="programme.page") if pages > 1 else 1
    for line in lines[A_PAGE * (page - 1) : A_PAGE * page]:
        _card(line)


def _sentence(lines: tuple[Learnt, ...]) -> str:
    """How many have proved something, of how many."""
    proved = sum(line.look is not None and line.look.verdict == "better" for line in lines)
    worse = sum(line.look is not None and line.look.verdict == "worse" for line in lines)
    words = ngettext(
        "{proved} of {n} experiment shows a lift so far.",
        "{proved} of {n} experiments show a lift so far.",
        len(lines),
    ).format(proved=number(proved), n=number(len(lines)))
    if worse:
        loss = ngettext("{n} shows a loss.", "{n} show a loss.", worse)
        words += " " + loss.format(n=number(worse))
    return words


def _picture(lines: tuple[Learnt, ...]) -> None:
    rows = [
        (line.row.name, line.look.estimate, line.look.low, line.look.high)
        for line in lines
        if line.look is not None and _bounded(line)
    ][:MOST_DOTS]
    if len(rows) < 2:  # one dot compares nothing
        return
    frame = pd.DataFrame(rows, columns=["label", "estimate", "low", "high"])
    best = frame.loc[frame["estimate"].idxmax()]
    draw_chart(
        effects,
        frame,
        name=msg("Lift, each over its own comparison"),
        alt=_("Largest lift: {name}, {lift}").format(
            name=best["label"], lift=share(float(best["estimate"]))
        ),
    )


def _bounded(line: Learnt) -> bool:
    look = line.look
    if look is None:
        return False
    values = (look.estimate, look.low, look.high)
    return all(value is not None and math.isfinite(value) for value in values)


def _table(lines: tuple[Learnt, ...]) -> None:
    rows = []
    for line in lines:
        look = line.look
        shown = look is not None and look.estimate is not None
        rows.append(
            {
                _("Experiment"): line.row.name,
                _("Compared"): say(LIFT_OVER[line.over]) if line.over else "–",
                _("Lift"): share(look.estimate or 0.0) if look and shown else _("not yet"),
                _("Interval"): ends(look) if look and shown else "–",
                _("Proved since"): day(look.proved_on)
                if look and look.proved_on and look.verdict in ("better", "worse")
                else "–",
                _("Day"): f"{number(look.day_number)} / {number(look.planned_days)}"
                if look
                else "–",
                _("People"): line.n_people,
            }
        )
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height="content",
        placeholder="–",
        alt=_("All experiments with their lift and interval"),
        column_config={_("People"): st.column_config.NumberColumn(format="localized")},
    )


def _card(line: Learnt) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.subheader(escape(line.row.name), anchor=False, width="stretch")
            st.markdown(status_badge(line.row.status), width="content")
        if line.problem is not None:
            st.markdown(f":material/error: {escape(say(line.problem))}")
            return
        if line.lift is not None:
            is_card = isinstance(line.lift, Card)
            words = line.lift.sentence if isinstance(line.lift, Card) else line.lift.waiting_for
            not_yet = "" if is_card else _("Not yet.") + " "
            st.markdown(not_yet + escape(say(words)))
        if line.findings:
            st.markdown("\n".join(f"- {escape(say(words))}" for words in line.findings))
        if st.button(
            _("Open"),
            type="tertiary",
            icon=":material/arrow_forward:",
            icon_position="right",
            key=f"programme.open.{line.row.id}",
            help=_("Open {name}").format(name=escape(line.row.name)),
        ):
            go("insights", experiment=line.row.id)
