"""`anneal reconcile` looks without a reason, and accepts a database only with one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.activation import pausing
from services.activation.marks import MARK_FILE, Mark, MarkFile
from services.bootstrap import open_console
from services.cli.reconciling import reconcile
from services.errors import AccessError, SetupError
from services.settings import load_settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("ANNEAL_HOME", str(home))
    monkeypatch.setenv("ANNEAL_MARKS", str(tmp_path / "marks"))
    open_console(load_settings()).database.close()
    return home


def test_a_new_home_has_nothing_to_reconcile(home: Path):
    shown = CliRunner().invoke(reconcile, [])
    assert shown.exit_code == 0
    assert "Nothing to reconcile" in shown.output
    refused = CliRunner().invoke(reconcile, ["--reason", "to be sure"])
    assert isinstance(refused.exception, SetupError)


def test_an_older_database_is_said_and_then_accepted_but_stays_paused(home: Path):
    MarkFile(home / MARK_FILE).renew(Mark("another epoch", 400, 1.0))
    looked = CliRunner().invoke(reconcile, ["--json"])
    assert (looked.exit_code, json.loads(looked.output)) == (3, {"difference": "another"})
    assert isinstance(CliRunner().invoke(reconcile, ["--reason", " "]).exception, AccessError)
    moved = CliRunner().invoke(reconcile, ["--reason", "new machine", "--moved"])
    assert isinstance(moved.exception, SetupError)
    done = CliRunner().invoke(reconcile, ["--reason", "restored a backup", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["was"] == "another"
    console = open_console(load_settings())
    assert pausing.is_paused(console.database, home)
    console.database.close()
    assert CliRunner().invoke(reconcile, []).exit_code == 0
