"""How long the Insights page waits for its numbers, with a million people and sixty days.

python -m tests.benchmarks.report [--json] [--people 1000000] [--home FOLDER]

Makes the facts (report_facts.py), lets the worker count what it keeps for the page, then reads all
that the page reads in a process of its own: cold, as at the first paint, and again for every change
of a filter. Memory is the peak of that process. What Streamlit and the browser take to draw is not
in it: `tests.benchmarks.demo` times whole pages. Ends with 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from services.database.engine import Database
from services.insights.pictures import record_pictures
from services.insights.series import multiples
from services.lake import Lake
from services.workflow.braze_view import braze_numbers, last_days
from services.workflow.choices_view import cells_of, shares_of, varied
from services.workflow.insights_view import insights
from services.workflow.kept_counts import keep_counts
from services.workflow.trust_view import trust
from tests.benchmarks.report_facts import DAYS, FIRST_DAY, ID, build, experiment

FIRST_PAINT_S, FILTER_S, MEMORY_GB = 2.0, 1.0, 2.0
PEOPLE = 1_000_000


def timed(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def read(home: Path) -> dict[str, object]:
    """Seconds of each read model, first cold and in the page's order, then by filter."""
    database = Database(f"sqlite:///{home / 'state.db'}")
    lake = Lake(home / "facts", database)
    doc = experiment()
    dimensions = varied(doc)
    first = dimensions[0]
    parts = {
        "lift": lambda: insights(lake, doc),
        "cells": lambda: cells_of(database, lake, doc, first, finished=True),
        "braze": lambda: braze_numbers(database, lake, doc, first_day=FIRST_DAY),
        "choices": lambda: shares_of(lake, doc, first, days=None),
        "trust": lambda: trust(database, doc, lake=lake),
    }
    paint = {name: round(timed(part), 3) for name, part in parts.items()}
    numbers = braze_numbers(database, lake, doc, first_day=FIRST_DAY)
    changes = {
        **{
            f"choices, {d.key}, {days or 'all'} days": timed(
                lambda d=d, days=days: shares_of(lake, doc, d, days=days)
            )
            for d in dimensions
            for days in (7, 28, None)
        },
        **{
            f"cells, {d.key}": timed(lambda d=d: cells_of(database, lake, doc, d, finished=True))
            for d in dimensions
        },
        "messages, 7 days": timed(lambda: multiples(last_days(numbers.series, 7))),
    }
    slowest = max(changes, key=lambda name: changes[name])
    database.close()
    return {
        "first_paint_s": round(sum(paint.values()), 3),
        "first_paint_parts_s": paint,
        "filter_s": round(changes[slowest], 3),
        "slowest_filter": slowest,
        "memory_gb": _peak_gb(),
    }


def count(home: Path) -> dict[str, object]:
    """What the worker takes to count sixty days at once; on a live day it is one."""
    database = Database(f"sqlite:///{home / 'state.db'}")
    lake = Lake(home / "facts", database)
    seconds = timed(lambda: record_pictures(database, lake, experiment()))
    kept = timed(lambda: keep_counts(database, lake, ID))
    database.close()
    return {
        "charts_counted_s": round(seconds, 1),
        "ledger_counted_s": round(kept, 1),
        "counting_memory_gb": _peak_gb(),
    }


def _peak_gb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2, 2)


def _alone(step: str, home: Path) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.benchmarks.report", "--step", step, "--home", str(home)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def main() -> None:
    """Build, count, read; print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--home", type=Path, help="keep the facts here, or use those that are")
    parser.add_argument("--step", choices=("read", "count"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps({"read": read, "count": count}[asked.step](asked.home)))
        return
    home = asked.home or Path(tempfile.mkdtemp())
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "complete").exists():
            build(home, asked.people)
            (home / "complete").touch()
        figures: dict[str, object] = {"people": asked.people, "days": DAYS, "combinations": 144}
        figures |= _alone("count", home)
        figures |= _alone("read", home)
    finally:
        if asked.home is None:
            shutil.rmtree(home, ignore_errors=True)
    targets = {"first_paint_s": FIRST_PAINT_S, "filter_s": FILTER_S, "memory_gb": MEMORY_GB}
    holds = all(float(str(figures[name])) <= most for name, most in targets.items())
    result = {"name": "report", "figures": figures, "targets": targets, "holds": holds}
    print(json.dumps(result, indent=None if asked.json else 1))
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
