"""A button whose click asks the worker for something, and the progress the worker reports.

The click files one intent with a key made before it, so that a handler that runs twice, a double
click and a second tab all find the same row. What becomes of it is read from the table.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Literal

import streamlit as st

from pages.components import session, states
from pages.components.translate import _, say
from services.errors import ConsoleError
from services.intents.model import Intent, IntentKind, IntentState
from services.intents.store import file_intent, find, latest

READ_EVERY_S = 2.0
Look = Literal["primary", "secondary", "tertiary"]


def ask_button(
    kind: IntentKind,
    experiment_id: str | None,
    *,
    label: str,
    key: str,
    payload: Mapping[str, Any] | None = None,
    icon: str | None = None,
    look: Look = "secondary",
    disabled: bool = False,
    help: str | None = None,
    width: Literal["content", "stretch"] = "content",
    done: str | None = None,
    single: bool = False,
) -> Intent | None:
    """Draw the button, or the progress of what was asked. Returns the intent last asked for here.

    `key` names the button; one `key` is one wish until the worker is done with it. `done` is said
    once the worker has finished. `single`: while one of this kind is open for the experiment,
    whatever it asks for, nobody can ask for another.
    """
    console = session.services()
    asked = _asked(key)
    intent = find(console.database, key=asked) if asked else None
    if intent is None:
        newest = latest(console.database, kind, experiment_id=experiment_id)
        alike = newest is not None and (single or newest.payload == dict(payload or {}))
        if newest is not None and newest.is_open and alike:
            intent = newest  # asked in another tab, or before a reload
            session.hold(_name(key), newest.key)
    if intent is not None and intent.is_open:
        st.fragment(_watch, run_every=READ_EVERY_S)(intent.key)
        return intent
    if intent is not None and intent.state is IntentState.FAILED and intent.error is not None:
        if states.wrong_error(intent.error, key=f"{key}.failed"):
            session.hold(_name(key), None)
            st.rerun()
        return intent
    if intent is not None and done:
        st.markdown(f":green[:material/check_circle:] {done}")
    wish = str(uuid.uuid4())
    st.button(
        label,
        key=key,
        icon=icon,
        type=look,
        disabled=disabled,
        help=help,
        width=width,
        on_click=_file,
        args=(kind, experiment_id, key, wish, dict(payload or {})),
    )
    return intent


def _file(
    kind: IntentKind, experiment_id: str | None, key: str, wish: str, payload: dict[str, Any]
) -> None:
    console, person = session.services(), session.account()
    if person is None:
        return
    name = f"{kind.value}:{experiment_id or ''}:{wish}"
    try:
        file_intent(
            console.database, console.clock, kind, name, payload, person.email, experiment_id
        )
    except ConsoleError as problem:
        session.hold(f"{key}.refused", say(problem.what))
        return
    session.hold(_name(key), name)


def _watch(intent_key: str) -> None:
    intent = find(session.services().database, key=intent_key)
    if intent is None or not intent.is_open:
        st.rerun()
    words = say(intent.note) if intent.note else _waiting_words(intent)
    st.progress(intent.progress or 0.0, text=words)


def _waiting_words(intent: Intent) -> str:
    if intent.state is IntentState.WAITING:
        return _("Handed to the worker. You may leave this page.")
    return _("The worker is at it. You may leave this page.")


def _asked(key: str) -> str | None:
    asked: str | None = session.held(_name(key))
    return asked


def _name(key: str) -> str:
    return f"asked.{key}"
