"""SIGKILL a sending process at every step it takes, recover, finish, and compare with the truth.

    python -m tests.faults.kill_loop --kills 300 [--database postgresql] --json

A step is everything between which a process can end: before and after each SQL statement and each
commit, before the last look, before the request, with half of it accepted, after it, before the
answer is read. The truth is a file that the child appends to and the ledger never sees; the checker
below shares no code with the console.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import sqlalchemy as sa

from services.activation.dispatcher import dispatch_due
from services.activation.model import Claim, Reply
from services.activation.recovery import recover
from services.clock import FixedClock
from services.errors import BrazeBroken, NeverConnected, NoAnswer, RateLimited
from services.lake import Lake
from tests.activation.sending_world import NINE, WORKSPACE, an_experiment
from tests.faults.states import SQLITE, State, add_option, state_on

N_PEOPLE = 150  # four requests: 75 people of the campaign, 60 of the Canvas
STRIDES = (37, 41, 43)  # so that few kills spread over the whole run; primes: many reach each step
TRUTH = "truth.log"
STEPS = "steps.log"
FAULTS = ("lost", "broken", "cut half-way", "too many", "no line")


@dataclass
class Report:
    """What came of the runs. Everything under `violations` must be zero."""

    kills: int = 0
    runs: int = 0
    steps_in_a_whole_run: int = 0
    seconds: float = 0.0
    boundaries: dict[str, int] = field(default_factory=dict)
    boundaries_missed: list[str] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    most_unsent_after_one_kill: int = 0
    violations: dict[str, int] = field(
        default_factory=lambda: {
            "duplicates": 0,
            "holdout": 0,
            "without_decision": 0,
            "not_in_the_ledger": 0,
            "unexplained": 0,
            "broken_database": 0,
        }
    )


class Steps:
    """Counts the steps of one process and kills it at one of them."""

    def __init__(self, fatal: int | None, log: Path) -> None:
        self._fatal = fatal
        self._n = 0
        self._log = log
        self.names: set[str] = set()

    def __call__(self, name: str) -> None:
        if self._n == self._fatal:
            self._log.write_text(name)
            os.kill(os.getpid(), signal.SIGKILL)
        self._n += 1
        self.names.add(name)

    @property
    def n(self) -> int:
        return self._n


class FileBraze:
    """Accepts messages into a file. With `fault_share`, requests go wrong in every way there is."""

    def __init__(self, home: Path, step: Callable[[str], None], rng: random.Random, share: float):
        self._truth = os.open(home / TRUTH, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._step = step
        self._rng = rng
        self._fault_share = share

    def send(self, claim: Claim, guard: Callable[[], None]) -> Reply:
        self._step("before the last look")
        guard()
        self._step("before the first byte")
        fault = self._rng.choice(FAULTS) if self._rng.random() < self._fault_share else ""
        if fault == "too many":
            raise RateLimited("slow", retry_after_s=0)
        if fault == "no line":
            raise NeverConnected("no line")
        ids = [p.external_id for p in claim.people]
        half = len(ids) // 2
        self._accept(ids[:half], claim)
        self._step("half accepted")
        if fault == "cut half-way":
            raise NoAnswer("cut")
        self._accept(ids[half:], claim)
        self._step("accepted, not answered")
        if fault == "lost":
            raise NoAnswer("lost")
        if fault == "broken":
            raise BrazeBroken("502", status=502)
        return Reply(dispatch_id="d")

    def body(self, claim: Claim) -> dict[str, object]:
        return {"recipients": [p.external_id for p in claim.people]}

    def _accept(self, ids: list[str], claim: Claim) -> None:
        lines = "".join(f"{i}\t{claim.day}\n" for i in ids)
        os.write(self._truth, lines.encode())


def run_child(state: State, home: Path, fatal: int | None, seed: int, fault_share: float) -> int:
    """Fork, send, die at step `fatal` (None = live). Returns the wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:  # in the child: nothing may run past this block
        step = Steps(fatal, home / STEPS)
        database = state.open(home)
        for event in ("before_cursor_execute", "after_cursor_execute"):
            sa.event.listen(database.engine, event, _named(step, event))
        sa.event.listen(database.engine, "commit", lambda _: step("before a commit"))
        clock = FixedClock(NINE)
        step("start")
        recover(database, clock, alone=True)
        rng = random.Random(seed)
        dispatch_due(
            database,
            clock,
            FileBraze(home, step, rng, fault_share),
            Lake(home / "facts", database),
            an_experiment(),
            workspace=WORKSPACE,
            home=home,
        )
        step("end")
        (home / STEPS).write_text(json.dumps({"n": step.n, "names": sorted(step.names)}))
    except BaseException as problem:
        (home / "problem.txt").write_text(repr(problem))
        os._exit(1)
    os._exit(0)


