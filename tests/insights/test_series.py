from datetime import date

import pyarrow as pa
import pytest

from services.insights.series import (
    OwnCounts,
    by_variation,
    has_control_group,
    multiples,
    newest,
    reconcile,
)

DAY, NEXT = date(2026, 3, 2), date(2026, 3, 3)


def row(counter, value, day=DAY, channel="email", variation="Variant 1", source="campaign"):
    return {
        "source": source,
        "source_id": "c1",
        "variation_id": "v1" if variation else "",
        "variation_name": variation,
        "step": "",
        "channel": channel,
        "day": day,
        "counter": counter,
        "value": float(value),
    }


def total(counter, value, day=DAY):
    return row(counter, value, day, channel="", variation="")


def series(*rows):
    return newest(pa.Table.from_pylist(list(rows)))


def found(frame):
    return {multiple.key: multiple for multiple in multiples(frame)}


def test_the_newest_fetch_of_a_day_counts():
    frame = series(row("sent", 90), row("sent", 100))
    assert found(frame)["sent"].total == 100


def test_rates_are_of_delivered_messages_and_their_total_is_that_of_the_sums():
    frame = series(
        row("sent", 110),
        row("delivered", 100),
        row("unique_opens", 50),
        row("sent", 300, NEXT),
        row("delivered", 300, NEXT),
        row("unique_opens", 30, NEXT),
    )
    opened = found(frame)["opened"]
    assert list(opened.frame["value"]) == pytest.approx([0.5, 0.1])
    assert opened.total == pytest.approx(80 / 400)
    assert opened.unit == "share"


def test_pushes_without_delivery_counts_are_rated_by_sends():
    frame = series(
        row("sent", 200, channel="ios_push"), row("direct_opens", 20, channel="ios_push")
    )
    assert found(frame)["opened"].total == pytest.approx(0.1)


def test_totals_and_variations_are_not_added_together():
    frame = series(total("conversions", 9), row("conversions", 8), row("sent", 100))
    assert found(frame)["conversions"].total == 9


def test_what_braze_does_not_count_is_left_out_not_drawn_as_zero():
    assert "clicked" not in found(series(row("sent", 10), row("delivered", 10)))
    assert multiples(newest(pa.table({}))) == ()


def test_variations_have_one_row_each():
    table = by_variation(series(row("sent", 10), row("opens", 3), row("sent", 7, variation="B")))
    assert sorted(zip(table["variation_name"], table["sent"], strict=True)) == [
        ("B", 7.0),
        ("Variant 1", 10.0),
    ]


def test_a_control_group_of_braze_is_noticed():
    assert has_control_group(series(row("enrolled", 5, variation="Control Group")))
    assert not has_control_group(series(row("sent", 5)))


@pytest.mark.parametrize(
    ("sent", "accepted", "in_doubt", "explained"),
    [(100, 100, 0, True), (112, 100, 12, True), (95, 100, 0, True), (120, 100, 12, False)],
)
def test_only_more_messages_than_doubts_can_explain_are_left_unexplained(
    sent, accepted, in_doubt, explained
):
    rows = reconcile(series(row("sent", sent)), OwnCounts(accepted, in_doubt))
    assert rows[0].explained is explained
    assert (rows[0].why is None) == (sent == accepted)


def test_days_outside_the_asked_range_are_left_out():
    table = pa.Table.from_pylist([row("sent", 1), row("sent", 2, NEXT)])
    assert list(newest(table, since=NEXT)["value"]) == [2.0]
    assert list(newest(table, until=DAY)["value"]) == [1.0]
