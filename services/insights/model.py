"""The noun of the report: a finding, or the card that it will be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from services.insights.definitions import Definition
from services.messages import Message


@dataclass(frozen=True)
class Card:
    """One finding. `figures`: named numbers (shares as 0.05); `key` never changes."""

    key: str
    question: Message
    sentence: Message
    definition: Definition
    figures: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[Message, ...] = ()


@dataclass(frozen=True)
class NotYet:
    """The finding there will be: what is missing, and when it is expected (None = cannot say)."""

    key: str
    question: Message
    waiting_for: Message
    expected_on: date | None = None


Finding = Card | NotYet
