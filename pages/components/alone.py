"""Parts of a page that fail alone: what breaks in one is said there, and the rest stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
import structlog

from pages.components import states
from pages.components.translate import _
from services.errors import ConsoleError

_LOG = structlog.get_logger(__name__)


@contextmanager
def alone(key: str) -> Iterator[None]:
    """Draw a part of a page; an error inside becomes a card in its place."""
    try:
        yield
    except ConsoleError as problem:
        if states.wrong_error(problem, key=f"{key}.wrong"):
            st.rerun()
    except Exception:
        # Whatever it is, it concerns this part only; the operator finds it in the log.
        _LOG.exception("part_failed", part=key)
        retry = states.wrong(
            _("This part could not be drawn"),
            _("The rest of the page is right, and sending is not affected."),
            key=f"{key}.broken",
        )
        if retry:
            st.rerun()
