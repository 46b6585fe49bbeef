"""`anneal dry-run` rehearses the next day of a real home, and leaves the home as it was."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli.rehearsing import dry_run


def contents(home: Path) -> dict[str, str]:
    return {
        str(p.relative_to(home)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(home.rglob("*"))
        if p.is_file()
    }


def test_it_counts_exports_every_request_and_writes_nothing(
    played_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ANNEAL_HOME", str(played_home))
    before = contents(played_home)
    into = tmp_path / "requests.ndjson"
    shown = CliRunner().invoke(dry_run, ["--json", "--requests", str(into)])
    assert shown.exit_code == 0, shown.output
    day = json.loads(shown.stdout)
    lines = [json.loads(line) for line in into.read_text().splitlines()]
    assert len(lines) == day["requests"] > 0
    assert sum(line["people"] for line in lines) == day["would_send"]
    assert sum(t["n"] for t in day["by_target"]) == day["would_send"]
    assert all(line["body"]["broadcast"] is False for line in lines)
    assert sum(r["n"] for r in day["reasons"]) == day["would_not_send"]
    assert set(day["content"].values()) == {"approved"}
    assert contents(played_home) == before
    words = CliRunner().invoke(dry_run, [])
    assert f"{day['would_send']} people" in words.output
    assert "content approved" in words.output
