"""Connection: what the last check found, in words that say what to do."""

from __future__ import annotations

import pandas as pd
import pytest
from console_site import Site, texts
from streamlit.testing.v1 import AppTest

from services.braze.endpoints import NEEDED
from services.braze.limits import RateWindow
from services.braze.notes import AnswerNote
from services.braze.permissions import (
    ADVICE,
    REFUSED_OTHERWISE,
    STEPS,
    PermissionResult,
    Result,
)
from services.braze.wire import decipher
from services.errors import ConsoleError
from services.intents.model import IntentKind
from services.intents.store import fail, file_intent, take_next
from services.settings import write_connection
from services.workflow.permissions.store import keep_results

MISSING = ("canvas.list", "templates.email.update", "users.track")


def checked(
    site: Site, *, ahead_s: float | None = 0.4, window: RateWindow | None = None, missing=MISSING
) -> AppTest:
    """The page after a check that found something."""
    write_connection(site.home, endpoint="https://rest.iad-03.braze.com", key=None)
    seen = window or RateWindow(250_000, 249_966, 1_800_000_000.0)
    answer = AnswerNote("/segments/list", 200, 0.1204, seen, ahead_s)
    results = [
        PermissionResult(
            name,
            Result.MISSING if name in missing else Result.WORKS,
            STEPS[name],
            answer=answer,
        )
        for name in NEEDED.values()
    ]
    results.append(
        PermissionResult(
            "users.delete", Result.EXCESS, ADVICE["users.delete"], REFUSED_OTHERWISE, answer
        )
    )
    keep_results(site.console.database, site.console.clock, results)
    return site.open("connection")


def line(app: AppTest) -> pd.DataFrame:
    """The table about the line: what stands in its first column, and the rest."""
    found = next(t.value for t in app.table if len(t.value.columns) == 2)
    return found.set_index(found.columns[0])[found.columns[1]]


def test_exactly_what_is_missing_and_too_much_is_named_with_its_step(site: Site) -> None:
    said = texts(checked(site))
    assert "16 of 19 permissions work." in said
    for name in MISSING:
        assert said.count(f"`{name}`") == 1
    assert "You cannot launch through a Canvas yet." in said
    assert "Anneal deletes only test profiles of its own" in said
    assert "Probably: Braze refused" in said


def test_all_nineteen_stand_in_the_table_with_step_and_state_in_words(site: Site) -> None:
    table = next(t.value for t in checked(site).table if len(t.value.columns) == 3)
    assert len(table) == 19
    results = dict(zip(table.iloc[:, 0], table.iloc[:, 2], strict=True))
    assert ":material/block: Missing" in results["`canvas.list`"]
    assert ":material/check: Works" in results["`canvas.details`"]
    assert all(table.iloc[:, 1])


def test_speed_rate_clocks_and_instance_are_told(site: Site) -> None:
    told = line(checked(site))
    assert told["Instance"] == "US-03"
    assert told["Answers in"] == "120 ms, median of 20 calls"
    assert told["Requests left"] == "249,966 of 250,000 this hour"
    assert told["Clocks"] == ":green[:material/check:] 0.4 s apart"


@pytest.mark.parametrize("ahead_s", [95.0, -95.0])
def test_clocks_more_than_a_minute_apart_are_a_warning(site: Site, ahead_s: float) -> None:
    told = line(checked(site, ahead_s=ahead_s))["Clocks"]
    assert ":material/warning:" in told
    assert "95.0 s apart" in told or "95 s apart" in told
    assert "Set the clock" in told


def test_what_braze_did_not_say_is_not_made_up(site: Site) -> None:
    told = line(checked(site, ahead_s=None, window=RateWindow(None, None, None)))
    assert told["Clocks"] == told["Requests left"] == "Braze did not say."


@pytest.mark.parametrize("before", [False, True])
def test_why_the_last_check_failed_is_told_to_everybody_and_after_a_reload(
    site: Site, before: bool
) -> None:
    if before:
        checked(site)
    write_connection(site.home, endpoint="https://rest.iad-03.braze.com", key=None)
    database, clock = site.console.database, site.console.clock
    file_intent(database, clock, IntentKind.CHECK_CONNECTION, "check:1", {}, "somebody")
    fail(database, clock, take_next(database, clock), _refusal())
    said = texts(site.open("connection"))
    assert "Braze does not know this key." in said
    assert "Check that the key is whole" in said
    assert "Not checked yet" not in said
    assert ("is from the one before" in said) is before


def _refusal() -> ConsoleError:
    try:
        decipher(401, {}, b'{"message": "Invalid API key: x"}', now_s=0.0)
    except ConsoleError as refusal:
        return refusal
    raise AssertionError


def test_before_the_first_check_nothing_is_claimed(site: Site) -> None:
    write_connection(site.home, endpoint="https://rest.iad-03.braze.com", key=None)
    app = site.open("connection")
    assert "Not checked yet" in texts(app)
    assert not app.table
