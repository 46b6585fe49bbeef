"""The only reader and writer of `st.session_state` and of the URL's query.

What must survive a reload, a second tab or a restart lies in the database or in the URL. Here lies
only what belongs to this browser tab: who looks, in which language, and the echo of widgets.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from services.bootstrap import Console, open_console
from services.settings import load_settings
from services.workflow.accounts import Account, keep_language

LANGUAGES = {"en": "English", "ko": "한국어"}
DEFAULT_LANGUAGE = "en"

_LANGUAGE = "session.language"
_ACCOUNT = "session.account"
_EXPERIMENT = "session.experiment"
_GENERATION = "session.generation"
_SEEN = "session.revision"
_EXPERIMENT_QUERY = "experiment"


@st.cache_resource(show_spinner=False)
def _console(home: str) -> Console:
    return open_console(load_settings())


def services() -> Console:
    """Database, lake, clock, settings and home of this installation; opened once a process.

    Raises SetupError where the home or the database cannot be used.
    """
    return _console(str(load_settings().home))


def reopen_services() -> None:
    """Read the settings anew: somebody has just written endpoint and key."""
    _console.clear()


def language() -> str:
    """`"en"` or `"ko"`: what the reader chose, else what the browser asks for."""
    chosen = st.session_state.get(_LANGUAGE)
    if chosen in LANGUAGES:
        return str(chosen)
    return browser_language()


def browser_language() -> str:
    """`"ko"` for a Korean browser, else `"en"`."""
    wanted = (st.context.locale or DEFAULT_LANGUAGE).lower()
    return "ko" if wanted.startswith("ko") else DEFAULT_LANGUAGE


def choose_language(code: str) -> None:
    """Use `code` from now on and keep it with the person who is logged in."""
    st.session_state[_LANGUAGE] = code
    person = account()
    if person is not None:
        console = services()
        keep_language(console.database, console.clock, person, code)


def account() -> Account | None:
    """Who looks, once the gate has let them in."""
    return st.session_state.get(_ACCOUNT)


def remember_account(person: Account) -> None:
    """Called by the gate. Takes over the person's language where they once chose one."""
    st.session_state[_ACCOUNT] = person
    if person.language and _LANGUAGE not in st.session_state:
        st.session_state[_LANGUAGE] = person.language


def current_experiment() -> str | None:
    """Id of the experiment the page is about: from the URL, else the one last looked at.

    The URL is completed, so that a reload and a copied link show the same experiment.
    """
    from_url = st.query_params.get(_EXPERIMENT_QUERY)
    if from_url:
        st.session_state[_EXPERIMENT] = from_url
        return from_url
    last: str | None = st.session_state.get(_EXPERIMENT)
    if last:
        st.query_params[_EXPERIMENT_QUERY] = last
    return last


def look_at(experiment_id: str | None) -> None:
    """Make `experiment_id` the one that pages opened from the navigation are about."""
    if experiment_id is None:
        st.session_state.pop(_EXPERIMENT, None)
        st.query_params.pop(_EXPERIMENT_QUERY, None)
    else:
        st.session_state[_EXPERIMENT] = experiment_id


def query(name: str) -> str | None:
    """One value of the URL's query."""
    return st.query_params.get(name)


def set_query(name: str, value: str | None) -> None:
    """Put a value into the URL, or take it out with None."""
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def seen_revision(experiment_id: str) -> int | None:
    """Revision of the draft that this tab last read or wrote."""
    return st.session_state.get(f"{_SEEN}.{experiment_id}")


def saw_revision(experiment_id: str, revision: int) -> None:
    """This tab has read or written `revision`."""
    st.session_state[f"{_SEEN}.{experiment_id}"] = revision


def generation(experiment_id: str) -> int:
    """Part of widget keys: a new one makes the fields read the draft again."""
    return int(st.session_state.get(f"{_GENERATION}.{experiment_id}", 0))


def new_generation(experiment_id: str) -> None:
    """Forget the echo of this experiment's fields: somebody else changed the draft."""
    st.session_state[f"{_GENERATION}.{experiment_id}"] = generation(experiment_id) + 1


def held(name: str, default: Any = None) -> Any:
    """A value this tab holds for a page: `name` is `page.what`, or a widget's key."""
    return st.session_state.get(name, default)


def hold(name: str, value: Any) -> None:
    """Keep a value for this tab. None forgets it."""
    if value is None:
        st.session_state.pop(name, None)
    else:
        st.session_state[name] = value
