from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_a_channel_without_deliveries_does_not_inflate_the_rate():
    frame = series(
        row("sent", 110),
        row("delivered", 100),
        row("unique_opens", 40),
        row("sent", 300, channel="ios_push"),
        row("direct_opens", 60, channel="ios_push"),
        row("body_clicks", 90, channel="ios_push"),
        row("sent", 50, channel="sms"),
        row("clicks", 45, channel="sms"),
        row("unique_clicks", 5),
    )
    opened, clicked = found(frame)["opened"], found(frame)["clicked"]
    assert opened.total == pytest.approx((40 + 60) / (100 + 300))
    assert [str(kind) for kind in opened.of] == ["delivered emails", "sent pushes"]
    assert clicked.total == pytest.approx(5 / 100)
    assert [str(kind) for kind in clicked.of] == ["delivered emails"]


def test_a_channel_whose_opens_braze_does_not_count_does_not_dilute_the_rate():
    frame = series(
        row("delivered", 100), row("unique_opens", 40), row("sent", 300, channel="web_push")
    )
    assert found(frame)["opened"].total == pytest.approx(0.4)


counts = st.tuples(
    st.sampled_from(["email", "ios_push", "android_push", "sms"]),
    st.sampled_from([DAY, NEXT]),
    st.sampled_from(
        ["sent", "delivered", "unique_opens", "direct_opens", "unique_clicks", "body_clicks"]
    ),
)


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(counts, st.integers(0, 50), min_size=1))
def test_no_rate_is_above_one_whatever_braze_counts(held):
    frame = series(*(row(c, n, day, channel=channel) for (channel, day, c), n in held.items()))
    for multiple in found(frame).values():
        if multiple.unit == "share":
            assert 0 <= multiple.total <= 1
            assert multiple.frame["value"].between(0, 1).all()


def test_what_braze_opened_is_named_by_channel_beside_ours():
    frame = series(
        row("sent", 100), row("unique_opens", 40), row("direct_opens", 6, channel="ios_push")
    )
    found_rows = {line.key: line for line in reconcile(frame, OwnCounts(100, 0))}
    assert found_rows["emails_opened"].braze == 40
    assert found_rows["pushes_opened"].braze == 6
    assert found_rows["pushes_opened"].anneal is None


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
