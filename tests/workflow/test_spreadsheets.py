"""A table that is taken away is read by a spreadsheet as it was, and never run."""

from __future__ import annotations

import csv
import zipfile
from datetime import date
from io import BytesIO, StringIO
from xml.etree import ElementTree

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.workflow.takeaway.spreadsheets import DANGEROUS, csv_bytes, xlsx_bytes

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
WRITABLE = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
HOSTILE = st.tuples(st.sampled_from([*DANGEROUS, ""]), WRITABLE).map("".join)
FRAME = pd.DataFrame(
    {
        "Day": [date(2026, 3, 2), date(2026, 3, 3)],
        "Option": ["=1+1", "10% off"],
        "Lift": [-0.05, None],
        "People": [1200, 3],
    }
)


def cells_of_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))


def sheets_of(content: bytes) -> dict[str, list[ElementTree.Element]]:
    """Cells of each sheet, by the sheet's name."""
    with zipfile.ZipFile(BytesIO(content)) as book:
        assert book.testzip() is None
        names = [
            str(sheet.get("name"))
            for sheet in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(SHEET + "sheet")
        ]
        return {
            name: list(
                ElementTree.fromstring(book.read(f"xl/worksheets/sheet{place}.xml")).iter(
                    SHEET + "c"
                )
            )
            for place, name in enumerate(names, start=1)
        }


@settings(max_examples=60, deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=4), HOSTILE)
def test_no_text_of_a_csv_begins_like_a_formula(values: list[str], heading: str) -> None:
    rows = cells_of_csv(csv_bytes(pd.DataFrame({heading: values, "n": range(len(values))})))
    for cell in [row[0] for row in rows]:
        assert not cell.startswith(DANGEROUS)
    kept = [row[0] for row in rows[1:]]
    for value, cell in zip(values, kept, strict=True):
        assert cell.removeprefix("'") == value.replace("\r", "\n").removeprefix("'")


def test_numbers_below_zero_stay_numbers() -> None:
    rows = cells_of_csv(csv_bytes(FRAME))
    assert rows[1] == ["2026-03-02", "'=1+1", "-0.05", "1200"]
    assert rows[2][2] == ""


@settings(max_examples=25, deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=3), HOSTILE)
def test_a_workbook_holds_texts_and_no_formula(values: list[str], name: str) -> None:
    found = sheets_of(xlsx_bytes([(name, pd.DataFrame({"text": values})), (name, FRAME)]))
    assert len(found) == 2
    for cells in found.values():
        assert not [cell for cell in cells if cell.find(SHEET + "f") is not None]
    first = next(iter(found.values()))
    assert all(cell.get("t") == "s" for cell in first if cell.find(SHEET + "v") is not None)


def test_a_missing_number_is_an_empty_cell_and_an_endless_one_too() -> None:
    frame = pd.DataFrame({"high": pd.Series([float("inf"), None, 0.5], dtype=object)})
    cells = next(iter(sheets_of(xlsx_bytes([("Lift", frame)])).values()))
    assert [cell.get("r") for cell in cells] == ["A1", "A4"]


def test_the_same_tables_give_the_same_bytes() -> None:
    assert xlsx_bytes([("a", FRAME)]) == xlsx_bytes([("a", FRAME)])


@pytest.mark.parametrize("name", ["", "a" * 40, "What? [now]/then:*", "'quoted'"])
def test_any_title_becomes_a_name_that_excel_takes(name: str) -> None:
    for found in sheets_of(xlsx_bytes([(name, FRAME), (name, FRAME)])):
        assert 0 < len(found) <= 31
        assert not set(found) & set("[]:*?/\\'")
