"""What is copied out of a spreadsheet becomes options, and what cannot be is named by its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.experiment.model import DimensionKind as Kind
from services.experiment.model import Option
from services.experiment.pasting import MOST_ROWS, read_pasted


def labels(text, kind=Kind.OFFER, taken=()):
    return [option["label"] for option in read_pasted(text, kind, taken).options]


def test_cells_parted_by_tabs_are_label_value_cost_and_dates():
    [option] = read_pasted(
        "20% off\tSAVE20\t€1.234,50\t2026-12-01\t2026. 12. 24", Kind.OFFER
    ).options
    assert option == {
        "label": "20% off",
        "value": "SAVE20",
        "cost": 1234.5,
        "active_from": "2026-12-01",
        "active_to": "2026-12-24",
    }


def test_the_label_is_the_value_where_there_is_none():
    assert [o["value"] for o in read_pasted("A\nB\t\t2", Kind.OFFER).options] == ["A", "B"]


def test_headings_blank_lines_and_quotes_are_understood():
    assert labels('Option\tValue\n"Two\nlines"\tx\n\n \t \nB\ty') == ["Two\nlines", "B"]


def test_a_sentence_with_commas_stays_one_option():
    assert labels("Hello, you\nAnd now, at last, this") == ["Hello, you", "And now, at last, this"]
    assert labels("A,x\nB,y") == ["A", "B"]


@pytest.mark.parametrize(
    ("line", "kind", "said"),
    [
        ("\tx", Kind.OFFER, "first cell is empty"),
        ("x" * 121, Kind.OFFER, "longer than 120"),
        ("A\tfax", Kind.CHANNEL, "no value of this kind"),
        ("Noon\t25", Kind.HOUR, "no value of this kind"),
        ("A\tx\tfree", Kind.OFFER, "no cost"),
        ("A\tx\t-1", Kind.OFFER, "no cost"),
        ("A\tx\t1\t2026-02-30", Kind.OFFER, "no date"),
        ("Old", Kind.OFFER, "there already"),
        ("Daily\t7", Kind.FREQUENCY, "no value of this kind"),
    ],
)
def test_a_line_that_cannot_be_an_option_is_refused_with_its_number(line, kind, said):
    found = read_pasted(f"{line}", kind, taken=["old"])
    assert found.options == ()
    [(number, why)] = found.refused
    assert number == 1
    assert said in str(why)


def test_values_of_channels_and_hours_are_read_as_people_write_them():
    channels = read_pasted("Mail\tE-mail\nText\tSMS\n알림\t푸시", Kind.CHANNEL).options
    assert [o["value"] for o in channels] == ["email", "sms", "push"]
    hours = read_pasted("a\t9:00\nb\t9 pm\nc\t12 am\nd\t0", Kind.HOUR).options
    assert [o["value"] for o in hours] == [9, 21, 0, 0]


def test_no_more_than_a_table_full_is_taken():
    found = read_pasted("\n".join(f"o{n}" for n in range(MOST_ROWS + 2)), Kind.OFFER)
    assert len(found.options) == MOST_ROWS
    assert len(found.refused) == 2


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200) | st.text('\t,;\n\r"1a:', max_size=40), st.sampled_from(list(Kind)))
def test_whatever_is_pasted_gives_options_that_can_be_kept(text, kind):
    for number, option in enumerate(read_pasted(text, kind).options):
        Option.model_validate({"key": f"o{number}", **option})
