"""Words, numbers and days in the reader's language.

`_` and `ngettext` look up sentences written in pages, `say` those that services return. Numbers and
days go through Babel; a negative number has a true minus, a percentage no space.
"""

from __future__ import annotations

import gettext
import string
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_symbol

from pages.components.session import language
from services.intents.model import message_from
from services.messages import Message, Percent

FOLDER = Path(__file__).parent.parent / "locale"
LOCALES = {"en": "en_GB", "ko": "ko_KR"}  # British English: days before months, 24 hours
DAY_PATTERNS = {"en": "d MMM", "ko": "M월 d일"}
DAY_YEAR_PATTERNS = {"en": "d MMM y", "ko": "y년 M월 d일"}
LONG_DAY_PATTERNS = {"en": "EEEE d MMMM", "ko": "M월 d일 EEEE"}
JUST_NOW_S = 45
WRITABLE = 1e15  # whole numbers beyond are no longer exact, nor anything a console counts
MINUS = "\u2212"


@lru_cache(maxsize=8)
def catalogue(code: str) -> gettext.NullTranslations:
    """All catalogues of a language, chained; English is the source text itself."""
    chain = gettext.NullTranslations()
    for file in sorted((FOLDER / code / "LC_MESSAGES").glob("*.mo")):
        with file.open("rb") as compiled:
            found = gettext.GNUTranslations(compiled)
        found.add_fallback(chain)
        chain = found
    return chain


def _(text: str) -> str:
    """The sentence in the reader's language."""
    return catalogue(language()).gettext(text)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The sentence whose wording depends on `n`; fill in the number with `number(n)`."""
    return catalogue(language()).ngettext(singular, plural, n)


def say(message: Message | str | None) -> str:
    """A service's sentence in the reader's language, its numbers and days formatted."""
    if message is None:
        return ""
    if isinstance(message, str):
        return _(message)
    if message.plural is not None and message.count is not None:
        template = ngettext(message.template, message.plural, message.count)
    else:
        template = _(message.template)
    return _FILL.vformat(template, (), message.values)


def say_json(stored: Mapping[str, Any] | None) -> str:
    """A sentence that a service kept as JSON (`message_json`)."""
    return say(message_from(stored))


class _Fill(string.Formatter):
    """Fills places as the reader writes them. How is the value's matter (`Percent`), not the
    template's: a format spec, were there one, is passed over rather than failed on."""

    def format_field(self, held: object, spec: str) -> str:
        return str(value(held))


_FILL = _Fill()


def value(held: object) -> object:
    """One value of a sentence as the reader's language writes it."""
    if isinstance(held, Message):
        return say(held)
    if isinstance(held, bool):
        return _("yes") if held else _("no")
    if isinstance(held, Percent):
        return percent(held.share, digits=held.digits, signed=held.signed)
    if isinstance(held, int | float):
        return _plain_number(held)
    if isinstance(held, datetime):
        return moment(held.timestamp())
    if isinstance(held, date):
        return day(held)
    if isinstance(held, list | tuple):
        return listed([str(value(item)) for item in held])
    return held


def _plain_number(held: float) -> str:
    """At most two decimals, none where there are none to say."""
    if not abs(held) < WRITABLE:  # not a number either: Babel cannot round it
        return str(held)
    return number(held) if round(held, 2) % 1 == 0 else number(held, digits=2).rstrip("0")


def locale() -> Locale:
    """Babel's locale for the reader."""
    return Locale.parse(LOCALES[language()])


def number(amount: float, *, digits: int = 0, signed: bool = False) -> str:
    """`1,234`, with `digits` decimals; `signed` puts `+` before what is above zero."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    rounded = round(float(amount), digits) + 0.0
    text = format_decimal(abs(rounded), format=pattern, locale=locale())
    return _sign(rounded, signed) + str(text)


def percent(share: float, *, digits: int = 1, signed: bool = False) -> str:
    """`0.048` as `4.8%`; `digits=0` gives `5%`."""
    rounded = round(float(share), digits + 2) + 0.0
    pattern = "#,##0" + ("." + "0" * digits if digits else "") + "%"
    text = format_percent(abs(rounded), format=pattern, locale=locale())
    return _sign(rounded, signed) + str(text)


def interval(low: str, high: str) -> str:
    """`+1.9 to +7.7`, `+1.9 ~ +7.7`: two figures already written."""
    return _("{low} to {high}").format(low=low, high=high)


def money(amount: float, currency: str, *, digits: int = 2) -> str:
    """`€ 4.20`: the currency's sign, a space, the amount."""
    pattern = "¤\u00a0#,##0" + ("." + "0" * digits if digits else "")
    rounded = round(float(amount), digits) + 0.0
    text = format_currency(
        abs(rounded), currency, format=pattern, locale=locale(), currency_digits=False
    )
    return _sign(rounded, False) + str(text)


def currency_sign(currency: str) -> str:
    """`€` for `EUR`."""
    return str(get_currency_symbol(currency, locale=locale()))


def day(when: date | str | float, *, year: bool = False, zone: str = "UTC") -> str:
    """`29 Oct` or `10월 29일`, from a date, an ISO day or epoch seconds."""
    patterns = DAY_YEAR_PATTERNS if year else DAY_PATTERNS
    return str(format_date(_as_date(when, zone), patterns[language()], locale=locale()))


def long_day(when: date | str | float, *, zone: str = "UTC") -> str:
    """`Friday 21 November`, `11월 21일 금요일`."""
    return str(format_date(_as_date(when, zone), LONG_DAY_PATTERNS[language()], locale=locale()))


def hour(epoch_s: float, *, zone: str = "UTC") -> str:
    """`10:42` in `zone`, 24 hours in every language."""
    return datetime.fromtimestamp(epoch_s, ZoneInfo(zone)).strftime("%H:%M")


def moment(epoch_s: float, *, zone: str = "UTC") -> str:
    """`21 Nov, 10:42`."""
    when = datetime.fromtimestamp(epoch_s, ZoneInfo(zone))
    pattern = DAY_PATTERNS[language()]
    return f"{format_datetime(when, pattern, locale=locale())}, {when:%H:%M}"


def ago(then_s: float, now_s: float) -> str:
    """`20 hours ago`, `20시간 전`, from two moments of the same clock."""
    passed = now_s - then_s
    if abs(passed) < JUST_NOW_S:
        return _("just now")
    return str(format_timedelta(-timedelta(seconds=passed), add_direction=True, locale=locale()))


def listed(items: Iterable[str]) -> str:
    """`a, b and c`."""
    return str(format_list(list(items), locale=locale()))


def _sign(rounded: float, signed: bool) -> str:
    if rounded < 0:
        return MINUS
    return "+" if signed and rounded > 0 else ""


def _as_date(when: date | str | float, zone: str) -> date:
    if isinstance(when, datetime):
        return when.astimezone(ZoneInfo(zone)).date()
    if isinstance(when, date):
        return when
    if isinstance(when, str):
        return date.fromisoformat(when)
    return datetime.fromtimestamp(when, UTC).astimezone(ZoneInfo(zone)).date()
