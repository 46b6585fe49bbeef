"""The checks before a start, and the settings in Braze that only a person can confirm."""

from __future__ import annotations

import streamlit as st

from pages.components import session
from pages.components.badges import escape
from pages.components.drafting import Editing, save
from pages.components.head import card_title, section
from pages.components.routes import link
from pages.components.translate import _, listed, say
from services.activation.preflight import Check, CheckState
from services.experiment.drafts import Document
from services.workflow.accounts import LOCAL_EMAIL
from services.workflow.launch_view import Launch, tick, ticked_in

MARKS = {
    CheckState.OK: ":green[:material/check_circle:]",
    CheckState.LOOK: ":orange[:material/warning:]",
    CheckState.BLOCK: ":red[:material/block:]",
}
WHERE = {
    "targets": "templates",
    "target": "templates",
    "content": "templates",
    "permission": "connection",
    "audience": "audience",
    "sms_consent": "audience",
}


def draw_checks(editing: Editing, seen: Launch) -> None:
    """Checks by what they came to, then the settings to confirm."""
    section(_("Checks"))
    with st.container(border=True):
        for place, check in enumerate(c for c in seen.checks if not c.tick):
            _check(check, place, seen.names.get(check.about, ""))
    ticks = [check for check in seen.checks if check.tick]
    if ticks:
        _draw_ticks(editing, ticks)


def _draw_ticks(editing: Editing, ticks: list[Check]) -> None:
    confirmed = ticked_in(editing.document)
    card_title(_("Settings in Braze that only you can see"))
    with st.container(border=True):
        for check in ticks:
            key = editing.key(f"launch.tick.{check.key}")
            st.checkbox(
                escape(say(check.what)),
                value=check.key in confirmed,
                key=key,
                help=escape(say(check.action)) if check.action else None,
                disabled=not editing.may_edit,
                on_change=_ticked,
                args=(editing.id, check.key, key),
            )
        others = sorted(set(confirmed.values()) - {LOCAL_EMAIL})
        if others:
            words = _("Ticked by {accounts}, and kept with the start.")
            st.caption(words.format(accounts=escape(listed(others))))
        else:
            st.caption(_("Ticked in your name, and kept with the start."))


def _ticked(experiment_id: str, setting: str, key: str) -> None:
    person = session.account()
    by = person.email if person is not None and session.held(key) else None

    def change(document: Document) -> None:
        tick(document, setting, by)

    save(experiment_id, change)


def _check(check: Check, place: int, name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        words = (f"**{escape(name)}** " if name else "") + escape(say(check.what))
        if check.action is not None and check.state is not CheckState.OK:
            words += f" :small[{escape(say(check.action))}]"
        st.markdown(f"{MARKS[check.state]} {words}", width="stretch")
        where = WHERE.get(check.key)
        if where and check.state is not CheckState.OK:
            link(
                where,
                label=_("Review"),
                icon=":material/arrow_forward:",
                icon_position="right",
                **{"from": str(place)},
            )
