"""`anneal doctor`: what works, what is missing, what is too much."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

import click

from services.bootstrap import open_workplace
from services.braze.permissions import Result, check_permissions
from services.settings import load_settings

ATTENTION = 3
MOST_CLOCK_DIFFERENCE_S = 300.0  # beyond it "today" may be another day than Braze's
MARKS = {
    Result.WORKS: "works",
    Result.PROBABLY: "probably works",
    Result.MISSING: "MISSING",
    Result.EXCESS: "TOO MUCH",
    Result.NOT_TRIED: "not tried",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(as_json: bool) -> None:
    """Try every permission with a harmless call; check storage and clocks. Changes nothing."""
    settings = load_settings(with_keys=True)
    place = open_workplace(settings)
    console = place.console
    began = time.monotonic()
    results = check_permissions(place.reading, place.sending)
    report: dict[str, Any] = {
        "home": str(settings.home),
        "endpoint": settings.endpoint,
        "sandbox": settings.sandbox,
        "seconds_to_check": round(time.monotonic() - began, 2),
        "database": console.database.facts(),
        "clock_difference_s": 0.0
        if settings.sandbox
        else round((console.clock.now() - datetime.now(UTC)).total_seconds(), 1),
        "permissions": [
            {"name": r.name, "result": r.result.value, "needed_for": str(r.step)} for r in results
        ],
    }
    bad = [r for r in results if r.result in (Result.MISSING, Result.EXCESS)]
    report["healthy"] = not bad and abs(report["clock_difference_s"]) < MOST_CLOCK_DIFFERENCE_S
    if as_json:
        click.echo(json.dumps(report))
    else:
        _print(report, results)
    if not report["healthy"]:
        sys.exit(ATTENTION)


def _print(report: dict[str, Any], results: list[Any]) -> None:
    click.echo(f"Home      {report['home']}")
    click.echo(f"Endpoint  {report['endpoint']}{' (sandbox)' if report['sandbox'] else ''}")
    storage = ", ".join(f"{k} {v}" for k, v in report["database"].items())
    click.echo(f"Database  {storage}")
    for found in sorted(results, key=lambda r: r.name):
        bad = found.result in (Result.MISSING, Result.EXCESS)
        line = f"{MARKS[found.result]:<15} {found.name:<26} {found.step}"
        click.secho(line, fg="red" if bad else None)
        if found.detail is not None and bad:
            click.echo(f"{'':<16}{found.detail}")
