"""Empty, loading, wrong, not yet, not allowed: drawn the same way wherever they happen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.badges import escape
from pages.components.session import account, services
from pages.components.translate import _, listed, say
from services.errors import BrazeError, ConsoleError
from services.messages import Message, msg
from services.workflow.accounts import Role, holders

ROLE_WORDS: Mapping[Role, Message] = {
    Role.VIEWER: msg("You can look, not change."),
    Role.EDITOR: msg("You can set up, not approve or start."),
    Role.APPROVER: msg("You can approve and start, not manage accounts."),
    Role.ADMIN: msg("You may do everything."),
}
ASK_WORDS: Mapping[Role, Message] = {
    Role.VIEWER: msg("Ask one of the viewers: {names}."),
    Role.EDITOR: msg("Ask one of the editors: {names}."),
    Role.APPROVER: msg("Ask one of the approvers: {names}."),
    Role.ADMIN: msg("Ask one of the admins: {names}."),
}


def empty(icon: str, title: str, detail: str = "") -> DeltaGenerator:
    """A centred card: icon, one line, one more. Returns the place for one or two actions."""
    with st.container(border=True, horizontal_alignment="center"):
        st.space("small")
        st.markdown(f":grey[:material/{icon}:]", width="content")
        st.markdown(
            f"**{title}**" + (f"  \n{detail}" if detail else ""),
            width="content",
            text_alignment="center",
        )
        actions = st.container(horizontal=True, horizontal_alignment="center")
        st.space("small")
    return actions


@contextmanager
def loading(title: str, detail: str, *, heights_px: Sequence[int] = (30, 90)) -> Iterator[None]:
    """A card in the shape of what comes, while the block runs."""
    place = st.empty()
    with place.container(border=True):
        st.markdown(f"**{title}**")
        for height in heights_px:
            st.skeleton(height)
        st.caption(detail)
    try:
        yield
    finally:
        place.empty()


def wrong(
    title: str,
    what_is_safe: str,
    *,
    key: str,
    retry: bool = True,
    icon: str = "error",
    details: str = "",
) -> bool:
    """What went wrong and what is safe. True when *Try again* was clicked."""
    clicked = False
    with st.container(border=True):
        st.markdown(f":red[:material/{icon}:] **{title}**  \n{what_is_safe}")
        if retry:
            clicked = st.button(_("Try again"), icon=":material/refresh:", key=f"{key}.retry")
        if details:
            with st.expander(_("Details for support")):
                st.code(details, language=None, wrap_lines=True)
    return clicked


def wrong_error(problem: ConsoleError, *, key: str, retry: bool = True) -> bool:
    """The same, from an error of ours."""
    details = ""
    if isinstance(problem, BrazeError):
        details = f"{problem.endpoint} {problem.status or ''} {problem.request_id}".strip()
    return wrong(
        escape(say(problem.what)), escape(say(problem.hint)), key=key, retry=retry, details=details
    )


def not_yet(title: str, detail: str, *, share: float | None = None) -> None:
    """Hourglass, how much is in, when. `share` 0 to 1 draws a bar."""
    with st.container(border=True):
        st.markdown(f":grey[:material/hourglass_top:] **{title}**  \n{detail}")
        if share is not None:
            st.progress(min(1.0, max(0.0, share)))


def not_allowed(needs: Role) -> None:
    """What the reader's role may do, and whom to ask; the controls themselves are left out."""
    person = account()
    words = say(ROLE_WORDS[person.role]) if person else ""
    names = [someone.name or someone.email for someone in holders(services().database, needs)]
    if names:
        ask = replace(ASK_WORDS[needs], values={"names": listed(names)})
        words = f"{words} {say(ask)}"
    with st.container(border=True):
        st.markdown(f":grey[:material/lock:] {escape(words)}")
