"""The ten pages: where each lies, what it is called, and how to get there.

Pages are named by their key; a page whose file is not there is left out everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import streamlit as st

from pages.components import session
from pages.components.translate import say
from services.messages import Message, msg

FOLDER = Path(__file__).parent.parent


@dataclass(frozen=True)
class Route:
    """One page: `key` is its file's name and its path in the URL."""

    key: str
    title: Message
    icon: str
    in_setup: bool = False

    @property
    def file(self) -> Path:
        """The page's script."""
        return FOLDER / f"{self.key}.py"


ROUTES = {
    route.key: route
    for route in (
        Route("experiments", msg("Experiments"), "science"),
        Route("today", msg("Today"), "today"),
        Route("insights", msg("Insights"), "insights"),
        Route("customers", msg("Customers"), "person_search"),
        Route("connection", msg("Connection"), "cable"),
        Route("audience", msg("Audience"), "groups", in_setup=True),
        Route("metric", msg("Metric"), "target", in_setup=True),
        Route("options", msg("Options"), "tune", in_setup=True),
        Route("templates", msg("Templates"), "mail", in_setup=True),
        Route("launch", msg("Launch"), "rocket_launch", in_setup=True),
    )
}
HOME = "experiments"
STEPS = ("audience", "metric", "options", "templates", "launch")


def available() -> list[Route]:
    """The pages that are installed, in the order of the navigation."""
    return [route for route in ROUTES.values() if route.file.exists()]


def page(key: str) -> st.Page:
    """Streamlit's handle of a page, titled in the reader's language."""
    route = ROUTES[key]
    return st.Page(
        route.file,
        title=say(route.title),
        icon=f":material/{route.icon}:",
        url_path=key,
        default=key == HOME,
    )


def exists(key: str) -> bool:
    """Whether the page is installed."""
    return ROUTES[key].file.exists()


def go(key: str, *, experiment: str | None = None, **query: str) -> NoReturn:
    """Switch to a page, by default about the experiment now looked at."""
    st.switch_page(page(key), query_params=_query(experiment, query))


def link(
    key: str,
    *,
    label: str | None = None,
    icon: str | None = None,
    icon_position: str = "left",
    experiment: str | None = None,
    width: str = "content",
    **query: str,
) -> None:
    """A link to a page; nothing where the page is not installed."""
    if exists(key):
        st.page_link(
            page(key),
            label=label,
            icon=icon,
            icon_position=icon_position,  # type: ignore[arg-type]
            width=width,  # type: ignore[arg-type]
            query_params=_query(experiment, query),
        )


def _query(experiment: str | None, more: dict[str, str]) -> dict[str, str]:
    about = experiment or session.current_experiment()
    if about:
        session.look_at(about)
    return ({"experiment": about} if about else {}) | more
