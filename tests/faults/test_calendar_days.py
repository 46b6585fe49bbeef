"""Decision days and hours over clock changes, lost days, restarts and days of standstill."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.faults import calendar as days_of


def test_a_zone_that_lost_a_day_and_one_with_half_hours_keep_every_promise(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(days_of, "ROUND", timedelta(hours=3))
    monkeypatch.setattr(days_of, "FIRST_DAY", date(2011, 12, 20))
    found = days_of.calendar(120, ("Pacific/Apia", "Australia/Lord_Howe"), seed=1)
    assert found.n == 240
    assert found.holds, found
