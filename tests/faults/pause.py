"""Press pause at a random moment of a busy run, and time the last request that still began.

    python -m tests.faults.pause --presses 1000 --json

Presses alternate between the flag in the database and the STOP file. A request begins when its last
look before the first byte is over. Times are of the monotonic clock, from the end of the press.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from services.activation import ledger, pausing
from services.activation.dispatcher import dispatch_due
from services.activation.model import Claim, Reply
from services.clock import FixedClock
from services.database.engine import Database
from services.lake import Lake
from tests.activation.sending_world import NINE, WORKSPACE, World, an_experiment
from tests.faults.verdict import Verdict, show

N_THREADS = 2
PEOPLE_A_REQUEST = 4  # small requests, so that a small world lasts for many presses
N_PEOPLE = 1_600
SLOWEST_S = 2.0  # RELIABILITY P7, for 99 % of presses


class Busy:
    """Notes when each request begins; answers after a few milliseconds."""

    def __init__(self, rng: random.Random) -> None:
        self.begun: list[tuple[int, float]] = []
        self._rng = rng

    def send(self, claim: Claim, guard: Callable[[], None]) -> Reply:
        guard()
        self.begun.append((threading.get_ident(), time.monotonic()))
        time.sleep(self._rng.random() * 0.006)
        return Reply(dispatch_id="d")

    def body(self, claim: Claim) -> dict[str, object]:
        return {}


def press(home: Path, database: Database, sender: Busy, rng: random.Random, by_file: bool) -> float:
    """Send in the background, pause after a moment, wait for the end. Returns when it was pressed.

    The press ends when the commit, or the making of the file, has returned.
    """
    clock = FixedClock(NINE)
    sending = threading.Thread(
        target=dispatch_due,
        args=(database, clock, sender, Lake(home / "facts", database), an_experiment()),
        kwargs={"workspace": WORKSPACE, "home": home, "threads": N_THREADS},
    )
    n_before = len(sender.begun)
    sending.start()
    while sending.is_alive() and len(sender.begun) == n_before:
        time.sleep(0.001)
    time.sleep(rng.random() * 0.05)
    if by_file:
        pausing.stop_file(home, True)
    else:
        pausing.pause(database, clock, by="me", reason="pressed")
    pressed = time.monotonic()
    sending.join()
    if by_file:
        pausing.stop_file(home, False)
    else:
        pausing.resume(database, clock, by="me", reason="next press")
    return pressed


def pause(presses: int, seed: int = 0) -> Verdict:
    """Press `presses` times and collect how long requests still began."""
    verdict = Verdict("pause")
    verdict.count("more_than_one_a_thread_after_the_press", 0)
    rng = random.Random(seed)
    late: list[float] = []
    with (
        tempfile.TemporaryDirectory() as temporary,
        mock.patch.object(ledger, "MAX_RECIPIENTS", PEOPLE_A_REQUEST),
    ):
        template, home = Path(temporary) / "template", Path(temporary) / "run"
        template.mkdir()
        world = World(template, n_people=N_PEOPLE)
        world.plan()
        world.database.close()
        while verdict.n < presses:
            shutil.copytree(template, home)
            database = Database(f"sqlite:///{home / 'state.sqlite'}")
            while verdict.n < presses and _planned(database) > N_PEOPLE // 4:
                sender = Busy(rng)
                pressed = press(home, database, sender, rng, by_file=bool(verdict.n % 2))
                after = [(thread, at - pressed) for thread, at in sender.begun if at > pressed]
                threads = [thread for thread, _ in after]
                if len(threads) > len(set(threads)):
                    verdict.count("more_than_one_a_thread_after_the_press")
                late.append(max((s for _, s in after), default=0.0))
                verdict.n += 1
            database.close()
            shutil.rmtree(home)
    late.sort()
    p99 = late[min(int(len(late) * 0.99), len(late) - 1)]
    verdict.figures |= {
        "p99_ms": round(p99 * 1e3, 2),
        "worst_ms": round(late[-1] * 1e3, 2),
        "presses_after_which_one_began": sum(1 for s in late if s > 0),
        "threads": N_THREADS,
    }
    verdict.need("p99_ms", p99 <= SLOWEST_S, f"<= {SLOWEST_S * 1e3:.0f}")
    return verdict


def _planned(database: Database) -> int:
    with database.read() as c:
        found = c.exec_driver_sql("SELECT COUNT(*) FROM ledger WHERE state = 'planned'")
        return int(found.scalar() or 0)


def main() -> int:
    """Print the verdict; exit 1 where a promise was broken."""
    options = argparse.ArgumentParser(description="How soon sending stops after a press.")
    options.add_argument("--presses", type=int, default=1_000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    return show(pause(chosen.presses, chosen.seed), as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main())
