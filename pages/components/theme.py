"""How charts look for this reader: colours of the theme on screen, language and translator."""

from __future__ import annotations

import streamlit as st

from pages.components.session import language
from pages.components.translate import say
from services.insights.chart_style import Style
from services.insights.tokens import Tokens, tokens


def reader_tokens() -> Tokens:
    """Colours of the theme on screen. Services get them passed in: they never import streamlit."""
    return tokens(st.context.theme.type)


def chart_style() -> Style:
    """What every drawing function of `services.insights` wants."""
    return Style(tokens=reader_tokens(), language=language(), say=say)