def kill_loop(
    kills: int, *, fault_share: float = 0.0, seed: int = 0, engine: str = SQLITE
) -> Report:
    """Kill `kills` processes, one a run, over all steps in turn; then finish and check each run."""
    report = Report()
    rng = random.Random(seed)
    began = time.monotonic()
    state = state_on(engine)
    with tempfile.TemporaryDirectory() as temporary:
        template = Path(temporary) / "template"
        state.build(template, N_PEOPLE)
        state.copy(template, whole := Path(temporary) / "whole")
        run_child(state, whole, None, seed, 0.0)
        steps = json.loads((whole / STEPS).read_text())
        report.steps_in_a_whole_run = steps["n"]
        stride = next(s for s in STRIDES if steps["n"] % s)
        home = Path(temporary) / "run"
        number = -1
        while report.kills < kills:  # with faults a run may end before its fatal step
            number += 1
            state.copy(template, home)
            at = number * stride % report.steps_in_a_whole_run
            status = run_child(state, home, at, rng.randrange(2**31), fault_share)
            killed = os.WIFSIGNALED(status)
            report.kills += killed
            if killed:
                name = (home / STEPS).read_text()
                report.boundaries[name] = report.boundaries.get(name, 0) + 1
            run_child(state, home, None, rng.randrange(2**31), fault_share)
            check(state, home, report)
            state.remove(home)
    report.boundaries_missed = sorted(set(steps["names"]) - set(report.boundaries))
    report.seconds = round(time.monotonic() - began, 1)
    return report


def check(state: State, home: Path, report: Report) -> None:
    """Compare truth and ledger with nothing but the bare driver and a text file."""
    report.runs += 1
    found = report.violations
    path = home / TRUTH
    truth = Counter(path.read_text().split("\n")[:-1]) if path.exists() else Counter()
    found["duplicates"] += sum(1 for n in truth.values() if n > 1)
    found["holdout"] += sum(1 for line in truth if int(line.split("\t")[0][3:]) % 10 == 0)
    found["broken_database"] += not state.whole(home)
    rows = state.rows(
        home,
        "SELECT p.external_id, l.day, l.state, l.reason FROM ledger l "
        "JOIN people p ON p.person = l.person",
    )
    days = state.rows(home, "SELECT day FROM manifest WHERE kind = 'decisions'")
    durable = {day for (day,) in days}
    ledger = {f"{id}\t{day}": standing for id, day, standing, _ in rows}
    may_be_out = {"accepted", "accepted_partial", "queued", "unknown"}
    found["not_in_the_ledger"] += sum(1 for key in truth if ledger.get(key) not in may_be_out)
    found["without_decision"] += sum(1 for key in truth if key.split("\t")[1] not in durable)
    settled = may_be_out | {"planned", "rejected", "skipped"}
    decided = N_PEOPLE - N_PEOPLE // 10
    explained = sum(1 for _, _, s, why in rows if s in settled and (s == "skipped") == bool(why))
    found["unexplained"] += decided - explained
    unsent = sum(1 for key, s in ledger.items() if s == "unknown" and key not in truth)
    report.most_unsent_after_one_kill = max(report.most_unsent_after_one_kill, unsent)
    for standing in ledger.values():
        report.states[standing] = report.states.get(standing, 0) + 1


def _named(step: Steps, event: str) -> Callable[..., None]:
    when = event.split("_", 1)[0]

    def listener(_c: object, _cursor: object, statement: str, *_: object) -> None:
        words = statement.split()
        verb = words[0].upper()
        table = next((w for w in words[1:] if w in TABLES), "")
        step(f"{when} {verb} {table}".strip())

    return listener


TABLES = frozenset(
    {"ledger", "batches", "pauses", "breakers", "rate_buckets", "manifest", "approvals", "audit"}
)


def main() -> int:
    """Print the report; exit 1 where a promise was broken."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--kills", type=int, default=300)
    options.add_argument("--fault-share", type=float, default=0.0)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true")
    add_option(options)
    chosen = options.parse_args()
    report = kill_loop(
        chosen.kills, fault_share=chosen.fault_share, seed=chosen.seed, engine=chosen.database
    )
    if chosen.json:
        shown = {
            "name": "kill_loop",
            "database": chosen.database,
            **asdict(report),
            "holds": not any(report.violations.values()),
        }
        print(json.dumps(shown, indent=1))
    else:
        print(f"{report.kills} kills in {report.runs} runs: {report.violations}")
    return int(any(report.violations.values()))


if __name__ == "__main__":
    sys.exit(main())
