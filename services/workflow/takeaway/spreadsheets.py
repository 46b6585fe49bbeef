"""Tables as CSV and XLSX that no spreadsheet program takes for instructions.

A cell whose text begins like a formula is run by Excel, Sheets and LibreOffice when the file is
opened: an attribute value or a campaign's name, written by somebody else, could then send data away
(OWASP, "CSV injection"). In CSV such a text gets an apostrophe before it; in XLSX every text is
written as a text cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from io import BytesIO

import pandas as pd
import xlsxwriter  # type: ignore[import-untyped]

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
MOST_NAME = 31  # characters in a sheet's name, by Excel
WIDTHS = (10, 48)  # of a column, in characters
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """UTF-8 with a mark, so that Excel reads Hangul; numbers as such, texts made harmless."""
    safe = frame.apply(lambda column: column.map(harmless)) if len(frame) else frame
    safe = safe.rename(columns={name: harmless(name) for name in frame.columns})
    return safe.to_csv(index=False).encode("utf-8-sig")


def xlsx_bytes(sheets: Sequence[tuple[str, pd.DataFrame]]) -> bytes:
    """A workbook with one sheet a table: its name, its headings frozen, days as days.

    The same tables give the same bytes.
    """
    held = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(held, options) as book:
        book.set_properties({"created": pd.Timestamp("2000-01-01").to_pydatetime()})
        head = book.add_format({"bold": True})
        days = book.add_format({"num_format": "yyyy-mm-dd"})
        texts = book.add_format({"quote_prefix": True})
        taken: set[str] = set()
        for name, frame in sheets:
            sheet = book.add_worksheet(_sheet_name(name, taken))
            sheet.freeze_panes(1, 0)
            for place, heading in enumerate(frame.columns):
                column = frame[heading].tolist()
                sheet.set_column(place, place, _width([heading, *column]))
                sheet.write_string(0, place, str(heading), head)
                for row, value in enumerate(column, start=1):
                    _write(sheet, row, place, value, days, texts)
    return held.getvalue()


def harmless(value: object) -> object:
    """The value, with an apostrophe before a text that a spreadsheet would run.

    A carriage return inside a text would begin a new row, and whatever follows it a new cell.
    """
    if not isinstance(value, str):
        return value
    plain = value.replace("\r\n", "\n").replace("\r", "\n")
    return "'" + plain if value.startswith(DANGEROUS) else plain


def _write(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    column: int,
    value: object,
    days: xlsxwriter.format.Format,
    texts: xlsxwriter.format.Format,
) -> None:
    if value is None or (isinstance(value, float) and not abs(value) < float("inf")):
        return  # not yet, or without an end: an empty cell, never a number
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, days)
    else:
        text = str(value)
        sheet.write_string(row, column, text, texts if text.startswith(DANGEROUS) else None)


def _sheet_name(name: str, taken: set[str]) -> str:
    """The name as Excel allows it, each once."""
    plain = _FORBIDDEN.sub(" ", name).strip()[:MOST_NAME] or "Table"
    found, number = plain, 1
    while found.casefold() in taken:
        number += 1
        found = f"{plain[: MOST_NAME - len(str(number)) - 1]} {number}"
    taken.add(found.casefold())
    return found


def _width(values: Sequence[object]) -> int:
    longest = max((len(str(value)) for value in values if value is not None), default=0)
    return min(max(longest + 1, WIDTHS[0]), WIDTHS[1])
