"""Sentences for people, kept apart from the language they are shown in.

Services return a `Message`: the English source text with named places, and the values for them.
Pages look the text up in the gettext catalogues and fill in the values by the reader's locale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Message:
    """One sentence: a template in English and what to put into it.

    `plural` and `count` are given together where the wording depends on a number; the number is
    then also available in the template as `{n}`.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    plural: str | None = None
    count: int | None = None

    def __str__(self) -> str:
        template = self.template
        if self.plural is not None and self.count != 1:
            template = self.plural
        return template.format(**{name: _in_english(v) for name, v in self.values.items()})


@dataclass(frozen=True)
class Percent:
    """A share that a sentence says as a percentage: `Percent(0.048, digits=1)` is 4.8%.

    It stands in the values because a template has no format specs: how a number is written is
    the reader's language's, and a translator should not have to copy `:.1%`.
    """

    share: float
    digits: int = 0
    signed: bool = False

    def __str__(self) -> str:
        return format(self.share, f"{'+' if self.signed else ''},.{self.digits}%")


def msg(template: str, **values: object) -> Message:
    """Mark a sentence for translation. Babel extracts the first argument."""
    return Message(template, values)


def msgn(singular: str, plural: str, n: int, **values: object) -> Message:
    """Mark a sentence whose wording depends on `n`. Babel extracts the first two arguments."""
    return Message(singular, {"n": n, **values}, plural=plural, count=n)


def _in_english(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return value
