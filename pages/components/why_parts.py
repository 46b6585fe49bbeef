"""The parts of Customers that explain one choice: for, against, possible, ruled out."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.components.badges import escape
from pages.components.head import section
from pages.components.theme import chart_style
from pages.components.translate import _, ngettext, number, percent, say
from services.experiment.model import Experiment
from services.insights.category_charts import waterfall
from services.workflow.why_view import Reason, Why

SHOWN_POSSIBLE = 8


def reason_label(reason: Reason, experiment: Experiment) -> str:
    """`No discount, tenure_months 41`: short enough to stand left of a bar."""
    if not reason.option:
        return _("everything else")
    label = next(
        (
            option.label
            for dimension in experiment.dimensions
            if dimension.key == reason.dimension
            for option in dimension.options
            if option.key == reason.option
        ),
        reason.option,
    )
    if not reason.attribute:
        return label
    attribute = reason.attribute.replace("_", " ")
    return f"{label}, {attribute} {_shown(reason.value)}".strip()


def draw_waterfall(explained: Why, experiment: Experiment) -> None:
    """What spoke for it."""
    way = explained.way
    section(_("What spoke for it"))
    if way.is_chance:
        st.caption(
            _(
                "Expected chance of success, in percentage points, from an average message to this "
                "one, for this person"
            )
        )
    else:
        st.caption(_("Expected score, from an average message to this one, for this person"))
    scale = 100 if way.is_chance else 1
    steps = pd.DataFrame(
        [(reason_label(r, experiment), scale * r.amount) for r in way.reasons],
        columns=["label", "value"],
    )
    largest = max((abs(v) for v in steps["value"]), default=1.0)
    strongest = max(way.reasons, key=lambda r: abs(r.amount), default=None)
    st.altair_chart(
        waterfall(
            steps,
            chart_style(),
            start=scale * way.start,
            start_label=_("Average message"),
            end_label=_("This choice"),
            digits=1 if largest >= 0.5 else 2,
            unit="%" if way.is_chance else "",
        ),
        alt=_("Strongest reason: {reason}").format(
            reason=reason_label(strongest, experiment) if strongest else _("none")
        ),
    )


def draw_change(explained: Why) -> None:
    """What would change it?"""
    with st.container(border=True):
        st.markdown(":material/swap_horiz: **{}**".format(_("What would change it?")))
        if explained.change is None:
            st.markdown(
                _("No single attribute that was looked into would change the expected best.")
            )
        else:
            st.markdown(
                _("If {attribute} were {value}, the expected best would be **{choice}**.").format(
                    attribute=escape(explained.change.attribute.replace("_", " ")),
                    value=escape(explained.change.value),
                    choice=escape(explained.change.text),
                )
            )


def draw_possible(explained: Why) -> None:
    """What was possible, with expected value and chance."""
    section(_("What was possible"))
    if not explained.possible:
        st.caption(_("Nothing was possible on this day."))
        return
    shown = list(explained.possible[:SHOWN_POSSIBLE])
    chosen = next((line for line in explained.possible if line.chosen), None)
    if chosen is not None and chosen not in shown:
        shown[-1] = chosen
    rest = [line for line in explained.possible if line not in shown]
    is_chance = explained.way.is_chance

    def expected(value: float) -> str:
        return percent(value) if is_chance else number(value, digits=2)

    rows = [
        (("✓ " if line.chosen else "") + line.text, expected(line.expected), line.chance)
        for line in shown
    ]
    if rest:
        mean = sum(line.expected for line in rest) / len(rest)
        words = ngettext("{n} other", "{n} others", len(rest)).format(n=number(len(rest)))
        rows.append((words, expected(mean), sum(line.chance for line in rest)))
    st.dataframe(
        pd.DataFrame(rows, columns=["combination", "expected", "chance"]),
        hide_index=True,
        height="content",
        alt=_("Combinations that could have been chosen, the expected best first"),
        column_config={
            "combination": st.column_config.TextColumn(_("Combination"), width=230),
            "expected": st.column_config.TextColumn(_("Expected"), width=80, alignment="right"),
            "chance": st.column_config.ProgressColumn(
                _("Chance to be chosen"), format="percent", min_value=0, max_value=1
            ),
        },
    )


def draw_ruled_out(explained: Why) -> None:
    """What was ruled out, by which rule, with this person's value."""
    section(_("What was ruled out"))
    if not explained.ruled_out:
        st.caption(_("Nothing: every combination was possible."))
    else:
        rows = []
        for out in explained.ruled_out:
            words = escape(say(out.rule))
            if out.attribute is not None:
                words += " " + _("This one: {value}.").format(value=escape(_shown(out.value)))
            rows.append((number(out.n), words))
        frame = pd.DataFrame(rows, columns=[_("Combinations"), _("By this rule")])
        st.table(frame, border="horizontal", hide_index=True)
    st.caption(
        _(
            "Chances are logged at the moment of choosing. Expected figures are the model’s, not a "
            "promise about this person."
        )
    )


def _shown(value: object) -> str:
    if value is None:
        return _("unknown")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return number(value, digits=0 if float(value).is_integer() else 1)
    return str(value)
