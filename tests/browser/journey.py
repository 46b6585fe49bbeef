"""From a use case's card to a running experiment, as a marketer goes there.

    python -m tests.browser.journey [--people 200000] [--shots FOLDER] [--json]

A sandbox, a worker and a console stand as three processes; the browser clicks everything a person
would: choosing, pasting options, approving, a test message, the ticks, Start, Next day, Pause and
Resume. Clicks and fields until the start are counted, and every page is timed from the click that
leads there until it stands still. With the pasted options there are 648 combinations.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from pages.components.routes import STEPS
from services.bootstrap import Console, open_console
from services.database import schema
from services.experiment.combinations import allowed
from services.experiment.store import experiment_row, experiments, load_version
from services.sandbox.process import running
from services.settings import load_settings, write_connection
from services.workflow.sandbox_control import SandboxControl
from tests.browser.walking import Walker
from tests.chromium import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.console_server import ROOT, drawn, link_to, served, stop
from tests.faults.verdict import Verdict, show

MOST_CLICKS = 40  # and fields, from the card to the start
SLOWEST_PAGE_S = 1.5
PEOPLE = 200_000
START = datetime(2026, 9, 7, tzinfo=UTC)
CASE, CHANNELS = "repeat_purchase", ("Email", "SMS", "Push")
PASTED = (
    "Free delivery\tFree delivery this week\t1.10\nSecond cup free\tYour second cup is free\t0.95"
)
RUN_WORKER = "from services.cli.main import run; run()"
FOR_THE_WORKER_MS = 120_000
EXPORT_MS_A_PERSON = 3  # of a sandbox that shares its cores with everything else here
MOST_PLAYED = 20_000  # people for whom a simulated day is played: more take many minutes


def main() -> int:
    """Walk, print, and say by the exit status whether it took few enough clicks."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--people", type=int, default=PEOPLE)
    asked.add_argument("--shots", type=Path, default=None, help="folder for screenshots")
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        verdict = journey(
            browser,
            Path(place),
            people=options.people,
            shots=options.shots,
            within_s=SLOWEST_PAGE_S,
        )
        browser.close()
    return show(verdict, as_json=options.json)


def journey(
    browser: Any,
    place: Path,
    *,
    people: int,
    shots: Path | None = None,
    within_s: float | None = None,
) -> Verdict:
    """Set up, start, play a day, pause and resume; says how many clicks and how long each page.
    With more than MOST_PLAYED people no day is played.

    within_s  what the slowest page may take; None where only clicks are held to their limit
    """
    verdict = Verdict("journey", 1)
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, locale="en-US")
    context.set_default_timeout(60_000)
    with standing(place, people) as (address, console):
        verdict.figures["s_first_visit_ever"] = _first_visit(context.new_page(), address)
        walker = Walker(context.new_page(), address, shots)
        try:
            for_the_worker_ms = FOR_THE_WORKER_MS + EXPORT_MS_A_PERSON * people
            _set_up(walker, console, for_the_worker_ms)
            clicks = walker.n_clicks
            _run(walker, for_the_worker_ms, play_a_day=people <= MOST_PLAYED)
        except Exception:
            walker.shot("failed")
            raise
        row = experiments(console.database)[0]
        for promise, kept in {
            "not launched": row.launched_at is not None,
            "not resumed": row.status.value == "running",
        }.items():
            verdict.count(promise, int(not kept))
        verdict.figures |= {"clicks_and_fields": clicks, "clicks_in_all": walker.n_clicks}
        verdict.figures |= {f"s_{key}": taken for key, taken in walker.seconds.items()}
        verdict.need("clicks_and_fields", clicks <= MOST_CLICKS, f"<= {MOST_CLICKS}")
        verdict.figures |= {
            "people": people,
            "combinations": len(allowed(load_version(console.database, row.id), None)),
            "slowest_page_s": (slowest := max(walker.seconds.values())),
        }
        if within_s is not None:
            verdict.need("slowest_page_s", slowest <= within_s, f"<= {within_s}")
    context.close()
    return verdict


