"""What an option carries and who may get it, in words."""

from __future__ import annotations

from typing import Any

from pages.components.rule_dialog import COMPARISON_WORDS
from pages.components.translate import _, listed, say
from pages.components.translate import value as plain_value
from services.experiment.drafts import Document, read_draft
from services.experiment.model import Channel, DimensionKind, OptionNeeds
from services.experiment.sentences import WEEKDAYS
from services.messages import Message, msg

CHANNEL_WORDS: dict[str, Message] = {
    Channel.EMAIL: msg("Email"),
    Channel.SMS: msg("SMS"),
    Channel.PUSH: msg("Push"),
}
FREQUENCY_WORDS: dict[int, Message] = {
    7: msg("Daily"),
    2: msg("Twice a week"),
    1: msg("Weekly"),
}


def shown_value(kind: DimensionKind, value: Any) -> Any:
    """A value as a cell of the table shows it: a word, a list of words, a number or a text."""
    if kind is DimensionKind.CHANNEL:
        return say(CHANNEL_WORDS[value]) if value in CHANNEL_WORDS else None
    if kind is DimensionKind.FREQUENCY:
        return say(FREQUENCY_WORDS[value]) if value in FREQUENCY_WORDS else None
    if kind is DimensionKind.WEEKDAY:
        return [say(WEEKDAYS[number]) for number in value or () if number in WEEKDAYS]
    if kind is DimensionKind.HOUR:
        return value
    return None if value is None else str(value)


def value_words(kind: DimensionKind, value: Any) -> str:
    """A value as a word in a line."""
    shown = shown_value(kind, value)
    if kind is DimensionKind.HOUR and shown is not None:
        return f"{int(shown):02}:00"
    return listed(shown) if isinstance(shown, list) else str(shown or "")


def who_words(document: Document, dimension: str, option: str) -> str:
    """Who may get an option by the rules: "tenure is above 12", or everybody."""
    said = [
        _("{attribute} {comparison} {value}")
        .format(
            attribute=rule.attribute,
            comparison=say(COMPARISON_WORDS[rule.comparison]),
            value=_plain(rule.value),
        )
        .strip()
        for rule in read_draft(document).experiment.rules
        if isinstance(rule, OptionNeeds) and (rule.dimension, rule.option) == (dimension, option)
    ]
    return ", ".join(said) or _("Everybody")


def _plain(value: str | float | bool | None) -> str:
    return "" if value is None else str(plain_value(value))
