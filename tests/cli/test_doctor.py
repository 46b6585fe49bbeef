"""`anneal doctor`, as somebody at a terminal or a script would call it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import stamina
from click.testing import CliRunner
from pydantic import SecretStr

from services.braze.endpoints import NEEDED
from services.cli.main import anneal
from services.errors import NeverConnected, Rejected, SetupError
from services.settings import write_connection
from tests.stage import Stage, on_stage

MISSING = {"canvas.list", "users.track", "templates.email.update"}
EXCESS = {"users.delete", "campaigns.trigger.schedule.create"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A home with a small sandbox."""
    with on_stage(tmp_path_factory.mktemp("doctor"), people=300) as stage:
        yield stage


@pytest.fixture
def home(small: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """That home, as the command finds it; connected as it should be before and after."""
    monkeypatch.setenv("ANNEAL_HOME", str(small.console.home))
    yield small.console.home
    connect(small.console.home, small.sandbox.url, small.sandbox.key)


@pytest.fixture(autouse=True)
def _short_waits() -> Iterator[None]:
    """Reads are retried once, at once."""
    with stamina.set_testing(True, attempts=2):
        yield


def connect(home: Path, endpoint: str, key: str, *, sandbox: bool = True) -> None:
    write_connection(home, endpoint=endpoint, key=SecretStr(key), sandbox=sandbox)


def doctor(*words: str) -> click.testing.Result:
    return CliRunner().invoke(anneal, ("doctor", *words))


def report(said: click.testing.Result) -> dict[str, Any]:
    return json.loads(said.output)


def test_a_healthy_home_ends_with_zero_and_every_permission(small: Stage, home: Path):
    said = doctor("--json")
    found = report(said)
    assert said.exit_code == 0
    assert found["healthy"]
    assert (found["missing"], found["excess"], found["problem"]) == ([], [], None)
    assert {p["name"] for p in found["permissions"]} == set(NEEDED.values())
    assert all(p["needed_for"] for p in found["permissions"])
    assert small.sandbox.key not in said.output


def test_it_tells_storage_speed_rate_and_clocks(home: Path):
    found = report(doctor("--json"))
    assert found["database"]["engine"] == "sqlite"
    assert found["database"]["version"].count(".") == 2
    assert found["database"]["journal_mode"] == "truncate"
    assert found["database"]["synchronous"] == "2"
    assert 0 < found["latency_ms"] < 5_000
    assert found["instance"] == "sandbox"
    assert abs(found["clock_difference_s"]) < 5
    shared = next(rate for rate in found["rate"] if rate["family"] == "shared")
    assert 0 < shared["remaining"] < shared["limit"] == 250_000


def test_exactly_the_three_missing_and_the_two_too_many_are_named(small: Stage, home: Path):
    made = small.control._ask("POST", "keys", {"without": [*MISSING], "with": [*EXCESS]})
    connect(home, small.sandbox.url, made["key"])
    said = doctor("--json")
    found = report(said)
    assert said.exit_code == 3
    assert not found["healthy"]
    assert set(found["missing"]) == MISSING
    assert set(found["excess"]) == EXCESS
    results = {p["name"]: p for p in found["permissions"]}
    assert {n for n, p in results.items() if p["result"] == "missing"} == MISSING
    assert results["canvas.list"]["needed_for"] == "Choosing a Canvas"
    assert results["users.delete"]["advice"].startswith("Anneal deletes only test profiles")
    assert made["key"] not in said.output


def test_the_words_for_people_say_the_same(small: Stage, home: Path):
    made = small.control._ask("POST", "keys", {"without": ["canvas.list"]})
    connect(home, small.sandbox.url, made["key"])
    said = doctor()
    assert said.exit_code == 3
    assert "MISSING" in said.output
    assert "canvas.list" in said.output
    for word in ("Database  engine sqlite", "Answers", "requests left", "Clock"):
        assert word in said.output


def test_nothing_is_changed_by_looking(small: Stage, home: Path):
    before = small.control._ask("GET", "truth")
    doctor("--json")
    assert small.control._ask("GET", "truth") == before


@pytest.mark.parametrize(
    ("endpoint", "key", "sandbox", "kind", "says"),
    [
        (None, "sandbox-key-of-nobody", True, Rejected, "does not know this key"),
        ("http://127.0.0.1:9", "sandbox-key-x", True, NeverConnected, "Nothing answers"),
        (
            "https://rest.us-09.braze.com",
            "key-nobody-has",
            False,
            SetupError,
            "not the address of a Braze",
        ),
        (
            "https://rest.iad-01.braze.com.evil.example",
            "key-nobody-has",
            False,
            SetupError,
            "not the address",
        ),
    ],
)
def test_wrong_key_wrong_instance_and_no_network_are_different_sentences(
    small: Stage, home: Path, endpoint: str | None, key: str, sandbox: bool, kind: type, says: str
):
    connect(home, endpoint or small.sandbox.url, key, sandbox=sandbox)
    said = doctor("--json")
    found = report(said)
    assert said.exit_code == 1
    assert says in found["problem"]["what"]
    assert found["problem"]["hint"]
    assert (found["healthy"], found["permissions"]) == (False, [])
    assert found["database"]["engine"] == "sqlite"
    assert key not in said.output
    with pytest.raises(kind):
        CliRunner().invoke(anneal, ("doctor",), catch_exceptions=False)


@pytest.mark.parametrize(("skew_s", "status"), [(30.0, 0), (90.0, 3), (-90.0, 3)])
def test_clocks_more_than_a_minute_apart_need_attention(
    small: Stage, home: Path, skew_s: float, status: int
):
    faults = [{"kind": "clock_skew", "skew_s": skew_s}]
    small.control._ask("POST", "faults", {"faults": faults})
    try:
        said, words = doctor("--json"), doctor()
    finally:
        small.control._ask("POST", "faults", {"faults": []})
    found = report(said)
    assert said.exit_code == words.exit_code == status
    assert found["clock_difference_s"] == pytest.approx(skew_s, abs=3)
    assert found["clocks_agree"] is ("TOO MUCH" not in words.output) is (status == 0)


def test_a_sandbox_is_connected_by_a_flag_and_its_key_is_found(small: Stage, home: Path):
    said = CliRunner().invoke(anneal, ("connect", "--sandbox", "--endpoint", small.sandbox.url))
    assert said.exit_code == 0, said.output
    assert small.sandbox.key not in said.output
    assert report(doctor("--json"))["healthy"]


def test_without_the_flag_no_key_goes_to_an_address_of_this_machine(
    small: Stage, home: Path, monkeypatch: pytest.MonkeyPatch
):
    connect(home, "https://rest.iad-01.braze.com", small.sandbox.key, sandbox=False)
    monkeypatch.setenv("ANNEAL_ENDPOINT", small.sandbox.url)
    refused = doctor("--json")
    assert refused.exit_code == 1
    assert "not the address of a Braze instance" in report(refused)["problem"]["what"]
    assert report(doctor("--json", "--sandbox"))["healthy"]


def test_a_home_without_a_sandbox_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ANNEAL_HOME", str(tmp_path))
    said = CliRunner().invoke(anneal, ("connect", "--sandbox"))
    assert isinstance(said.exception, SetupError)
    assert "anneal sandbox" in str(said.exception.hint)
