"""Options out of a spreadsheet: what somebody copied there, one option a line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Any

from services.experiment.model import Channel, DimensionKind
from services.messages import Message, msg

COLUMNS = ("label", "value", "cost", "active_from", "active_to")
MOST_ROWS = 200
MAX_LABEL_LENGTH = 120  # of the experiment document
# What stands above the columns in most people's tables: such a line is no option.
HEADINGS = frozenset({"option", "options", "label", "name", "옵션", "선택지", "이름", "항목"})
_HOUR = re.compile(r"(\d{1,2})(?::00)?(?:\s*(am|pm))?", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})[-./년]\s*(\d{1,2})[-./월]\s*(\d{1,2})[일.]?")


@dataclass(frozen=True)
class Pasted:
    """What was read: options as in the document but without keys, and the lines that could not be.

    refused   (number of the line from 1, what is wrong with it)
    """

    options: tuple[Mapping[str, Any], ...]
    refused: tuple[tuple[int, Message], ...]


def read_pasted(text: str, kind: DimensionKind, taken: Sequence[str] = ()) -> Pasted:
    """Read lines of label, value, cost, from, until; only the label is needed.

    Cells are parted by tabs, as spreadsheets copy them, else by semicolons or commas. `taken` are
    labels the dimension has: such a line is refused, and so is a second one of the same label.
    """
    options: list[Mapping[str, Any]] = []
    refused: list[tuple[int, Message]] = []
    known = {label.casefold() for label in taken}
    for number, cells in _rows(text):
        if number == 1 and cells[0].casefold() in HEADINGS:
            continue
        read = _option(cells, kind)
        if isinstance(read, Message):
            refused.append((number, read))
        elif str(read["label"]).casefold() in known:
            refused.append((number, msg("“{label}” is there already.", label=read["label"])))
        elif len(options) >= MOST_ROWS:
            refused.append((number, msg("More than {n} options at once.", n=MOST_ROWS)))
        else:
            known.add(str(read["label"]).casefold())
            options.append(read)
    return Pasted(tuple(options), tuple(refused))


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    mark = next((mark for mark in ("\t", ";") if mark in text), ",")
    reader: Iterable[list[str]] = csv.reader(StringIO(text), delimiter=mark)
    if mark == "," and mark in text and not _looks_like_table(text):
        reader = ([line] for line in text.split("\n"))  # commas of a sentence
    for number, cells in enumerate(reader, start=1):
        plain = [cell.strip() for cell in cells]
        if any(plain):
            yield number, plain


def _looks_like_table(text: str) -> bool:
    """Whether every line has the same number of commas: a sentence seldom does."""
    counts = {line.count(",") for line in text.splitlines() if line.strip()}
    return len(counts) == 1 and len(text.splitlines()) > 1


def _option(cells: list[str], kind: DimensionKind) -> Mapping[str, Any] | Message:
    given = dict(zip(COLUMNS, cells, strict=False))
    label = given["label"]
    if not label:
        return msg("The first cell is empty.")
    if len(label) > MAX_LABEL_LENGTH:
        return msg("The name is longer than {n} characters.", n=MAX_LABEL_LENGTH)
    value = _value(given.get("value") or label, kind)
    if value is None:
        return msg("“{value}” is no value of this kind.", value=given.get("value") or label)
    cost = _number(given.get("cost") or "0")
    if cost is None or cost < 0:
        return msg("“{cost}” is no cost.", cost=given.get("cost", ""))
    days = {}
    for name in ("active_from", "active_to"):
        typed = given.get(name) or ""
        days[name] = _day(typed)
        if typed and days[name] is None:
            return msg("“{day}” is no date.", day=typed)
    return {"label": label, "value": value, "cost": cost, **days}


def _value(text: str, kind: DimensionKind) -> Any:
    if kind is DimensionKind.CHANNEL:
        plain = text.casefold().replace("-", "").replace(" ", "")
        names = {"이메일": "email", "메일": "email", "문자": "sms", "푸시": "push"}
        wanted = names.get(plain, plain)
        return wanted if wanted in set(Channel) else None
    if kind is DimensionKind.HOUR:
        found = _HOUR.fullmatch(text.strip())
        if found is None:
            return None
        hour = int(found[1]) % 12 if found[2] else int(found[1])
        hour += 12 if (found[2] or "").lower() == "pm" else 0
        return hour if hour < 24 else None
    if kind in (DimensionKind.FREQUENCY, DimensionKind.WEEKDAY):
        return None  # chosen from a list, never typed
    return text


def _number(text: str) -> float | None:
    """1,234.50 and 1.234,50 and €12: the last mark of the two is the decimal one."""
    kept = re.sub(r"[^\d.,+-]", "", text)
    if kept.rfind(",") > kept.rfind("."):
        kept = kept.replace(".", "").replace(",", ".")
    try:
        return float(kept.replace(",", ""))
    except ValueError:
        return None


def _day(text: str) -> str | None:
    found = _DAY.fullmatch(text.strip())
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return None
