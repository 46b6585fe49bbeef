"""What is wrong with a draft, by the step of the set-up where it can be put right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.messages import Message


class Step(StrEnum):
    """The five steps of the set-up, in order."""

    AUDIENCE = "audience"
    METRIC = "metric"
    OPTIONS = "options"
    TEMPLATES = "templates"
    LAUNCH = "launch"


@dataclass(frozen=True)
class Problem:
    """One thing to put right (`blocking`) or to look at. `about` is the key of what it concerns."""

    step: Step
    what: Message
    hint: Message
    blocking: bool = True
    about: str = ""
