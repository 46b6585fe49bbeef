"""Who may be messaged: only those of whom it is positively known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.audience.eligibility import (
    Cap,
    History,
    Refusal,
    channel_consent,
    messages_within,
    refusals,
    zones,
)

DAY = date(2026, 3, 4)
TODAY = DAY.toordinal()
NOON_S = 1_772_625_600.0
NOTHING = History(np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64))


def snapshot(n: int = 3, **columns: object) -> pa.Table:
    base = {"person": pa.array(range(n), pa.int64()), "in_audience": [True] * n}
    return pa.table({**base, **columns})


def why(table, consent, history=NOTHING, caps=(), gap=20, suppressed=()):
    return refusals(
        table,
        consent=consent,
        channels=list(consent),
        day=DAY,
        earliest_s=NOON_S,
        history=history,
        gap_hours=gap,
        caps=caps,
        suppressed=suppressed,
    ).tolist()


@given(st.lists(st.sampled_from(["opted_in", "subscribed", "unsubscribed", "", "OPTED_IN", None])))
@settings(max_examples=60, deadline=None)
def test_only_a_positive_answer_is_consent(values):
    table = pa.table({"email_subscribe": pa.array(values, pa.string())})
    found = channel_consent(table)
    assert found["email"].tolist() == [v in ("opted_in", "subscribed") for v in values]
    assert not found["push"].any()
    assert not found["sms"].any()


@pytest.mark.parametrize(
    ("values", "agreed"),
    [([True, False, None], [True, False, False]), (["true", "yes", None], [False] * 3)],
)
def test_sms_needs_a_boolean_that_is_true(values, agreed):
    table = snapshot(**{"attr:sms": values})
    assert channel_consent(table, "sms")["sms"].tolist() == agreed
    assert not channel_consent(table, "other")["sms"].any()


def test_the_weightiest_reason_is_named():
    table = snapshot(5, in_audience=[False, True, True, True, True])
    history = History(np.array([0, 1, 2, 3]), np.full(4, NOON_S - 3600), np.full(4, TODAY))
    consent = {"email": np.array([False, False, False, True, True])}
    assert why(table, consent, history, [Cap(1, 7)], suppressed=[0, 1]) == [
        Refusal.NOT_IN_AUDIENCE,
        Refusal.SUPPRESSED,
        Refusal.NO_CONSENT,
        Refusal.TOO_SOON,
        None,
    ]


@pytest.mark.parametrize(("hours", "refused"), [(19.99, True), (20.0, False), (500.0, False)])
def test_the_gap_counts_from_the_last_message_only(hours, refused):
    history = History(
        np.array([1, 1]), NOON_S - np.array([hours, 900.0]) * 3600, np.full(2, TODAY - 30)
    )
    found = why(snapshot(), {"email": np.ones(3, bool)}, history)
    assert found == [None, Refusal.TOO_SOON if refused else None, None]


def test_a_cap_counts_decision_days_with_today():
    history = History(np.array([1, 1, 2]), np.zeros(3), TODAY - np.array([0, 6, 7]))
    person = np.arange(3)
    assert messages_within(person, history, DAY, 7).tolist() == [0, 2, 0]
    assert messages_within(person, history, DAY, 8).tolist() == [0, 2, 1]
    found = why(snapshot(), {"email": np.ones(3, bool)}, history, [Cap(2, 7)], gap=0)
    assert found == [None, Refusal.TOO_MANY, None]


def test_messages_to_people_elsewhere_change_nothing():
    history = History(np.array([99, -1]), np.full(2, NOON_S), np.full(2, TODAY))
    assert why(snapshot(), {"email": np.ones(3, bool)}, history, [Cap(1, 1)]) == [None] * 3


def test_a_zone_that_is_none_gives_way_to_the_experiment_s():
    table = snapshot(4, time_zone=["Europe/Stockholm", "../../etc/passwd", None, "Mars/Base"])
    found = zones(table, "UTC")
    assert found.names.tolist() == ["Europe/Stockholm", "UTC", "UTC", "UTC"]
    assert found.n_replaced == 3


def test_every_reason_is_a_sentence():
    assert all(str(r.message) for r in Refusal)
