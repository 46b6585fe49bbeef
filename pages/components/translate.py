"""Words, numbers and days in the reader's language.

`_` and `ngettext` look up sentences written in pages, `say` those that services return. Numbers and
days are written as `services.speech` does, so that a page and a file taken from it agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pages.components.session import language
from services.intents.model import message_from
from services.messages import Message
from services.speech import Speech


def speech() -> Speech:
    """How things are said to this reader."""
    return Speech(language())


def _(text: str) -> str:
    """The sentence in the reader's language."""
    return speech().text(text)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The sentence whose wording depends on `n`; fill in the number with `number(n)`."""
    return speech().plural(singular, plural, n)


def say(message: Message | str | None) -> str:
    """A service's sentence in the reader's language, its numbers and days formatted."""
    return speech().say(message)


def say_json(stored: Mapping[str, Any] | None) -> str:
    """A sentence that a service kept as JSON (`message_json`)."""
    return say(message_from(stored))


def value(held: object) -> object:
    """One value of a sentence as the reader's language writes it."""
    return speech().value(held)


def number(amount: float, *, digits: int = 0, signed: bool = False) -> str:
    """`1,234`, with `digits` decimals; `signed` puts `+` before what is above zero."""
    return speech().number(amount, digits=digits, signed=signed)


def percent(share: float, *, digits: int = 1, signed: bool = False) -> str:
    """`0.048` as `4.8%`; `digits=0` gives `5%`."""
    return speech().percent(share, digits=digits, signed=signed)


def interval(low: str, high: str) -> str:
    """`+1.9 to +7.7`, `+1.9 ~ +7.7`: two figures already written."""
    return speech().interval(low, high)


def money(amount: float, currency: str, *, digits: int = 2) -> str:
    """`€ 4.20`: the currency's sign, a space, the amount."""
    return speech().money(amount, currency, digits=digits)


def currency_sign(currency: str) -> str:
    """`€` for `EUR`."""
    return speech().currency_sign(currency)


def day(when: date | str | float, *, year: bool = False, zone: str = "UTC") -> str:
    """`29 Oct` or `10월 29일`, from a date, an ISO day or epoch seconds."""
    return speech().day(when, year=year, zone=zone)


def long_day(when: date | str | float, *, zone: str = "UTC") -> str:
    """`Friday 21 November`, `11월 21일 금요일`."""
    return speech().long_day(when, zone=zone)


def hour(epoch_s: float, *, zone: str = "UTC") -> str:
    """`10:42` in `zone`, 24 hours in every language."""
    return datetime.fromtimestamp(epoch_s, ZoneInfo(zone)).strftime("%H:%M")


def moment(epoch_s: float, *, zone: str = "UTC") -> str:
    """`21 Nov, 10:42`."""
    return speech().moment(epoch_s, zone=zone)


def ago(then_s: float, now_s: float) -> str:
    """`20 hours ago`, `20시간 전`, from two moments of the same clock."""
    return speech().ago(then_s, now_s)


def listed(items: Iterable[str]) -> str:
    """`a, b and c`."""
    return speech().listed(items)
