"""The rules of the house: who imports whom, where each library lives, how long a file may be."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 300
STAGES = (
    "braze",
    "audience",
    "experiment",
    "content",
    "decision",
    "activation",
    "outcomes",
    "insights",
)
FOUNDATION = frozenset(
    (
        *("errors", "clock", "settings", "messages", "logs"),
        *("stores", "database", "lake", "compute", "intents"),
    )
)
ABOVE = frozenset(("workflow", "bootstrap", "cli", "worker"))
ROOMS = {
    "httpx": ("services/braze/client.py", "services/cli/"),
    "streamlit": ("app.py", "pages/"),
    "altair": ("services/insights/", "pages/"),
    "sqlalchemy": ("services/database/", "services/lake.py"),
    "duckdb": ("services/lake.py",),
    "starlette": ("services/sandbox/",),
    "uvicorn": ("services/sandbox/",),
}
SQL_FILES = ("store.py", "ledger.py")
TOP_LEVEL = frozenset(
    (
        *(".ci", ".gitignore", ".streamlit", "LICENSE", "README.md"),
        *("app.py", "pages", "pyproject.toml", "services", "tests"),
    )
)


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def python_files(*folders: str) -> list[Path]:
    return [
        p
        for p in tracked()
        if p.suffix == ".py" and str(p.relative_to(ROOT)).startswith(folders or ("",))
    ]


@cache
def imports_of(path: Path) -> frozenset[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
    return frozenset(names)


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[1].removesuffix(".py")


def test_a_stage_imports_only_the_stages_before_it():
    wrong = []
    for path in python_files("services/"):
        room = room_of(path)
        for name in imports_of(path):
            parts = name.split(".")
            if parts[0] == "pages":
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
            if parts[0] != "services" or len(parts) < 2:
                continue
            other = parts[1]
            if room in STAGES:
                allowed = FOUNDATION | set(STAGES[: STAGES.index(room) + 1])
            elif room == "sandbox":
                allowed = FOUNDATION | {"sandbox"}
            elif room in FOUNDATION:
                allowed = FOUNDATION
            else:
                continue
            if other not in allowed:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_pages_never_reach_into_braze_or_the_sandbox():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in python_files("pages/", "app.py")
        for name in imports_of(path)
        if name.startswith(("services.braze", "services.sandbox", "services.database", "httpx"))
    ]
    assert wrong == []


@pytest.mark.parametrize("library", sorted(ROOMS))
def test_each_library_is_imported_only_in_its_own_rooms(library):
    wrong = []
    for path in python_files("services/", "pages/", "app.py"):
        place = str(path.relative_to(ROOT))
        if library == "sqlalchemy" and path.name in SQL_FILES:
            continue
        used = any(n == library or n.startswith(library + ".") for n in imports_of(path))
        if used and not place.startswith(ROOMS[library]):
            wrong.append(place)
    assert wrong == []


def test_no_file_is_longer_than_one_can_read_at_once():
    long = {
        str(p.relative_to(ROOT)): n
        for p in python_files()
        if (n := len(p.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_nothing_stands_at_the_top_level_but_what_belongs_there():
    top = {p.relative_to(ROOT).parts[0] for p in tracked()}
    assert top <= TOP_LEVEL


def test_no_file_is_named_after_nothing():
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert [str(p) for p in python_files() if p.stem in vague or p.parent.name in vague] == []
