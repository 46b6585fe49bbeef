"""`anneal demo`: sandbox, history through the real loop, worker and console, offline."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from services.bootstrap import Workplace, open_workplace
from services.cli.console_process import DEFAULT_PORT, RunningConsole, console_process
from services.errors import SetupError
from services.experiment.model import Experiment
from services.messages import msg
from services.sandbox.process import running
from services.settings import load_settings, write_connection
from services.worker import one_worker, work_on
from services.workflow.history_of_demo import WATCHED_DAYS, begin, play_history, reach_today
from services.workflow.sandbox_control import SandboxControl
from services.workflow.truth import messages_to_holdout, true_means

MARK = "demo.json"
DAYS = 45
PEOPLE = 5_000


@click.command()
@click.option("--days", default=DAYS, show_default=True, help="Days of history to play.")
@click.option("--people", default=PEOPLE, show_default=True, help="Simulated customers.")
@click.option("--seed", default=0, show_default=True, help="Same seed, same customers.")
@click.option("--world", default="coffee", show_default=True, help="Story of the customers.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Port of the console.")
@click.option("--home", type=click.Path(path_type=Path), help="Folder of the demo; made anew.")
@click.option("--headless", is_flag=True, help="No console: play the days, print, end.")
@click.option("--json", "as_json", is_flag=True, help="With --headless: one JSON object.")
def demo(
    days: int,
    people: int,
    seed: int,
    world: str,
    port: int,
    home: Path | None,
    headless: bool,
    as_json: bool,
) -> None:
    """Show everything on simulated customers. Nothing leaves this machine."""
    with ExitStack() as stack:
        place_of_demo = stack.enter_context(_fresh_home(home, headless))
        stack.enter_context(one_worker(place_of_demo))
        if not as_json:
            click.echo(f"Simulating {people:,} customers…")
        sandbox = stack.enter_context(
            running(place_of_demo, world=world, people=people, seed=seed, start=_start(days))
        )
        write_connection(
            place_of_demo, endpoint=sandbox.url, key=SecretStr(sandbox.key), sandbox=True
        )
        place = open_workplace(load_settings({}, home=place_of_demo, with_keys=True))
        control = SandboxControl(sandbox.url)
        if headless:
            click.echo(_headless(place, control, days, as_json))
            return
        console = stack.enter_context(console_process(place_of_demo, port=port, wait=False))
        announced = threading.Thread(target=_announce, args=(console,), daemon=True)
        announced.start()
        _with_progress(place, control, days)
        control.run_at(1)
        click.echo("History complete. From here on time runs as in reality; “Next day” hurries it.")
        work_on(place)


def _announce(console: RunningConsole) -> None:
    try:
        console.wait_until_up()
    except SetupError as problem:
        click.secho(str(problem), fg="red", err=True)
        return
    click.secho(f"Console: {console.url}", bold=True)
    click.echo("Open it now; its history is played meanwhile. Stop with Ctrl+C.")


def _with_progress(place: Workplace, control: SandboxControl, days: int) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar:
        task = bar.add_task("History", total=days)
        started = begin(place, control)
        play_history(place, control, started, days, lambda _, n: bar.update(task, completed=n))
        reach_today(place, control, started, days)


def _headless(place: Workplace, control: SandboxControl, days: int, as_json: bool) -> str:
    started = begin(place, control)
    rows: list[dict[str, Any]] = []
    play_history(
        place,
        control,
        started,
        days,
        lambda figures, _: rows.append(
            {
                "day": figures.day.isoformat(),
                "decided": figures.decided,
                "sent": figures.sent,
                "outcomes": figures.outcomes,
                **true_means(place.console, control, started.experiment, figures.day),
            }
        ),
    )
    summary = _summary(place, started.experiment, rows, control)
    if as_json:
        return json.dumps({"days": rows, **summary})
    lines = [f"{r['day']}  decided {r['decided']:,}  sent {r['sent']:,}" for r in rows]
    return "\n".join([*lines, json.dumps(summary)])


def _start(days: int) -> datetime:
    """The sandbox's first moment, so that the history ends yesterday."""
    past = timedelta(days=days + WATCHED_DAYS)
    return datetime.combine(datetime.now(UTC).date() - past, time(0), UTC)


def _summary(
    place: Workplace, experiment: Experiment, rows: list[dict[str, Any]], control: SandboxControl
) -> dict[str, Any]:
    last = [r for r in rows[-10:] if r["personalised"] is not None]
    gained = sum(r["personalised"] - r["random"] for r in last)
    possible = sum(r["best"] - r["random"] for r in last)
    truth = control.truth()
    return {
        "captured_share": gained / possible if possible else None,
        "accepted": truth["accepted"],
        "two_on_one_day": truth["duplicates_asked"],
        "to_the_holdout": messages_to_holdout(place.console, control, experiment),
    }


@contextmanager
def _fresh_home(home: Path | None, headless: bool) -> Iterator[Path]:
    """A new folder for the demo: a temporary one when headless, else one that can be looked into.

    Only a folder that an earlier demo made is emptied.
    """
    if home is None and headless:
        with tempfile.TemporaryDirectory(prefix="anneal-demo-") as folder:
            yield Path(folder)
        return
    place = home or load_settings().home / "demo"
    if place.exists() and any(place.iterdir()):
        if not (place / MARK).exists():
            raise SetupError(
                msg("{place} is not empty and was not made by the demo.", place=place),
                hint=msg("Choose another folder with --home."),
            )
        with one_worker(place):
            pass  # raises where that demo still runs
        shutil.rmtree(place)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    (place / MARK).write_text("{}", encoding="utf-8")
    yield place