@contextmanager
def standing(place: Path, people: int) -> Iterator[tuple[str, Console]]:
    """Sandbox, worker and console over a fresh home: the console's address, and its things."""
    home = place / "home"
    home.mkdir()
    with ExitStack() as stack:
        sandbox = stack.enter_context(running(home, people=people, seed=5, start=START))
        write_connection(home, endpoint=sandbox.url, key=SecretStr(sandbox.key), sandbox=True)
        SandboxControl(sandbox.url).run_at(1)
        log = stack.enter_context((place / "worker.log").open("wb"))
        worker = subprocess.Popen(
            [sys.executable, "-c", RUN_WORKER, "worker"],
            cwd=ROOT,
            env=os.environ | {"ANNEAL_HOME": str(home)},
            stdout=log,
            stderr=log,
        )
        stack.callback(stop, worker)
        console = open_console(load_settings({}, home=home))
        stack.callback(console.database.close)
        address = stack.enter_context(served(home, place / "console.log"))
        wait_for(lambda: _n_segments(console) > 0, "the worker has read the segments")
        yield address, console


def _first_visit(page: Any, address: str) -> float:
    """Seconds of the very first page: whoever comes first waits while a console loads its code,
    which it does once. That is told, and kept apart from how long pages take."""
    began = time.perf_counter()
    drawn(page, link_to(address, "experiments"))
    taken = time.perf_counter() - began
    for step in (*STEPS, "today"):
        drawn(page, link_to(address, step))
    page.close()
    return round(taken, 2)


def _set_up(walker: Walker, console: Console, for_the_worker_ms: int) -> None:
    walker.open("experiments")
    walker.press(f"experiments.start.{CASE}", leads_to="Who is it for?", page="audience")
    walker.tick_row("segments..1", row=0)
    walker.press("audience.count")
    walker.see_text("Counted in the export", for_the_worker_ms)
    walker.shot("audience")
    walker.next("What counts as success?", "metric")
    if not walker.may_go_on():  # few people: an approver gives a reason, and Launch shows it
        walker.type("power.overruled", "A trial of the set-up")
    walker.shot("metric")
    walker.next("What may vary?", "options")
    walker.press("options.paste.offer")
    walker.type("paste.text.offer", PASTED)
    walker.press("paste.add")
    walker.shot("options")
    walker.next("How will it look?", "templates")
    for place, channel in enumerate(CHANNELS):
        walker.choose(f"templates.slot.{place}", f"({channel.lower()})")
    for _channel in CHANNELS:
        walker.approve(for_the_worker_ms)
    walker.shot("templates")
    walker.next("Ready to start?", "launch")
    walker.press_text("Send a test to yourself")
    walker.type("launch.test.ids", _somebody(console))
    walker.press_text("Send the test")
    walker.see_text("Braze took the test", for_the_worker_ms)
    walker.tick_all("launch.tick")
    walker.type("launch.typed", walker.placeholder("launch.typed"))
    walker.shot("launch")
    walker.press("launch.start")
    id = experiments(console.database)[0].id
    launched = lambda: experiment_row(console.database, id).launched_at is not None  # noqa: E731
    wait_for(launched, "the experiment runs", for_the_worker_ms / 1000)
    walker.shot("started")


def _run(walker: Walker, for_the_worker_ms: int, *, play_a_day: bool) -> None:
    walker.page.get_by_role("button", name="Go to Today").wait_for(timeout=for_the_worker_ms)
    walker.press("launch.today", leads_to=None, page="today")
    walker.shot("today")
    if play_a_day:
        walker.press_text("Next day")
        walker.see_button("Next day", for_the_worker_ms)
        walker.shot("next-day")
    walker.press("bar.pause")
    walker.press("bar.pause.now")
    walker.see_button("Resume", for_the_worker_ms)
    walker.shot("paused")
    walker.press("bar.resume")
    walker.press("bar.resume.now")
    walker.see_button("Pause", for_the_worker_ms)
    walker.shot("resumed")


def wait_for(true: Any, what: str, within_s: float = 180.0) -> None:
    """Look every half second until `true()`; AssertionError with `what` after `within_s`."""
    until = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < until, f"not within {within_s:.0f} s: {what}"
        time.sleep(0.5)


def _n_segments(console: Console) -> int:
    table = schema.catalogue
    query = sa.select(sa.func.count()).where(table.c.kind == "segment")
    with console.database.read() as connection:
        return int(connection.scalar(query) or 0)


def _somebody(console: Console) -> str:
    with console.database.read() as connection:
        return str(connection.scalar(sa.select(schema.people.c.external_id).limit(1)))


if __name__ == "__main__":
    sys.exit(main())
