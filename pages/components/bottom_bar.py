"""The bar at the bottom that stays while the page scrolls.

In set-up: when the draft was saved, or why one cannot go on, with Back and Next. On a running
experiment: what happens now, with Pause always in reach.
"""

from __future__ import annotations

import uuid

import streamlit as st

from pages.components import session
from pages.components.badges import escape
from pages.components.dialog import open_dialog
from pages.components.routes import ROUTES, STEPS, exists, go
from pages.components.translate import _, day, hour, say
from services.errors import ConsoleError
from services.intents.store import file_intent
from services.workflow.accounts import LOCAL_EMAIL, Role
from services.workflow.sending_view import Sending, SendingNow, sending_now

LIVE_EVERY_S = 2.0
IDLE_EVERY_S = 30.0
NO_REASON = ("", "-")  # the worker writes a dash where nobody gave one
_WISH = "bar.wish"
LIVE = (Sending.PAUSING, Sending.RESUMING)
HELD = (Sending.PAUSED, Sending.RESUMING)  # nothing is sent: the badge says Paused


def setup_bar(step: str, *, saved_at: float | None, blocked: str = "", zone: str = "UTC") -> None:
    """Back, Next and when the draft was saved. `blocked` says why Next cannot be clicked."""
    place = STEPS.index(step)
    before = STEPS[place - 1] if place else None
    after = STEPS[place + 1] if place + 1 < len(STEPS) else None
    with st.bottom, st.container(horizontal=True, vertical_alignment="center", wrap=False):
        if blocked:
            st.markdown(f":small[:orange[:material/block:] {blocked}]", width="stretch")
        elif saved_at is not None:
            words = _("Draft saved {time}").format(time=hour(saved_at, zone=zone))
            st.markdown(f":small[:grey[:material/cloud_done: {words}]]", width="stretch")
        else:
            st.space("stretch")
        if before and exists(before) and st.button(_("Back"), type="tertiary", key="bar.back"):
            go(before)
        if after and exists(after):
            label = _("Next: {step}").format(step=say(ROUTES[after].title))
            if st.button(
                label,
                type="primary",
                icon=":material/arrow_forward:",
                icon_position="right",
                disabled=bool(blocked),
                key="bar.next",
            ):
                go(after)


def running_bar(experiment_id: str) -> None:
    """What happens now and Pause, read again every few seconds. Nothing for a draft."""
    now = _now(experiment_id)
    if now is None or now.row.launched_at is None:
        return
    every = LIVE_EVERY_S if now.state in LIVE else IDLE_EVERY_S
    st.fragment(_running, run_every=every)(experiment_id, now.state)


def _running(experiment_id: str, drawn_for: Sending) -> None:
    now = _now(experiment_id)
    if now is None:
        return
    if any((now.state in kind) is not (drawn_for in kind) for kind in (LIVE, HELD)):
        st.rerun()  # the rhythm, and the badge above, change with the state
    person = session.account()
    with st.bottom, st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(_sentence(now), width="stretch")
        if person is None or not person.may(Role.EDITOR):
            return
        if now.state in (Sending.SENDING, Sending.WAITING, Sending.NO_WORKER, Sending.STOPPED):
            if st.button(_("Pause"), icon=":material/pause:", key="bar.pause"):
                session.hold(_WISH, str(uuid.uuid4()))
                open_dialog(_("Pause sending?"), lambda: _pause_dialog(now))
        elif (
            now.state is Sending.PAUSED
            and person.may(Role.APPROVER)
            and st.button(_("Resume"), icon=":material/play_arrow:", key="bar.resume")
        ):
            session.hold(_WISH, str(uuid.uuid4()))
            open_dialog(_("Resume sending?"), lambda: _resume_dialog(now))


def _sentence(now: SendingNow) -> str:
    if now.state is Sending.SENDING and now.next_wave_at is not None:
        wave = _("Next wave {time}").format(time=hour(now.next_wave_at, zone=now.zone))
        return ":green[:material/play_circle:] **{}** {}".format(_("Sending."), wave)
    if now.state is Sending.WAITING:
        return ":green[:material/play_circle:] **{}**".format(_("No message is waiting."))
    if now.state is Sending.PAUSING:
        return ":orange[:material/pause_circle:] **{}**".format(_("Pausing…"))
    if now.state is Sending.RESUMING:
        return ":blue[:material/play_circle:] **{}**".format(_("Resuming…"))
    if now.state is Sending.PAUSED:
        return f":orange[:material/pause_circle:] **{paused_words(now)}**"
    if now.state is Sending.NO_WORKER:
        return ":orange[:material/warning:] **{}**".format(_("The worker is not running."))
    if now.state is Sending.ENDED:
        return ":grey[:material/flag:] **{}**".format(_("Ended."))
    return ":orange[:material/pan_tool:] **{}**".format(_("Stopped by a check."))


def paused_words(now: SendingNow) -> str:
    """Since when, and by whom."""
    when = hour(now.paused_at, zone=now.zone) if now.paused_at is not None else ""
    if now.automatic:
        return _("Paused by a check, {time}").format(time=when)
    if now.paused_by in ("", LOCAL_EMAIL):
        return _("Paused, {time}").format(time=when)
    return _("Paused by {account}, {time}").format(account=escape(now.paused_by), time=when)


def _pause_dialog(now: SendingNow) -> None:
    st.markdown(
        _(
            "Nothing new goes to Braze from the moment the worker reads this, within seconds. "
            "What is planned stays planned. **Messages already handed to Braze cannot be "
            "called back.**"
        )
    )
    reason = st.text_input(_("Reason, for the log"), key="bar.pause.reason", max_chars=200)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Keep sending"), type="tertiary", key="bar.pause.keep"):
            st.rerun()
        if st.button(_("Pause now"), type="primary", key="bar.pause.now"):
            _ask("pause", now, reason)


def _resume_dialog(now: SendingNow) -> None:
    if now.paused_reason.strip() not in NO_REASON:
        why = _("The reason was: {reason}").format(reason=escape(now.paused_reason))
        when = day(now.paused_at or 0.0, zone=now.zone)
        st.markdown(f"{why} ({when})")
    st.markdown(
        _(
            "Sending goes on with the messages whose hour has not passed. Those whose hour has "
            "passed are not sent any more."
        )
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Stay paused"), type="tertiary", key="bar.resume.keep"):
            st.rerun()
        if st.button(_("Resume now"), type="primary", key="bar.resume.now"):
            _ask("resume", now, "")


def _ask(kind: str, now: SendingNow, reason: str) -> None:
    person = session.account()
    console = session.services()
    # One wish for each opening of the dialog: a click that is handled twice finds the same row.
    file_intent(
        console.database,
        console.clock,
        kind,
        f"{kind}:{now.row.id}:{session.held(_WISH)}",
        {"scope": "*" if now.paused_all else now.row.id, "reason": reason},
        person.email if person else "",
        now.row.id,
    )
    st.rerun()


def _now(experiment_id: str) -> SendingNow | None:
    console = session.services()
    try:
        return sending_now(console.database, console.clock, experiment_id)
    except ConsoleError:
        return None
