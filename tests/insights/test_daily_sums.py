from datetime import date, timedelta

import pandas as pd
import pytest

from services.insights.daily_sums import OwnDay, daily_lines

FIRST = date(2026, 3, 2)
LATE = FIRST + timedelta(days=30)


def on(number: int) -> date:
    return FIRST + timedelta(days=number)


def braze(*counts: int) -> pd.DataFrame:
    """What Braze says it sent, split over two channels, from the first day on."""
    rows = []
    for number, n in enumerate(counts):
        rows += [
            {"day": on(number), "channel": "email", "counter": "sent", "value": n // 2},
            {"day": on(number), "channel": "sms", "counter": "sent", "value": n - n // 2},
            {"day": on(number), "channel": "", "counter": "conversions", "value": 9},
        ]
    return pd.DataFrame(rows, columns=["day", "channel", "counter", "value"])


def lines(counts, own, settled_until=LATE):
    return daily_lines(braze(*counts), own, settled_until=settled_until)


def test_days_on_which_both_count_the_same_need_no_reason():
    found = lines((100, 120), [OwnDay(on(0), 100), OwnDay(on(1), 120)])
    assert [(line.day, line.braze, line.anneal, line.why) for line in found] == [
        (on(0), 100, 100, None),
        (on(1), 120, 120, None),
    ]


def test_days_without_any_message_are_left_out():
    assert [line.day for line in lines((0, 5), [OwnDay(on(1), 5)])] == [on(1)]


@pytest.mark.parametrize(
    ("theirs", "own", "settled_until", "reason", "explained"),
    [
        (103, OwnDay(on(0), 100, in_doubt=5), LATE, "3 messages were in doubt", True),
        (101, OwnDay(on(0), 100, in_doubt=1), LATE, "1 message was in doubt", True),
        (80, OwnDay(on(0), 100), on(-1), "not over when Braze was asked", True),
        (80, OwnDay(on(0), 100), None, "not over when Braze was asked", True),
        (80, OwnDay(on(0), 100), LATE, "dropped people by its own rules", True),
        (130, OwnDay(on(0), 100, in_doubt=5), LATE, "Somebody else sends", False),
    ],
)
def test_a_difference_has_its_likely_reason(theirs, own, settled_until, reason, explained):
    (line,) = lines((theirs,), [own], settled_until)
    assert reason in str(line.why)
    assert line.explained is explained
    assert line.gap == theirs - 100


def test_messages_that_only_changed_the_day_were_sent_around_midnight():
    found = lines((80, 121), [OwnDay(on(0), 100), OwnDay(on(1), 100)])
    assert ["around midnight" in str(line.why) for line in found] == [True, True]


def test_a_day_braze_was_not_asked_about_yet_is_no_difference():
    found = lines((100,), [OwnDay(on(0), 100), OwnDay(on(1), 70)])
    assert (found[1].braze, found[1].gap) == (None, 0)
    assert "not reported it yet" in str(found[1].why)


def test_without_any_series_every_day_waits():
    (line,) = lines((), [OwnDay(on(0), 3)])
    assert (line.braze, line.explained) == (None, True)
