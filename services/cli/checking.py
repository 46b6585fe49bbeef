"""`anneal doctor`: what works, what is missing, what is too much, and how good the line is."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from services.bootstrap import Workplace, open_console, open_workplace
from services.braze.line import Line, instance_of, line_of
from services.braze.permissions import PermissionResult, Result, check_permissions
from services.braze.retrying import quiet_retries
from services.errors import ConsoleError
from services.settings import Settings, load_settings

COULD_NOT, ATTENTION = 1, 3
MARKS = {
    Result.WORKS: "works",
    Result.PROBABLY: "probably works",
    Result.MISSING: "MISSING",
    Result.EXCESS: "TOO MUCH",
    Result.NOT_TRIED: "not tried",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--sandbox",
    is_flag=True,
    help="The endpoint is the simulated Braze that `anneal sandbox` serves for this home.",
)
def doctor(as_json: bool, sandbox: bool) -> None:
    """Try every permission with a harmless call; check storage and clocks. Changes nothing.

    Exit status 3 where a permission is missing or too much, or the clocks are more than a minute
    apart; 1 where the key, the address or the network keeps anything from being tried.
    """
    settings = load_settings(with_keys=True)
    if sandbox:
        settings = replace(settings, sandbox=True)
    began_s = time.monotonic()
    results: list[PermissionResult] = []
    problem: ConsoleError | None = None
    storage = open_console(settings).database.facts()
    try:
        place = open_workplace(settings)
        results = _tried(place)
    except ConsoleError as found:
        if not as_json:
            raise
        problem = found
    report = _report(settings, results, problem, storage)
    report["seconds_to_check"] = round(time.monotonic() - began_s, 2)
    if as_json:
        click.echo(json.dumps(report))
    else:
        _print(report, results)
    if problem is not None:
        sys.exit(COULD_NOT)
    if not report["healthy"]:
        sys.exit(ATTENTION)


def _tried(place: Workplace) -> list[PermissionResult]:
    try:
        with quiet_retries():
            return check_permissions(place.reading, place.sending)
    finally:
        place.reading.close()
        place.sending.close()


def _report(
    settings: Settings,
    results: Sequence[PermissionResult],
    problem: ConsoleError | None,
    storage: dict[str, str],
) -> dict[str, Any]:
    line = line_of(found.answer for found in results if found.answer is not None)
    missing = [r.name for r in results if r.result is Result.MISSING]
    excess = [r.name for r in results if r.result is Result.EXCESS]
    return {
        "home": str(settings.home),
        "endpoint": settings.endpoint,
        "sandbox": settings.sandbox,
        "instance": "sandbox" if settings.sandbox else instance_of(settings.endpoint),
        "healthy": problem is None and not missing and not excess and line.clocks_agree,
        "problem": None
        if problem is None
        else {"what": str(problem.what), "hint": str(problem.hint) if problem.hint else None},
        "missing": missing,
        "excess": excess,
        "permissions": [
            {
                "name": r.name,
                "result": r.result.value,
                "needed_for": None if r.result is Result.EXCESS else str(r.step),
                "advice": str(r.step) if r.result is Result.EXCESS else None,
                "detail": None if r.detail is None else str(r.detail),
            }
            for r in results
        ],
        **_line_json(line),
        "database": storage,
    }


def _line_json(line: Line) -> dict[str, Any]:
    ahead_s, latency_s = line.clock_ahead_s, line.latency_s
    return {
        "calls": line.n_answers,
        "latency_ms": None if latency_s is None else round(latency_s * 1_000, 1),
        "clock_difference_s": None if ahead_s is None else round(ahead_s, 1),
        "clocks_agree": line.clocks_agree,
        "rate": [
            {
                "family": family.value,
                "limit": window.limit,
                "remaining": window.remaining,
                "resets_at_s": window.reset_s,
            }
            for family, window in sorted(line.windows.items())
        ],
    }


def _print(report: dict[str, Any], results: Sequence[PermissionResult]) -> None:
    instance = report["instance"]
    click.echo(f"Home      {report['home']}")
    click.echo(f"Endpoint  {report['endpoint']}{f' ({instance})' if instance else ''}")
    click.echo("Database  " + ", ".join(f"{k} {v}" for k, v in report["database"].items()))
    if report["latency_ms"] is not None:
        click.echo(f"Answers   {report['latency_ms']:g} ms, median of {report['calls']} calls")
    for rate in report["rate"]:
        of = "" if rate["limit"] is None else f" of {rate['limit']:,}"
        click.echo(f"Rate      {rate['family']}: {rate['remaining']:,}{of} requests left")
    if report["clock_difference_s"] is not None:
        agree = report["clocks_agree"]
        words = "" if agree else ": TOO MUCH, set the clock of this machine"
        click.secho(
            f"Clock     Braze's is {report['clock_difference_s']:+.1f} s from ours{words}",
            fg=None if agree else "red",
        )
    for found in sorted(results, key=lambda r: r.name):
        bad = found.result in (Result.MISSING, Result.EXCESS)
        line = f"{MARKS[found.result]:<15} {found.name:<34} {found.step}"
        click.secho(line, fg="red" if bad else None)
        if found.detail is not None and (bad or found.result is Result.NOT_TRIED):
            click.echo(f"{'':<16}{found.detail}")
