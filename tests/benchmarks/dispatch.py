"""How fast messages go out with the durable ledger on, and how fast a day is planned.

    python -m tests.benchmarks.dispatch [--json] [--requests 1000] [--plan 1000000]

A sandbox in a process of its own answers over real HTTP, with Braze's whole budget allowed. The
target is 95 % of Braze's own limit: 250,000 requests of 50 people in an hour. Processor time counts
this process only: the console's side. Where the time goes is in the figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
from pydantic import SecretStr

from services.activation import dispatcher
from services.activation.delivering import BrazeSender
from services.activation.model import MAX_RECIPIENTS, LedgerState
from services.activation.planning import plan
from services.activation.switches.buckets import HeaderNotes
from services.braze.client import BrazeClient
from services.braze.limits import ALLOWANCES, Family
from services.experiment.model import Experiment
from services.sandbox.process import SandboxProcess, running
from tests.activation.sending_world import NINE, WORKSPACE, World, an_experiment

LIMIT_A_S = ALLOWANCES[Family.SHARED].n_requests / ALLOWANCES[Family.SHARED].window_s
LEAST_SHARE_OF_LIMIT = 0.95
MOST_CORES = 1.0
MOST_PLANNING_S = 60.0
IN_HOLDOUT = 10  # every tenth
STEPS = ("claim", "write_fate", "check", "digest_of_people")


@dataclass(frozen=True)
class Result:
    """`targets` says in words what `holds` is about."""

    name: str
    figures: dict[str, float]
    targets: str
    holds: bool


class Stopwatch:
    """Seconds and calls of named functions of the dispatcher."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        def timed(*values: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*values, **named)
            finally:
                spent = time.perf_counter() - began
                self.seconds[name] = self.seconds.get(name, 0.0) + spent

        return timed


def sending(n_requests: int) -> Result:
    """Send `n_requests` full requests of one campaign through a sandbox."""
    n_people = n_requests * MAX_RECIPIENTS * IN_HOLDOUT // (IN_HOLDOUT - 1) + IN_HOLDOUT
    with tempfile.TemporaryDirectory() as folder, _sandbox(Path(folder), n_people) as sandbox:
        home = Path(folder) / "home"
        home.mkdir()
        world = _world(home, n_people, _campaign(sandbox))
        notes = HeaderNotes()
        client = BrazeClient(
            sandbox.url,
            SecretStr(sandbox.key),
            sandbox=True,
            export_origins=(sandbox.url,),
            clock=world.clock,
            on_window=notes.note,
        )
        watch = Stopwatch()
        sender = BrazeSender(client, world.experiment)
        with ExitStack() as stack:
            for name in STEPS:
                timed = watch.around(name, getattr(dispatcher, name))
                stack.enter_context(mock.patch.object(dispatcher, name, timed))
            stack.enter_context(
                mock.patch.object(sender, "send", watch.around("send", sender.send))
            )
            began, cpu = time.perf_counter(), time.process_time()
            done = dispatcher.dispatch_due(
                world.database,
                world.clock,
                sender,
                world.lake,
                world.experiment,
                workspace=WORKSPACE,
                home=home,
                share=1.0,
                notes=notes,
            )
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        client.close()
        world.database.close()
    rate = done.n_requests / seconds
    cores = cpu / seconds
    figures = {
        "requests": float(done.n_requests),
        "people_accepted": float(done.people.get(LedgerState.ACCEPTED, 0)),
        "held": float(len(done.held)),
        "requests_a_s": round(rate, 1),
        "people_an_hour": round(done.n_accepted / seconds * 3600),
        "share_of_limit": round(rate / LIMIT_A_S, 3),
        "cores": round(cores, 2),
        "cpu_ms_a_request": round(cpu / max(done.n_requests, 1) * 1e3, 2),
    }
    for name, spent in watch.seconds.items():
        figures[f"{name}_ms"] = round(spent / max(done.n_requests, 1) * 1e3, 2)
    holds = rate >= LEAST_SHARE_OF_LIMIT * LIMIT_A_S and cores < MOST_CORES and not done.held
    targets = f"≥ {LEAST_SHARE_OF_LIMIT:.0%} of {LIMIT_A_S:.1f} requests a second, < 1 core"
    return Result("sending with the durable ledger on", figures, targets, holds)


def planning(n_people: int) -> Result:
    """Plan one day for `n_people` who may get a message."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), n_people=n_people * IN_HOLDOUT // (IN_HOLDOUT - 1))
        table = world.decisions()
        began, cpu = time.perf_counter(), time.process_time()
        planned = plan(world.database, world.clock, WORKSPACE, world.experiment, table)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        world.database.close()
    figures = {
        "people": float(planned.n_planned),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "people_a_s": round(planned.n_planned / seconds),
        "seconds_a_million": round(seconds / planned.n_planned * 1e6, 1),
    }
    holds = figures["seconds_a_million"] <= MOST_PLANNING_S
    return Result("planning a day", figures, f"≤ {MOST_PLANNING_S:.0f} s a million people", holds)


@contextmanager
def _sandbox(folder: Path, n_people: int) -> Iterator[SandboxProcess]:
    home = folder / "braze"
    home.mkdir()
    with running(home, people=n_people, history_days=0, start=NINE, wait_s=300.0) as sandbox:
        yield sandbox


def _campaign(sandbox: SandboxProcess) -> str:
    world = httpx.get(f"{sandbox.url}/_sandbox/world", timeout=30).json()
    return str(next(c["id"] for c in world["all_campaigns"] if c["key"] == "offer_email"))


def _world(home: Path, n_people: int, campaign: str) -> World:
    """A planned day in which everybody gets the same campaign."""
    document = an_experiment().model_dump(mode="json")
    document["targets"] = [{"kind": "campaign", "id": campaign}]
    world = World(home, n_people=n_people, experiment=Experiment.model_validate(document))
    world.run("UPDATE people SET external_id = printf('coffee-%07d', person - 1)")
    world.catalogue(campaign, "campaign")
    world.plan()
    return world


def main() -> int:
    """Print all results; exit 1 where one does not hold."""
    options = argparse.ArgumentParser(description="Throughput of sending and planning.")
    options.add_argument("--requests", type=int, default=1_000, help="0 leaves sending out")
    options.add_argument("--plan", type=int, default=1_000_000, help="0 leaves planning out")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    results: list[Result] = []
    if chosen.requests:
        results.append(sending(chosen.requests))
    if chosen.plan:
        results.append(planning(chosen.plan))
    holds = all(result.holds for result in results)
    if chosen.json:
        listed = [asdict(result) for result in results]
        print(json.dumps({"name": "dispatch", "results": listed, "holds": holds}, indent=1))
    else:
        for result in results:
            print(f"{'holds' if result.holds else 'FAILS'}  {result.name}: {result.figures}")
            print(f"       {result.targets}")
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
