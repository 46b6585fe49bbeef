"""The side of the page Options: combinations left, people left out, texts that are too alike."""

from __future__ import annotations

import streamlit as st

from pages.components.badges import escape
from pages.components.document_parts import find_dimension
from pages.components.drafting import Editing, save
from pages.components.translate import _, day, ngettext, number, say
from services.experiment.drafts import Document
from services.experiment.model import Experiment
from services.experiment.problem import Problem
from services.workflow.options_view import OptionsState

MOST_ALIKE = 2
MOST_REASONS = 3
KEEP_BOTH = "_keep_both"


def draw_combinations(editing: Editing, experiment: Experiment, state: OptionsState) -> None:
    """How many combinations remain and how the figure comes about; people without any."""
    with st.container(border=True):
        if state.too_many is not None:
            st.metric(_("Combinations"), number(state.n_full))
            st.markdown(f":red[:material/error:] {escape(say(state.too_many.hint))}")
            return
        removed = state.n_full - state.n_left
        st.metric(
            _("Combinations"),
            number(state.n_left),
            _("{all} less {removed} by rules and dates").format(
                all=number(state.n_full), removed=number(removed)
            )
            if removed
            else _("no rule takes one away"),
            delta_color="off",
            delta_arrow="off",
        )
        sizes = [f"{number(len(d.options))} {d.label}" for d in experiment.send_dimensions]
        if sizes:
            st.caption(escape(" × ".join(sizes)))
        if experiment.cadence_dimensions:
            rhythms = ngettext(
                "Besides, {n} rhythm, chosen once a week.",
                "Besides, {n} rhythms, one chosen for each person and week.",
                state.n_rhythms,
            )
            st.caption(rhythms.format(n=number(state.n_rhythms)))
        _nobody(state)


def _nobody(state: OptionsState) -> None:
    if state.n_people is None or state.n_nobody is None:
        st.markdown(
            ":small[:grey[:material/hourglass_top: {}]]".format(
                _("Who may get what is counted after the first export of the audience.")
            )
        )
        return
    if state.n_nobody:
        words = (
            ngettext(
                "**{n} person has no option left.** They would get nothing.",
                "**{n} people have no option left.** They would get nothing.",
                state.n_nobody,
            )
            if state.instead == "nothing"
            else ngettext(
                "**{n} person has no option left.** They get it as usual, with consent.",
                "**{n} people have no option left.** They get it as usual, with consent.",
                state.n_nobody,
            )
        )
        st.markdown(f":orange[:material/warning:] {words.format(n=number(state.n_nobody))}")
        for group in state.without[:MOST_REASONS]:
            why = escape(" ".join(say(reason) for reason in group.why))
            st.markdown(f":small[:grey[{number(group.n)}: {why}]]")
    else:
        st.markdown(_(":green[:material/check_circle:] Everybody has an option left."))
    if state.as_of is not None:
        st.caption(
            _("{people} people, export of {day}").format(
                people=number(state.n_people), day=day(state.as_of)
            )
        )


def alike_in(editing: Editing) -> list[Problem]:
    """Pairs of options whose texts hardly differ, without those somebody wants to keep."""
    kept = [list(pair) for pair in editing.document.get(KEEP_BOTH) or ()]
    return [
        found
        for found in editing.problems
        if {"one", "other"} <= found.what.values.keys() and _pair(found) not in kept
    ]


def is_about_alike(found: Problem) -> bool:
    """Whether a problem is shown as a card of its own."""
    return {"one", "other"} <= found.what.values.keys()


def draw_alike(editing: Editing) -> None:
    """Texts that hardly differ, and what to do about them."""
    for found in alike_in(editing)[:MOST_ALIKE]:
        with st.container(border=True):
            st.markdown(f"**{escape(say(found.what))}**  \n{escape(say(found.hint))}")
            if editing.may_edit:
                _ways_out(editing, found)


def _pair(found: Problem) -> list[str]:
    return [found.about, str(found.what.values["one"]), str(found.what.values["other"])]


def _ways_out(editing: Editing, found: Problem) -> None:
    pair = _pair(found)
    name = "alike." + ".".join(pair)
    with st.container(horizontal=True):
        st.button(
            _("Keep the first"),
            key=editing.key(f"{name}.first"),
            on_click=_keep_first,
            args=(editing.id, pair),
        )
        st.button(
            _("Keep both"),
            type="tertiary",
            key=editing.key(f"{name}.both"),
            on_click=_keep_both,
            args=(editing.id, pair),
        )


def _keep_first(experiment_id: str, pair: list[str]) -> None:
    def change(document: Document) -> None:
        dimension = find_dimension(document, pair[0])
        dimension["options"] = [o for o in dimension["options"] if o["label"] != pair[2]]

    save(experiment_id, change)


def _keep_both(experiment_id: str, pair: list[str]) -> None:
    def change(document: Document) -> None:
        document[KEEP_BOTH] = [*(document.get(KEEP_BOTH) or ()), pair]

    save(experiment_id, change)
