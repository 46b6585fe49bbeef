"""How much of a core the sandbox needs to accept sends at the pace of a busy worker.

python -m tests.benchmarks.sandbox [--json] [--people 5000,200000] [--seconds 20]

The sandbox runs as its own process, its clock live, so that the world goes on meanwhile. This
process sends: 70 requests a second, each with 50 recipients and their own properties, over four
kept-alive connections, each request at its own moment of a fixed timetable. A late answer therefore
does not slow the timetable down, and latency counts from the moment a request was due. The core
share is the processor time of the sandbox (psutil) over the wall time of the same span. What was
accepted is counted three times: by 201 answers, by what the sandbox wrote down, and by message.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import psutil

from services.sandbox.process import SandboxProcess, running

RATE_HZ = 70.0
N_RECIPIENTS = 50
N_CONNECTIONS = 4
WARM_UP_S = 2.0
TIMEOUT_S = 30.0
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HISTORY_DAYS = 10
LEAST_RATE_SHARE = 0.99  # of the requests due
MOST_CORE_SHARE = 0.5
TARGETS = (
    f"≥ {LEAST_RATE_SHARE:.0%} of {RATE_HZ:g} requests/s of {N_RECIPIENTS} recipients accepted, "
    f"server below {MOST_CORE_SHARE:g} of a core"
)


@dataclass(frozen=True)
class Result:
    """`targets` says in words what `holds` is about."""

    name: str
    figures: dict[str, float]
    targets: str
    holds: bool


class Sender:
    """Requests of a fixed timetable over several connections, and how long each took."""

    def __init__(self, sandbox: SandboxProcess, n_people: int) -> None:
        self._sandbox = sandbox
        with httpx.Client(base_url=sandbox.url) as client:
            world = client.get("/_sandbox/world").json()
            client.post("/_sandbox/clock", json={"rate": 1}).raise_for_status()
        self._campaign = world["campaigns"]["email"]["id"]
        self._properties = [
            {
                d["property"]: d["options"][n % len(d["options"])]["value"]
                for d in world["dimensions"]
                if d["property"]
            }
            for n in range(7)
        ]
        self._people = [f"{world['key']}-{n:07d}" for n in range(n_people)]
        self._at = 0  # where in the list of people the next run begins

    def run(self, seconds: float) -> tuple[np.ndarray, float]:
        """Send for `seconds`. Returns each 201's latency from its due moment, and the wall time."""
        n = round(RATE_HZ * seconds)
        bodies = [self._body(self._at + number) for number in range(n)]
        self._at += n
        taken = np.full(n, np.nan)
        began = time.perf_counter()
        threads = [
            threading.Thread(target=self._send, args=(bodies, taken, began, first))
            for first in range(N_CONNECTIONS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return taken[~np.isnan(taken)], time.perf_counter() - began

    def _send(self, bodies: list[bytes], taken: np.ndarray, began: float, first: int) -> None:
        headers = {
            "Authorization": f"Bearer {self._sandbox.key}",
            "Content-Type": "application/json",
        }
        with httpx.Client(base_url=self._sandbox.url, headers=headers, timeout=TIMEOUT_S) as client:
            for number in range(first, len(bodies), N_CONNECTIONS):
                due = began + number / RATE_HZ
                time.sleep(max(0.0, due - time.perf_counter()))
                answer = client.post("/campaigns/trigger/send", content=bodies[number])
                if answer.status_code == 201:
                    taken[number] = time.perf_counter() - due

    def _body(self, number: int) -> bytes:
        first = number * N_RECIPIENTS
        recipients = [
            {
                "external_user_id": self._people[(first + n) % len(self._people)],
                "send_to_existing_only": True,
                "trigger_properties": self._properties[(first + n) % len(self._properties)],
            }
            for n in range(N_RECIPIENTS)
        ]
        body = {"campaign_id": self._campaign, "broadcast": False, "recipients": recipients}
        return json.dumps(body).encode()


def sending(n_people: int, seconds: float) -> Result:
    """One world, one span of sends."""
    with (
        tempfile.TemporaryDirectory() as home,
        running(Path(home), people=n_people, history_days=HISTORY_DAYS, start=START) as sandbox,
    ):
        server = psutil.Process(sandbox.child.pid)
        sender = Sender(sandbox, n_people)
        sender.run(WARM_UP_S)
        accepted_before = _accepted(sandbox)
        used_before = _used_s(server)
        latencies, wall_s = sender.run(seconds)
        used_s = _used_s(server) - used_before
        messages = _accepted(sandbox) - accepted_before
        memory_mb = server.memory_info().rss / 2**20
    rate_hz = len(latencies) / wall_s
    share = used_s / wall_s
    figures = {
        "people": n_people,
        "requests": round(RATE_HZ * seconds),
        "accepted_per_s": round(rate_hz, 2),
        "messages_written_down": messages,
        "server_core_share": round(share, 3),
        "p50_ms": round(float(np.quantile(latencies, 0.5)) * 1e3, 1),
        "p99_ms": round(float(np.quantile(latencies, 0.99)) * 1e3, 1),
        "wall_s": round(wall_s, 2),
        "server_memory_mb": round(memory_mb),
    }
    whole = len(latencies) == round(RATE_HZ * seconds) and messages == len(latencies) * N_RECIPIENTS
    holds = whole and rate_hz >= LEAST_RATE_SHARE * RATE_HZ and share < MOST_CORE_SHARE
    return Result(f"sandbox, {n_people:,} people", figures, TARGETS, holds)


def _accepted(sandbox: SandboxProcess) -> int:
    answer = httpx.get(f"{sandbox.url}/_sandbox/truth", timeout=TIMEOUT_S)
    return int(answer.json()["accepted"])


def _used_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def main() -> int:
    """Run each size, print a line each or one JSON object; exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--people", default="5000,200000")
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    results = [sending(int(n), asked.seconds) for n in asked.people.split(",")]
    holds = all(r.holds for r in results)
    if asked.json:
        rows = [asdict(r) for r in results]
        print(json.dumps({"name": "sandbox", "targets": TARGETS, "holds": holds, "results": rows}))
    else:
        for r in results:
            print(f"{r.name}: {'holds' if r.holds else 'FALLS SHORT'} ({r.targets})")
            print("   " + ", ".join(f"{k} {v:g}" for k, v in r.figures.items()))
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
