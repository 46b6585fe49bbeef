"""Connection: does the Braze key work, for what, and what to change."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from pydantic import SecretStr

from pages.components import session, states
from pages.components.badges import PERMISSION, drawn, escape
from pages.components.gate import gate
from pages.components.head import head, section
from pages.components.intent_progress import ask_button
from pages.components.translate import _, ago, number, say
from services.errors import ConsoleError
from services.intents.model import IntentKind
from services.messages import Message
from services.settings import write_connection
from services.workflow.accounts import Role
from services.workflow.connection_view import (
    ConnectionState,
    Permission,
    connection_state,
    known_endpoints,
)

KEY_FIELD, ENDPOINT_FIELD = "connection.key", "connection.endpoint"
SAVED, REFUSED = "connection.saved", "connection.refused"

person = gate()
console = session.services()
state: ConnectionState = connection_state(console.database, console.settings)


def keep_key() -> None:
    """Write endpoint and key into the home; the field is emptied and the key never shown again."""
    endpoint = str(session.held(ENDPOINT_FIELD) or "")
    typed = str(session.held(KEY_FIELD) or "").strip()
    session.hold(KEY_FIELD, "")
    if not typed or not endpoint:
        session.hold(REFUSED, _("Choose the endpoint and put in the key; both are needed."))
        return
    try:
        write_connection(console.home, endpoint=endpoint, key=SecretStr(typed))
    except ConsoleError as problem:
        session.hold(REFUSED, f"{say(problem.what)} {say(problem.hint)}")
        return
    session.reopen_services()
    session.hold(SAVED, True)


def draw_account() -> None:
    """Endpoint and key. The key is taken only where the worker reads the same home."""
    section(_("Your Braze account"))
    if state.sandbox:
        st.markdown(
            _(
                ":material/science: **This is the simulated Braze of the demo.** It runs on this "
                "machine; no message reaches anybody."
            )
        )
        st.code(state.endpoint, language=None)
    elif not person.may(Role.ADMIN):
        endpoint = state.endpoint or _("none yet")
        st.markdown(_("REST endpoint") + f": `{endpoint}`")
        states.not_allowed(Role.ADMIN)
    elif state.takes_key:
        _key_form()
    else:
        st.markdown(
            _(
                "The worker runs on another machine and keeps the key there. Type this on it; "
                "the key is asked for and never shown:"
            )
        )
        st.code("anneal connect", language=None)


def _key_form() -> None:
    known = known_endpoints()
    st.selectbox(
        _("REST endpoint"),
        known,
        index=known.index(state.endpoint) if state.endpoint in known else None,
        format_func=lambda origin: origin.removeprefix("https://"),
        placeholder=_("Choose your instance"),
        help=_("In Braze under Settings, APIs and Identifiers. It begins with rest."),
        key=ENDPOINT_FIELD,
    )
    st.text_input(
        _("REST API key"),
        type="password",
        autocomplete="off",
        placeholder=_("Kept; put in another to replace it") if state.endpoint else None,
        key=KEY_FIELD,
    )
    st.markdown(
        ":small[:grey[{}]]".format(
            _(
                "Kept in a file of Anneal's home that only its owner can read. It is never shown "
                "again and goes nowhere but to Braze."
            )
        )
    )
    st.button(
        _("Save the key"),
        type="secondary" if state.endpoint else "primary",
        on_click=keep_key,
        key="connection.save",
    )
    refused = session.held(REFUSED)
    if refused:
        session.hold(REFUSED, None)
        st.markdown(f":red[:material/error:] {escape(refused)}")
    elif session.held(SAVED):
        st.markdown(_(":green[:material/check_circle:] Saved. The worker takes it from now on."))


def draw_line() -> None:
    """How fast Braze answers, what may still be asked, whether the clocks agree: from the check."""
    line = state.line
    if state.checked_at is None or line.latency_s is None:
        return
    section(_("The line to Braze"))
    rows = [
        (_("Answers in"), _answers_in()),
        (_("Requests left"), _requests_left()),
        (_("Clocks"), _clocks()),
    ]
    if state.instance is not None:
        rows.insert(0, (_("Instance"), state.instance))
    st.table(
        pd.DataFrame(rows, columns=[_("What"), _("At the last check")]),
        border="horizontal",
        hide_index=True,
        hide_header=True,
        alt=_("How fast Braze answers, how many requests are left, and whether the clocks agree"),
    )


def _answers_in() -> str:
    return _("{milliseconds} ms, median of {n} calls").format(
        milliseconds=number((state.line.latency_s or 0.0) * 1_000), n=number(state.line.n_answers)
    )


def _requests_left() -> str:
    window = state.requests
    if window is None or window.remaining is None:
        return _("Braze did not say.")
    if window.limit is None:
        return number(window.remaining)
    return _("{left} of {limit} this hour").format(
        left=number(window.remaining), limit=number(window.limit)
    )


def _clocks() -> str:
    ahead_s = state.line.clock_ahead_s
    if ahead_s is None:
        return _("Braze did not say.")
    apart = number(abs(ahead_s), digits=1)
    if state.line.clocks_agree:
        return ":green[:material/check:] " + _("{seconds} s apart").format(seconds=apart)
    return ":orange[:material/warning:] " + _(
        "**{seconds} s apart.** Set the clock of the machine the worker runs on: with a minute or "
        "more, quiet hours and rate limits are read wrongly."
    ).format(seconds=apart)


def draw_never() -> None:
    """What is never asked for, whatever the key allows."""
    section(_("What Anneal never asks for"))
    st.markdown(
        _(
            "Names, email addresses, phone numbers and birthdays. Anneal asks Braze only for the "
            "attributes you agree to on the Audience page."
        )
    )


def draw_verdict(*, said_beside: bool) -> None:
    """The sentence, then only what is missing or too much, then all nineteen.

    `said_beside`: why the last check failed stands at its button already.
    """
    section(_("What the key may do"))
    if not state.endpoint:
        states.empty(
            "cable",
            _("Not connected yet"),
            _("Put in the endpoint and the key. Nothing is sent to anybody by connecting."),
        )
        return
    failed = state.not_got_through
    if failed is not None and failed.error is not None and not said_beside:
        _not_got_through(failed.error.what, failed.error.hint)
    if state.checked_at is None:
        if failed is None:
            states.not_yet(
                _("Not checked yet"),
                _("Press Check again: every permission is tried with a call that changes nothing."),
            )
        return
    total = len(state.permissions)
    counted = _("{works} of {total} permissions work.").format(
        works=number(state.n_works), total=number(total)
    )
    st.markdown(f"**{counted}** " + " ".join(say(words) for words in state.can_and_cannot()))
    if state.missing or state.excess:
        with st.container(border=True):
            for found in state.missing:
                _advice(found, _missing_words(found))
            for found in state.excess:
                _advice(found, _excess_words(found))
    _table()
    tried = ago(state.checked_at, console.clock.now().timestamp())
    st.caption(
        _(
            "Tried {ago} with calls that change nothing. “Probably” means Braze refused the empty "
            "call for another reason than the permission; “Not tried”, that Braze gave no clear "
            "answer."
        ).format(ago=tried)
    )


def _not_got_through(what: Message | str, hint: Message | str | None) -> None:
    st.markdown(f":red[:material/error:] **{escape(say(what))}** {escape(say(hint))}")
    if state.checked_at is not None:
        st.markdown(_("The last check did not get through. What follows is from the one before."))


def _advice(found: Permission, words: str) -> None:
    st.markdown(f"{drawn(PERMISSION[found.result])} `{found.name}`  \n{words}")


def _missing_words(found: Permission) -> str:
    return _(
        "Needed for **{step}**. A Braze key cannot be changed: make a new one under *Settings, "
        "APIs and Identifiers*, tick **{permission}** as well, save it here, then press Check "
        "again."
    ).format(step=say(found.needed_for), permission=escape(found.name))


def _excess_words(found: Permission) -> str:
    words = say(found.step) if found.step else _("Anneal does not use it.")
    return f"{words} {say(found.said)}" if found.said else words


def _table() -> None:
    rows = [
        {
            _("Permission"): f"`{found.name}`",
            _("Needed for"): say(found.needed_for),
            _("Result"): drawn(PERMISSION[found.result]),
        }
        for found in state.permissions
    ]
    st.table(
        pd.DataFrame(rows),
        border="horizontal",
        hide_index=True,
        alt=_("The nineteen permissions, what each is needed for, and whether it works"),
    )


with head(_("Is Braze connected?")):
    pass
left, right = st.columns([3, 5], gap="large")
with left:
    draw_account()
    asked = None
    if state.endpoint and person.may(Role.EDITOR):
        asked = ask_button(
            IntentKind.CHECK_CONNECTION,
            None,
            label=_("Check again") if state.checked_at else _("Check the connection"),
            key="connection.check",
            icon=":material/stethoscope:",
            look="primary",
            disabled=not state.worker_alive,
            help=None
            if state.worker_alive
            else _("The worker does the checking, and it is not running."),
        )
    if state.endpoint and not state.worker_alive:
        st.markdown(
            _(
                ":orange[:material/warning:] The worker is not running, so nothing can be checked. "
                "Start it with this command:"
            )
        )
        st.code("anneal worker", language=None)
    draw_line()
    draw_never()
with right:
    draw_verdict(said_beside=asked is not None and asked.error is not None)
