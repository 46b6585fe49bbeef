"""Several workers on one ledger, some of them stopped past their lease and woken again.

    python -m tests.faults.workers --rounds 1000 [--database postgresql] --json

Each round forks workers that send the same planned day. Leases are short, so that a worker that is
stopped (SIGSTOP) at a random moment loses its batch to the others' recovery before it goes on: a
zombie. The truth is a file the ledger never sees, compared by the checker of the kill loop.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from services.activation import lease
from services.activation.dispatcher import dispatch_due
from services.activation.model import Claim, Reply
from services.activation.recovery import recover
from services.clock import FixedClock
from services.lake import Lake
from tests.activation.sending_world import NINE, WORKSPACE, an_experiment
from tests.faults.kill_loop import N_PEOPLE, TRUTH, Report, check
from tests.faults.states import SQLITE, State, add_option, state_on
from tests.faults.verdict import Verdict, show

N_WORKERS = 8
START_WITHIN_S, LEASE_S = 0.12, 0.3
STOPPED_S = (0.05, 0.6)  # some zombies wake within their lease, some long after it
LONGEST_ROUND_S = 30.0


class SlowFile:
    """Writes people to the truth, a little slowly, so that workers overlap."""

    def __init__(self, home: Path, rng: random.Random) -> None:
        self._truth = os.open(home / TRUTH, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._rng = rng

    def send(self, claim: Claim, guard: Callable[[], None]) -> Reply:
        guard()
        lines = "".join(f"{p.external_id}\t{claim.day}\n" for p in claim.people)
        os.write(self._truth, lines.encode())
        time.sleep(self._rng.random() * 0.02)
        return Reply(dispatch_id="d")

    def body(self, claim: Claim) -> dict[str, object]:
        return {}


def work(state: State, home: Path, seed: int) -> None:
    """What one worker does: recover what others left, send, until nothing is left."""
    lease.START_WITHIN_S, lease.LEASE_S = START_WITHIN_S, LEASE_S
    rng = random.Random(seed)
    database = state.open(home)
    clock, sender = FixedClock(NINE), SlowFile(home, rng)
    for _ in range(3):
        recover(database, clock)
        dispatch_due(
            database,
            clock,
            sender,
            Lake(home / "facts", database),
            an_experiment(),
            workspace=WORKSPACE,
            home=home,
        )
        time.sleep(rng.random() * 0.1)


def run_round(
    state: State, home: Path, rng: random.Random, n_workers: int, verdict: Verdict
) -> None:
    """Fork the workers, stop and wake some of them, and wait for all."""
    children = set()
    for _ in range(n_workers):
        seed = rng.randrange(2**31)
        child = os.fork()
        if not child:
            try:
                work(state, home, seed)
            except BaseException as problem:
                (home / f"problem-{os.getpid()}.txt").write_text(repr(problem))
                os._exit(1)
            os._exit(0)
        children.add(child)
    waking: list[tuple[float, int]] = []
    deadline = time.monotonic() + LONGEST_ROUND_S
    while children:
        for child in list(children):
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                children.discard(child)
                verdict.count("workers_that_failed", int(status != 0))
        now = time.monotonic()
        for at, child in list(waking):
            if now >= at or child not in children:
                waking.remove((at, child))
                if child in children:
                    os.kill(child, signal.SIGCONT)
        stopped = {child for _, child in waking}
        free = sorted(children - stopped)
        if free and rng.random() < 0.15:
            zombie = rng.choice(free)
            os.kill(zombie, signal.SIGSTOP)
            verdict.figures["times_stopped"] = int(verdict.figures["times_stopped"]) + 1
            waking.append((now + rng.uniform(*STOPPED_S), zombie))
        if now > deadline:
            for child in children:
                os.kill(child, signal.SIGKILL)
            verdict.count("rounds_that_hung")
        time.sleep(0.01)


def finish(state: State, home: Path) -> int:
    """Recover and send what is left; how many batches had been lost to a zombie."""
    database = state.open(home)
    clock = FixedClock(NINE)
    recover(database, clock, alone=True)
    dispatch_due(
        database,
        clock,
        SlowFile(home, random.Random(0)),
        Lake(home / "facts", database),
        an_experiment(),
        workspace=WORKSPACE,
        home=home,
    )
    database.close()
    ((n,),) = state.rows(home, "SELECT COUNT(*) FROM batches WHERE state = 'unknown'")
    return int(n)


def accepted_but_not_sent(state: State, home: Path) -> int:
    """People the ledger calls accepted who are not in the truth."""
    path = home / TRUTH
    truth = set(path.read_text().split("\n")) if path.exists() else set()
    rows = state.rows(
        home,
        "SELECT p.external_id, l.day FROM ledger l "
        "JOIN people p ON p.person = l.person WHERE l.state = 'accepted'",
    )
    return sum(1 for id, day in rows if f"{id}\t{day}" not in truth)


def workers(
    rounds: int, *, n_workers: int = N_WORKERS, seed: int = 0, engine: str = SQLITE
) -> Verdict:
    """Play the rounds; a fresh planned day for each."""
    verdict = Verdict("workers", targets={"duplicates": "0", "mismatches": "0"})
    verdict.figures |= {"workers": n_workers, "times_stopped": 0, "batches_lost_to_zombies": 0}
    verdict.figures["database"] = engine
    state = state_on(engine)
    rng = random.Random(seed)
    report = Report()
    mismatches = 0
    with tempfile.TemporaryDirectory() as temporary:
        template, home = Path(temporary) / "template", Path(temporary) / "run"
        state.build(template, N_PEOPLE)
        for _ in range(rounds):
            state.copy(template, home)
            run_round(state, home, rng, n_workers, verdict)
            lost = finish(state, home)
            verdict.figures["batches_lost_to_zombies"] = (
                int(verdict.figures["batches_lost_to_zombies"]) + lost
            )
            check(state, home, report)
            mismatches += accepted_but_not_sent(state, home)
            verdict.n += 1
            state.remove(home)
    verdict.violations |= report.violations
    verdict.count("accepted_but_not_sent", mismatches)
    return verdict


def main() -> int:
    """Print the verdict; exit 1 where a promise was broken."""
    options = argparse.ArgumentParser(description="Several workers and zombies on one ledger.")
    options.add_argument("--rounds", type=int, default=1_000)
    options.add_argument("--workers", type=int, default=N_WORKERS)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true")
    add_option(options)
    chosen = options.parse_args()
    found = workers(
        chosen.rounds, n_workers=chosen.workers, seed=chosen.seed, engine=chosen.database
    )
    return show(found, as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main())
