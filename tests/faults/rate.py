"""Four processes draw from one rate bucket: never more than allowed, and hardly less.

    python -m tests.faults.rate --requests 10000 --json

Time runs faster than real, the same for all: a window of an hour lasts so long that this machine
could take twice the allowance in it. Each token is taken durably, as a claim takes it; the truth is
a file with the moment of each.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from services.activation.gates.store import rate_token
from services.activation.model import Held
from services.activation.switches import store as switches
from services.braze.limits import ALLOWANCES, Family
from services.database.engine import Database
from tests.faults.verdict import Verdict, show

N_PROCESSES = 4
ROOM = 2.5  # a window lasts this many times what one process needs for all its tokens
N_MEASURED = 40
A_WINDOW = 200  # requests of ours in one window
START = datetime(2026, 3, 10, tzinfo=UTC).timestamp()  # a full hour
LEAST_USED_SHARE = 0.9
WORKSPACE = "w"


@dataclass(frozen=True)
class Fast:
    """A clock that began at START, `speed` times as fast as the real one."""

    began: float
    speed: float

    def now(self) -> float:
        """Epoch seconds."""
        return START + (time.monotonic() - self.began) * self.speed

    def sleep_until(self, at: float) -> None:
        """Wait in real time."""
        time.sleep(max((at - self.now()) / self.speed, 0.0))


def draw(path: Path, truth: Path, clock: Fast, share: float, until: float) -> None:
    """Take tokens until the virtual time `until`, as fast as the database lets them be taken."""
    database = Database(f"sqlite:///{path}")
    log = os.open(truth, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    while True:
        wait_until = None
        with database.write() as connection:
            now = clock.now()
            if now >= until:
                break
            bucket = rate_token(connection, WORKSPACE, Family.SHARED, share, now)
            if isinstance(bucket, Held):
                wait_until = bucket.until
            else:
                switches.set_bucket(connection, WORKSPACE, Family.SHARED, bucket)
        if wait_until is None:
            os.write(log, f"{now}\n".encode())
            continue
        clock.sleep_until(wait_until)


def seconds_a_token(path: Path) -> float:
    """How long one process needs for one token on this machine, now."""
    database = Database.temporary(path)
    began = time.monotonic()
    for _ in range(N_MEASURED):
        with database.write() as connection:
            bucket = rate_token(connection, WORKSPACE, Family.SHARED, 1.0, START)
            assert not isinstance(bucket, Held)
            switches.set_bucket(connection, WORKSPACE, Family.SHARED, bucket)
    database.close()
    return (time.monotonic() - began) / N_MEASURED


def rate(requests: int, *, n_processes: int = N_PROCESSES, a_window: int = A_WINDOW) -> Verdict:
    """As many windows of `a_window` as `requests` need; what was taken in each."""
    verdict = Verdict("rate")
    verdict.count("windows_over_budget", 0)
    n_windows = -(-requests // a_window)
    share = a_window / ALLOWANCES[Family.SHARED].n_requests
    window_s = ALLOWANCES[Family.SHARED].window_s
    with tempfile.TemporaryDirectory() as temporary:
        path, truth = Path(temporary) / "state.sqlite", Path(temporary) / "truth"
        Database.temporary(path).close()
        window_real_s = ROOM * a_window * seconds_a_token(Path(temporary) / "trial.sqlite")
        clock = Fast(time.monotonic(), window_s / window_real_s)
        children = []
        for _ in range(n_processes):
            child = os.fork()
            if not child:
                try:
                    draw(path, truth, clock, share, START + n_windows * window_s)
                except BaseException as problem:
                    (Path(temporary) / "problem.txt").write_text(repr(problem))
                    os._exit(1)
                os._exit(0)
            children.append(child)
        for child in children:
            verdict.count("processes_that_failed", int(os.waitpid(child, 0)[1] != 0))
        taken = [float(line) for line in truth.read_text().split()]
    by_window = Counter(int((at - START) // window_s) for at in taken)
    verdict.n = len(taken)
    verdict.count("windows_over_budget", sum(1 for n in by_window.values() if n > a_window))
    used = len(taken) / (n_windows * a_window)
    verdict.figures |= {
        "processes": n_processes,
        "windows": n_windows,
        "real_seconds_a_window": round(window_real_s, 2),
        "most_in_a_window": max(by_window.values()),
        "allowed_in_a_window": a_window,
        "used_share": round(used, 4),
    }
    verdict.need("used_share", used >= LEAST_USED_SHARE, f">= {LEAST_USED_SHARE}")
    return verdict


def main() -> int:
    """Print the verdict; exit 1 where a promise was broken."""
    options = argparse.ArgumentParser(description="Several processes draw from one rate bucket.")
    options.add_argument("--requests", type=int, default=10_000)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    return show(rate(chosen.requests), as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main())
