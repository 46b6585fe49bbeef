"""Rules as sentences with their effect under them, and a menu to change or delete each."""

from __future__ import annotations

import uuid

import streamlit as st

from pages.components import session
from pages.components.badges import escape
from pages.components.dialog import open_dialog
from pages.components.drafting import Editing, save
from pages.components.limit_forms import LIMIT_WORDS, limit_effect
from pages.components.rule_dialog import rule_dialog
from pages.components.translate import _, ngettext, number, say
from services.experiment.drafts import Document, read_draft
from services.experiment.model import Exclude, MinimumGap, OptionNeeds, QuietDays, Rule
from services.experiment.sentences import rule_sentence
from services.workflow.options_view import OptionsState

CHANGE, DELETE = "change", "delete"


def draw_rules(editing: Editing, state: OptionsState) -> None:
    """The heading with "Add a rule", and every rule of the draft."""
    experiment = read_draft(editing.document).experiment
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.header(_("Rules"), anchor=False, width="stretch")
        if editing.may_edit and st.button(
            _("Add a rule"), icon=":material/add:", key=editing.key("rules.add")
        ):
            session.hold("rules.wish", str(uuid.uuid4()))
            open_dialog(_("Add a rule"), lambda: rule_dialog(editing, None))
    if not experiment.rules:
        st.markdown(_("No rule: every person may get every combination, every day."))
        return
    with st.container(border=True):
        for place, rule in enumerate(experiment.rules):
            with st.container(horizontal=True, vertical_alignment="center", wrap=False):
                sentence = escape(say(rule_sentence(rule, experiment)))
                effect = _effect(place, rule, state)
                under = f"  \n:small[:grey[{effect}]]" if effect else ""
                st.markdown(f"{sentence}{under}", width="stretch")
                if editing.may_edit:
                    _menu(editing, place, sentence)


def _menu(editing: Editing, place: int, sentence: str) -> None:
    words = {CHANGE: _("Change"), DELETE: _("Delete")}
    chosen = st.menu_button(
        ":material/more_vert:",
        list(words),
        format_func=words.__getitem__,
        type="tertiary",
        help=_("Change or delete: {rule}").format(rule=sentence),
        key=editing.key(f"rules.menu.{place}.{len(editing.document.get('rules') or ())}"),
    )
    if chosen == DELETE:
        _delete(editing.id, place)
        st.rerun()
    if chosen == CHANGE:
        open_dialog(_("Change the rule"), lambda: rule_dialog(editing, place))


def _effect(place: int, rule: Rule, state: OptionsState) -> str:
    if isinstance(rule, Exclude):
        removed = state.removed_by.get(place, 0)
        return ngettext(
            "rules out {n} of {total} combinations",
            "rules out {n} of {total} combinations",
            removed,
        ).format(n=number(removed), total=number(state.n_full))
    if isinstance(rule, OptionNeeds) and place in state.kept_out:
        people = state.kept_out[place]
        return ngettext(
            "keeps {n} of {total} people from it", "keeps {n} of {total} people from it", people
        ).format(n=number(people), total=number(state.n_people or 0))
    if isinstance(rule, OptionNeeds):
        return _("counted after the first export of the audience")
    if isinstance(rule, MinimumGap):
        return _("applied before anything is chosen, over all experiments")
    if isinstance(rule, QuietDays):
        return _("nothing is chosen for these days either")
    if rule.kind in LIMIT_WORDS:
        return limit_effect(rule.kind)
    return _("whoever is over it gets nothing that day")


def _delete(experiment_id: str, place: int) -> None:
    def change(document: Document) -> None:
        rules = list(document.get("rules") or ())
        del rules[place]
        document["rules"] = rules

    save(experiment_id, change)
