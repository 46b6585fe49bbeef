"""Who gets in. The router calls the gate, and every page calls it again itself.

With a login (`[auth]` in the secrets) nobody sees anything before they are logged in and have a
role. Without one there is one local person, and only this machine can reach the console.
"""

from __future__ import annotations

import ipaddress
from typing import NoReturn

import streamlit as st

from pages.components import session, states
from pages.components.injected import draw_injected
from pages.components.language import language_control
from pages.components.translate import _, say
from services.errors import ConsoleError
from services.workflow.accounts import Account, Role, find_account, local_account


def gate(at_least: Role = Role.VIEWER) -> Account:
    """The person who looks. Draws the reason and stops the page where there is none."""
    try:
        person = _person()
    except ConsoleError as problem:
        states.wrong(
            _("Anneal cannot open its home"),
            f"{say(problem.what)} {say(problem.hint)}",
            key="gate.home",
        )
        _stop()
    session.remember_account(person)
    if not person.may(at_least):
        states.not_allowed(at_least)
        _stop()
    return person


def login_configured() -> bool:
    """Whether the secrets name a login provider."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def _person() -> Account:
    if login_configured():
        if not st.user.get("is_logged_in", False):
            _login_page()
            _stop()
        email = str(st.user.get("email") or "").lower()
        found = find_account(session.services().database, email) if email else None
        if found is None or not st.user.get("email_verified", True):
            _no_role_page(email)
            _stop()
        return found
    if not _loopback():
        states.wrong(
            _("The console is open to the network without a login"),
            _(
                "Nothing is shown. Start it with --server.address 127.0.0.1, or set up a login "
                "under [auth] in .streamlit/secrets.toml."
            ),
            key="gate.network",
        )
        _stop()
    return local_account(session.services().database)


def _loopback() -> bool:
    address = st.get_option("server.address") or ""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _login_page() -> None:
    st.title(_("Anneal"))
    with st.container(border=True, horizontal_alignment="center", width=480):
        st.space("small")
        st.markdown(":material/lock:", width="content")
        st.markdown(
            _("**Log in to see your experiments.** Your account decides what you may do."),
            width="content",
        )
        st.button(_("Log in"), type="primary", on_click=st.login, key="gate.login")
        st.space("small")
    language_control()


def _no_role_page(email: str) -> None:
    st.title(_("Anneal"))
    with st.container(border=True, width=480):
        st.markdown(
            _(":material/lock: **You have no role yet.** An admin gives you one with this command:")
        )
        st.code(f"anneal role {email} viewer", language=None)
        st.button(_("Log out"), on_click=st.logout, key="gate.logout")
    language_control()


def _stop() -> NoReturn:
    draw_injected()
    st.stop()
