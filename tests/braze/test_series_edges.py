"""Daily series over any span and in any zone: every day once, none missing, none of others."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pretend_braze import client_of

from services.braze.campaigns import campaign_series
from services.braze.canvases import canvas_series, canvas_summary
from services.braze.segments import segment_series
from services.braze.sends import send_series
from services.errors import BrazeBroken, DataError

OK = {"message": "success"}
LONGEST = {
    "/campaigns/data_series": 100,
    "/sends/data_series": 100,
    "/segments/data_series": 100,
    "/canvas/data_series": 14,
}


class Workspace:
    """Answers series as Braze does: `length` days back from the day `ending_at` is in its zone."""

    def __init__(self, offset_h: float, *, now: datetime | None = None, began: date = date.min):
        self.zone = timezone(timedelta(hours=offset_h))
        self.now, self.began, self.asked = now, began, 0

    def __call__(self, asked: httpx.Request) -> httpx.Response:
        self.asked += 1
        query, path = asked.url.params, asked.url.path
        length = int(query["length"])
        if not 1 <= length <= LONGEST[path]:
            return httpx.Response(400, json={"message": "length"})
        said = query.get("ending_at")
        ending = datetime.fromisoformat(said) if said else self.now
        last = ending.astimezone(self.zone).date()
        days = [last - timedelta(days=n) for n in reversed(range(length))]
        data = [_entry(path, day) for day in days if day >= self.began]
        return httpx.Response(200, json={"data": _wrapped(path, data), **OK})


def _entry(path: str, day: date) -> dict[str, object]:
    if path.startswith("/canvas"):
        return {"time": day.isoformat(), "total_stats": {"entries": day.toordinal()}}
    if path.startswith("/segments"):
        return {"time": day.isoformat(), "size": day.toordinal()}
    return {"time": day.isoformat(), "unique_recipients": day.toordinal()}


def _wrapped(path: str, data: list[dict[str, object]]) -> object:
    return {"name": "x", "stats": data} if path.startswith("/canvas") else data


@settings(max_examples=40, deadline=None)
@given(
    first=st.dates(date(2024, 1, 1), date(2027, 1, 1)),
    n_days=st.integers(1, 230),
    offset_h=st.sampled_from([-12, -8, -3.5, 0, 5.75, 9, 12, 13, 14]),
)
def test_every_day_comes_once_wherever_the_workspace_has_its_midnight(first, n_days, offset_h):
    last = first + timedelta(days=n_days - 1)
    wanted = [first + timedelta(days=n) for n in range(n_days)]
    client = client_of(Workspace(offset_h))
    for rows in (
        campaign_series(client, "c", first, last),
        canvas_series(client, "c", first, last),
        send_series(client, "c", "s", first, last),
    ):
        assert [(r.day, r.value) for r in rows] == [(d, d.toordinal()) for d in wanted]


def test_an_empty_span_asks_nothing():
    braze = Workspace(0)
    client = client_of(braze)
    today = date(2026, 3, 2)
    assert campaign_series(client, "c", today, today - timedelta(days=1)) == []
    assert canvas_series(client, "c", today, today - timedelta(days=9)) == []
    assert braze.asked == 0


def test_days_before_there_was_anything_are_just_missing():
    client = client_of(Workspace(0, began=date(2026, 3, 1)))
    rows = campaign_series(client, "c", date(2025, 12, 1), date(2026, 3, 2))
    assert [r.day.day for r in rows] == [1, 2]


def test_a_day_that_comes_twice_counts_once():
    entry = {"time": "2026-03-02", "conversions": 1}
    client = client_of({"data": [entry, {**entry, "conversions": 2}], **OK})
    day = date(2026, 3, 2)
    assert [r.value for r in campaign_series(client, "c", day, day)] == [2.0]


@pytest.mark.parametrize("data", [None, 7, "x", {}, {"stats": 7}, []])
def test_series_without_entries_are_empty_and_not_an_error(data):
    client = client_of({"data": data, **OK})
    day = date(2026, 3, 2)
    assert campaign_series(client, "c", day, day) == []
    assert canvas_series(client, "c", day, day) == []


@pytest.mark.parametrize("entry", [7, None, [], {}, {"time": None}, {"time": "soon"}])
def test_an_entry_without_a_day_is_an_error_and_not_a_crash(entry):
    day = date(2026, 3, 2)
    with pytest.raises(BrazeBroken):
        campaign_series(client_of({"data": [entry], **OK}), "c", day, day)
    with pytest.raises(BrazeBroken):
        canvas_series(client_of({"data": {"stats": [entry]}, **OK}), "c", day, day)


@pytest.mark.parametrize("length", [1, 99, 100, 101, 250])
@pytest.mark.parametrize("offset_h", [-8, 0, 9])
def test_sizes_of_a_segment_go_back_as_far_as_asked(length, offset_h):
    now = datetime(2026, 3, 2, 20, tzinfo=UTC)
    braze = Workspace(offset_h, now=now)
    days = [d.day for d in segment_series(client_of(braze), "s", length)]
    last = now.astimezone(braze.zone).date()
    assert days == [last - timedelta(days=n) for n in reversed(range(length))]


def test_sizes_end_where_braze_has_no_more():
    braze = Workspace(0, now=datetime(2026, 3, 2, tzinfo=UTC), began=date(2026, 2, 1))
    assert len(segment_series(client_of(braze), "s", 400)) == 30
    assert braze.asked <= 3


def test_a_summary_has_no_days_and_is_never_longer_than_braze_gives():
    data = {
        "name": "Onboarding",
        "total_stats": {"entries": 5, "revenue": 2.5},
        "variant_stats": {"v": {"name": "A", "entries": 5}},
        "step_stats": {"s": {"name": "Hello", "messages": {"email": [{"sent": 4}]}}},
    }
    client = client_of({"data": data, **OK})
    summary = canvas_summary(client, "c", date(2026, 3, 1), date(2026, 3, 14))
    assert summary.name == "Onboarding"
    assert {(c.counter, c.value, c.variation_id, c.step, c.channel) for c in summary.counts} == {
        ("entries", 5.0, "", "", ""),
        ("revenue", 2.5, "", "", ""),
        ("entries", 5.0, "v", "", ""),
        ("sent", 4.0, "", "Hello", "email"),
    }
    for last in (date(2026, 2, 28), date(2026, 3, 15)):
        with pytest.raises(DataError):
            canvas_summary(client, "c", date(2026, 3, 1), last)
    assert canvas_summary(client_of(OK), "c", date(2026, 3, 1), date(2026, 3, 1)).counts == ()
