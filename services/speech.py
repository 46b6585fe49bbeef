"""Words, numbers and days in one language, for pages and for what people take away as a file.

A negative number has a true minus, a percentage no space. The catalogues lie beside the pages,
because nearly all sentences are theirs.
"""

from __future__ import annotations

import gettext
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_symbol

from services.messages import Message, Percent, msg

FOLDER = Path(__file__).parents[1] / "pages" / "locale"
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


@dataclass(frozen=True)
class Speech:
    """How things are said in `language`, a key of LOCALES."""

    language: str = "en"

    def text(self, text: str) -> str:
        """A sentence of the source, translated."""
        return catalogue(self.language).gettext(text)

    def plural(self, singular: str, plural: str, n: int) -> str:
        """A sentence whose wording depends on `n`; fill in the number with `number(n)`."""
        return catalogue(self.language).ngettext(singular, plural, n)

    def say(self, message: Message | str | None) -> str:
        """A service's sentence, its numbers and days formatted."""
        if message is None:
            return ""
        if isinstance(message, str):
            return self.text(message)
        if message.plural is not None and message.count is not None:
            template = self.plural(message.template, message.plural, message.count)
        else:
            template = self.text(message.template)
        return _Fill(self).vformat(template, (), message.values)

    def value(self, held: object) -> object:
        """One value of a sentence as the language writes it."""
        if isinstance(held, Message):
            return self.say(held)
        if isinstance(held, bool):
            return self.say(msg("yes") if held else msg("no"))
        if isinstance(held, Percent):
            return self.percent(held.share, digits=held.digits, signed=held.signed)
        if isinstance(held, int | float):
            return self._plain_number(held)
        if isinstance(held, datetime):
            return self.moment(held.timestamp())
        if isinstance(held, date):
            return self.day(held)
        if isinstance(held, list | tuple):
            return self.listed([str(self.value(item)) for item in held])
        return held

    @property
    def locale(self) -> Locale:
        """Babel's locale."""
        return Locale.parse(LOCALES[self.language])

    def number(self, amount: float, *, digits: int = 0, signed: bool = False) -> str:
        """`1,234`, with `digits` decimals; `signed` puts `+` before what is above zero."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        rounded = round(float(amount), digits) + 0.0
        text = format_decimal(abs(rounded), format=pattern, locale=self.locale)
        return _sign(rounded, signed) + str(text)

    def percent(self, share: float, *, digits: int = 1, signed: bool = False) -> str:
        """`0.048` as `4.8%`; `digits=0` gives `5%`."""
        rounded = round(float(share), digits + 2) + 0.0
        pattern = "#,##0" + ("." + "0" * digits if digits else "") + "%"
        text = format_percent(abs(rounded), format=pattern, locale=self.locale)
        return _sign(rounded, signed) + str(text)

    def interval(self, low: str, high: str) -> str:
        """`+1.9 to +7.7`, `+1.9 ~ +7.7`: two figures already written."""
        return self.say(msg("{low} to {high}", low=low, high=high))

    def money(self, amount: float, currency: str, *, digits: int = 2) -> str:
        """`€ 4.20`: the currency's sign, a space, the amount."""
        pattern = "¤\u00a0#,##0" + ("." + "0" * digits if digits else "")
        rounded = round(float(amount), digits) + 0.0
        text = format_currency(
            abs(rounded), currency, format=pattern, locale=self.locale, currency_digits=False
        )
        return _sign(rounded, False) + str(text)

    def currency_sign(self, currency: str) -> str:
        """`€` for `EUR`."""
        return str(get_currency_symbol(currency, locale=self.locale))

    def day(self, when: date | str | float, *, year: bool = False, zone: str = "UTC") -> str:
        """`29 Oct` or `10월 29일`, from a date, an ISO day or epoch seconds."""
        pattern = (DAY_YEAR_PATTERNS if year else DAY_PATTERNS)[self.language]
        return str(format_date(_as_date(when, zone), pattern, locale=self.locale))

    def long_day(self, when: date | str | float, *, zone: str = "UTC") -> str:
        """`Friday 21 November`, `11월 21일 금요일`."""
        pattern = LONG_DAY_PATTERNS[self.language]
        return str(format_date(_as_date(when, zone), pattern, locale=self.locale))

    def moment(self, epoch_s: float, *, zone: str = "UTC") -> str:
        """`21 Nov, 10:42`."""
        when = datetime.fromtimestamp(epoch_s, ZoneInfo(zone))
        pattern = DAY_PATTERNS[self.language]
        return f"{format_datetime(when, pattern, locale=self.locale)}, {when:%H:%M}"

    def ago(self, then_s: float, now_s: float) -> str:
        """`20 hours ago`, `20시간 전`, from two moments of the same clock."""
        passed = now_s - then_s
        if abs(passed) < JUST_NOW_S:
            return self.say(msg("just now"))
        gone = timedelta(seconds=passed)
        return str(format_timedelta(-gone, add_direction=True, locale=self.locale))

    def listed(self, items: Iterable[str]) -> str:
        """`a, b and c`."""
        return str(format_list(list(items), locale=self.locale))

    def _plain_number(self, held: float) -> str:
        """At most two decimals, none where there are none to say."""
        if not abs(held) < WRITABLE:  # not a number either: Babel cannot round it
            return str(held)
        if round(held, 2) % 1 == 0:
            return self.number(held)
        return self.number(held, digits=2).rstrip("0")


class _Fill(string.Formatter):
    """Fills places as the language writes them. How is the value's matter (`Percent`), not the
    template's: a format spec, were there one, is passed over rather than failed on."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech

    def format_field(self, held: object, spec: str) -> str:
        return str(self._speech.value(held))


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
