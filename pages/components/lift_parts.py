"""The parts of Insights about the groups: four figures, the lift over time, other comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
import streamlit as st

from pages.components import session, states
from pages.components.badges import escape
from pages.components.chart import draw_built
from pages.components.lift_words import (
    amount,
    amount_ends,
    definition,
    ends,
    not_yet_share,
    not_yet_words,
    noun,
    share,
)
from pages.components.theme import chart_style
from pages.components.translate import _, day, number, percent, say
from services.experiment.model import Experiment
from services.insights.charts import Event, lift_band
from services.insights.words import CONTROL_WORDS, FIRST_WORDS, LIFT_OVER, ZERO_WORDS
from services.workflow.insights_view import Insights, Look
from services.workflow.takeaway.events import events_of

BAND_LOOKS_MIN = 2  # one point is no history


def draw_metrics(found: Insights) -> None:
    """Lift, what it amounts to, what learning cost, and the guardrail: each with its interval."""
    look = found.primary
    with st.grid(4, min_column_width=150):
        _lift_metric(look)
        _extra_metric(found)
        _cost_metric(found)
        _unsubscribes_metric(found.unsubscribes)


def draw_lift(found: Insights, events: Sequence[Event], truth: pd.DataFrame | None) -> None:
    """Does it work, and since when: the band, what happened on the way, the definition."""
    look = found.primary
    if look is None or not look.shown or len(found.band) < BAND_LOOKS_MIN:
        title = _("Lift: not yet")
        if look is None:
            states.not_yet(title, _("The first figures come after the first full week."))
        else:
            states.not_yet(title, not_yet_words(look), share=not_yet_share(look))
        return
    proved_on = _proved_from(found)
    asked = (found.experiment.id, str(found.experiment.version), look.second, str(look.day))
    draw_built(
        (*asked, str(proved_on), repr(events), "" if truth is None else truth.to_csv()),
        lambda: lift_band(
            found.band,
            chart_style(),
            name=LIFT_OVER[look.second],
            zero=ZERO_WORDS[look.second],
            events=events,
            proved_from=proved_on,
            truth=truth,
        ),
        alt=_finding(look, proved_on),
    )
    st.markdown(f":small[{_reading_aid(events, truth is not None)}]")
    definition(found, look)


def draw_other_comparisons(found: Insights) -> None:
    """The secondary comparisons: same method, own 95 %, never in the headline."""
    if not found.others:
        return
    rows = [
        {
            _("Compared"): f"{say(FIRST_WORDS[look.first])} – {say(CONTROL_WORDS[look.second])}",
            _("Lift"): share(look.estimate) if look.estimate is not None else _("not yet"),
            _("Interval"): ends(look) if look.shown else not_yet_words(look),
            _("People"): f"{number(look.n[0])} – {number(look.n[1])}",
        }
        for look in found.others
    ]
    with st.expander(_("Other comparisons, secondary"), icon=":material/compare_arrows:"):
        st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)
        st.caption(
            _("Each has its own 95%. Only the comparison above was chosen before the start.")
        )


def experiment_events(experiment: Experiment, first_day: date | None) -> list[Event]:
    """What happened while the experiment ran, in order of day, said to this reader."""
    today = session.services().clock.now().date()
    return [Event(day, say(words)) for day, words in events_of(experiment, first_day, today)]


def _lift_metric(look: Look | None) -> None:
    if look is None or look.estimate is None:
        label = say(LIFT_OVER[look.second]) if look else _("Lift")
        waiting = (
            _("around {day}").format(day=day(look.expected_on))
            if (look and look.expected_on)
            else _("waiting for outcomes")
        )
        st.metric(
            label,
            _("Not yet"),
            waiting,
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
        )
        return
    colour = {"better": "green", "worse": "red"}.get(look.verdict, "gray")
    st.metric(
        say(LIFT_OVER[look.second]),
        share(look.estimate),
        ends(look),
        delta_color=colour,  # type: ignore[arg-type]
        delta_arrow="off",
        border=True,
        height="stretch",
        help=_("So far, for everybody drawn into the two groups. The interval holds every day."),
    )


def _extra_metric(found: Insights) -> None:
    label = _("Extra {noun} so far").format(noun=escape(noun(found.experiment)))
    extra = found.extra
    if extra is None:
        _not_yet_metric(label)
        return
    st.metric(
        label,
        amount(extra, found.experiment, in_money=found.in_money),
        amount_ends(extra, found.experiment, in_money=found.in_money),
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
        help=_("The difference per person, times the people with personalised messages."),
    )


def _cost_metric(found: Insights) -> None:
    label = _("Cost of learning")
    cost = found.cost_of_learning
    if cost is None:
        _not_yet_metric(label)
        return
    st.metric(
        label,
        amount(cost, found.experiment, in_money=found.in_money),
        amount_ends(cost, found.experiment, in_money=found.in_money),
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
        help=_(
            "What the people with random messages would have brought with personalised ones. "
            "Below zero: random did as well or better so far."
        ),
    )


def _unsubscribes_metric(look: Look | None) -> None:
    label = _("Unsubscribes")
    if look is None or look.means[0] is None:
        _not_yet_metric(label)
        return
    if not look.shown:
        words, colour = _("too few to compare"), "gray"
    elif look.verdict == "better":
        words, colour = _("more than {control}"), "orange"
    elif look.verdict == "worse":
        words, colour = _("fewer than {control}"), "green"
    else:
        words, colour = _("no clear difference"), "gray"
    st.metric(
        label,
        percent(look.means[0], digits=2),
        words.format(control=say(CONTROL_WORDS[look.second])),
        delta_color=colour,  # type: ignore[arg-type]
        delta_arrow="off",
        border=True,
        height="stretch",
        help=_(
            "People with personalised messages who unsubscribed since they entered. Watched, "
            "never optimised."
        ),
    )


def _not_yet_metric(label: str) -> None:
    st.metric(
        label,
        _("Not yet"),
        _("waiting for outcomes"),
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
    )


def _proved_from(found: Insights) -> date | None:
    look = found.primary
    if look is None or look.verdict not in ("better", "worse"):
        return None
    return look.proved_on


def _finding(look: Look, proved_on: date | None) -> str:
    words = _("Lift {lift}, between {range}").format(
        lift=share(look.estimate or 0.0), range=ends(look)
    )
    if proved_on is not None:
        words += "; " + _("proved since {day}").format(day=day(proved_on))
    return words


def _reading_aid(events: Sequence[Event], truth: bool) -> str:
    words = " ".join(
        f":grey-badge[{place}] {day(event.day)}, {escape(event.label)}"
        for place, event in enumerate(events, start=1)
    )
    aid = _("Band: where the true lift is, 95% of the time, however often you look.")
    if truth:
        aid += " " + _(":green[╌] the simulator’s true lift.")
    return f"{words}. {aid}" if words else aid
