"""Filters that stand in the address: a reload and a copied link show the same.

What stands there are keys, never words: a link of a Korean reader opens alike in English.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

import streamlit as st

from pages.components import session

Chosen = TypeVar("Chosen")
BETWEEN = "~"  # keys of segments hold anything else
FILTERS = ("days", "heat", "segments", "shares", "truth")
"""Every filter that a link carries."""


def from_link(name: str, options: Sequence[Chosen], default: Chosen) -> Chosen:
    """The option that the address asks for, else `default`."""
    asked = session.query(name)
    return next((option for option in options if str(option) == asked), default)


def many_from_link(name: str, options: Sequence[str]) -> list[str]:
    """The options that the address asks for, in their own order."""
    asked = (session.query(name) or "").split(BETWEEN)
    return [option for option in options if option in asked]


def to_link(name: str, chosen: object | Sequence[str], default: object = None) -> None:
    """Put what was chosen into the address; what is the default anyway stays out of it."""
    if isinstance(chosen, list | tuple):
        session.set_query(name, BETWEEN.join(chosen) or None)
    else:
        session.set_query(name, None if chosen == default else str(chosen))


def link_with_filters(experiment_id: str) -> str:
    """The address of this page with everything that is chosen on it."""
    held = {"experiment": experiment_id}
    held |= {name: value for name in FILTERS if (value := session.query(name))}
    address = (st.context.url or "").split("?")[0]
    return f"{address}?{urlencode(held)}"
