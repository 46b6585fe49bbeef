"""States as badges: one word, one colour and one icon each, the same on every page.

Each function returns a line of Markdown, so that it also stands in a sentence or in `st.table`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pages.components.translate import say
from services.experiment.model import Group, Status
from services.messages import Message, msg

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|$~:])")


@dataclass(frozen=True)
class Badge:
    """What a state looks like. `colour` is one of Streamlit's named colours."""

    colour: str
    icon: str
    word: Message


STATUS = {
    "draft": Badge("grey", "edit_note", msg("Draft")),
    "waiting": Badge("grey", "pending", msg("Waiting for approval")),
    "learning": Badge("blue", "hourglass_top", msg("Learning")),
    "running": Badge("green", "play_circle", msg("Running")),
    "paused": Badge("orange", "pause_circle", msg("Paused")),
    "stopped": Badge("orange", "pan_tool", msg("Stopped by a check")),
    "failed": Badge("red", "error", msg("Failed")),
    "ended": Badge("grey", "flag", msg("Ended")),
}
HEALTH = {
    "healthy": Badge("green", "check_circle", msg("Healthy")),
    "look": Badge("orange", "warning", msg("Look")),
    "act": Badge("red", "error", msg("Act")),
}
CONTENT = {
    "approved": Badge("green", "lock", msg("Approved")),
    "changed": Badge("orange", "lock_open", msg("Changed in Braze")),
    "waiting": Badge("grey", "pending", msg("Waiting for approval")),
}
PERMISSION = {
    "works": Badge("green", "check", msg("Works")),
    "probably": Badge("green", "check", msg("Probably")),
    "missing": Badge("red", "block", msg("Missing")),
    "excess": Badge("orange", "remove_moderator", msg("More than needed")),
    "not_tried": Badge("grey", "help", msg("Not tried")),
}
GROUPS = {
    Group.PERSONALISED: Badge("blue", "person", msg("Personalised")),
    Group.RANDOM: Badge("orange", "shuffle", msg("Random")),
    Group.USUAL: Badge("grey", "repeat", msg("As usual")),
    Group.HOLDOUT: Badge("grey", "do_not_disturb_on", msg("Holdout")),
}


def badge(colour: str, icon: str, text: str) -> str:
    """A badge with an icon from Material Symbols and a text that is already translated."""
    return f":{colour}-badge[:material/{icon}: {escape(text)}]"


def drawn(kind: Badge, *, more: str = "") -> str:
    """One of the published badges; `more` follows its word: `Running, day 34`."""
    return badge(kind.colour, kind.icon, say(kind.word) + (f", {more}" if more else ""))


def status_badge(status: Status | str, *, learning: bool = False, more: str = "") -> str:
    """Status of an experiment. A running one before its first verdict is "Learning"."""
    key = "learning" if learning and str(status) == "running" else str(status)
    return drawn(STATUS[key], more=more)


def health_badge(health: str, *, more: str = "") -> str:
    """`health` is "healthy", "look" or "act"."""
    return drawn(HEALTH[health], more=more)


def coloured_icon(kind: Badge) -> str:
    """The icon alone in its colour, for a line of text that says the word itself."""
    return f":{kind.colour}[:material/{kind.icon}:]"


def escape(text: object) -> str:
    """Somebody else's text (a segment's name, a label) that must not act as Markdown."""
    return _MARKDOWN.sub(r"\\\1", str(text))
