"""Cut the power at every write and sync of a sending process, and look what the disk remembers.

    python -m tests.faults.power_loss --points 5000 --json

A child sends on the real schema with the real settings while every request of SQLite to the
operating system is recorded. Then, for each moment between two of them, disks are built as a power
cut could have left them: what was synced is there; of what was not, nothing, everything, or any
part, with writes torn at sectors. Each is opened as after a restart. It must be whole, hold every
commit that had been acknowledged, know of every message that had gone out, and be the state before
or after a commit, nothing between.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from services.activation import pausing
from services.activation.dispatcher import dispatch_due
from services.activation.model import Claim, Reply
from services.activation.recovery import recover
from services.clock import FixedClock
from services.database.engine import Database
from services.errors import BrazeBroken, NeverConnected, NoAnswer
from services.lake import Lake
from tests.activation.sending_world import NINE, WORKSPACE, World, an_experiment
from tests.faults.disk import Disk
from tests.faults.recording_vfs import Recorder
from tests.faults.verdict import Verdict, show

N_PEOPLE = 260  # five requests, one of them refused a line at first, one answered by a 502
VARIANTS = 6  # disks built for one moment, where something was not synced
TABLES = ("ledger", "batches", "pauses", "breakers", "rate_buckets", "audit")
DATABASE, JOURNAL = "state.sqlite", "state.sqlite-journal"


class Watched(Database):
    """Notes each commit that has been acknowledged to the caller."""

    def __init__(self, url: str, acknowledged: Callable[[], None], synchronous: str) -> None:
        super().__init__(url)
        self._acknowledged = acknowledged
        if synchronous:  # to see that this harness would notice
            sa.event.listen(
                self.engine,
                "connect",
                lambda raw, _: raw.execute(f"PRAGMA synchronous={synchronous}"),
            )

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        with super().write() as connection:
            yield connection
        self._acknowledged()


class Sender:
    """Takes everything, but for one request that finds no line and one that ends in a 502."""

    def __init__(self, note: Callable[[list[str]], None]) -> None:
        self._note = note
        self._n = 0

    def send(self, claim: Claim, guard: Callable[[], None]) -> Reply:
        guard()
        self._n += 1
        if self._n == 2:
            raise NeverConnected("no line")
        self._note([str(p.person) for p in claim.people])
        if self._n == 4:
            raise BrazeBroken("502", status=502)
        if self._n == 5:
            raise NoAnswer("silence")
        return Reply(dispatch_id=f"d{self._n}")

    def body(self, claim: Claim) -> dict[str, object]:
        return {}


def record(home: Path, log: Path, synchronous: str = "") -> None:
    """Send in a child and write down everything SQLite asked for, commits and messages between."""
    child = os.fork()
    if child:
        if os.waitpid(child, 0)[1] != 0:
            raise RuntimeError(f"the recorded run failed: {(home / 'problem.txt').read_text()}")
        return
    try:
        _send(home, log, synchronous)
    except BaseException as problem:
        (home / "problem.txt").write_text(repr(problem))
        os._exit(1)
    os._exit(0)


def _send(home: Path, log: Path, synchronous: str) -> None:
    lines: list[dict[str, object]] = []

    def note(what: str, path: str, at: int, content: bytes) -> None:
        text = base64.b64encode(content).decode()
        lines.append({"what": what, "file": Path(path).name, "at": at, "content": text})

    def acknowledged() -> None:
        lines.append({"what": "commit", "state": state_of(home / DATABASE)})

    recorder = Recorder(note)
    database = Watched(f"sqlite:///{home / DATABASE}", acknowledged, synchronous)
    clock = FixedClock(NINE)
    sender = Sender(lambda people: lines.append({"what": "sent", "people": people}))
    recover(database, clock, alone=True)
    for _ in range(3):
        dispatch_due(
            database,
            clock,
            sender,
            Lake(home / "facts", database),
            an_experiment(),
            workspace=WORKSPACE,
            home=home,
        )
        clock.advance(timedelta(minutes=5))
        pausing.pause(database, clock, by="me", reason="look")
        pausing.resume(database, clock, by="me", reason="go on")
    log.write_text("\n".join(json.dumps(line) for line in lines))
    del recorder


def state_of(path: Path) -> str:
    """A digest of everything the promises are about."""
    with sqlite3.connect(path) as connection:
        found = _digest(connection)
    connection.close()
    return found


def _digest(connection: sqlite3.Connection) -> str:
    sha = hashlib.sha256()
    for table in TABLES:
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2"):
            sha.update(repr(row).encode())
    return sha.hexdigest()


def power_loss(points: int, seed: int = 0, synchronous: str = "") -> Verdict:
    """Try at least `points` power cuts, spread over the whole run, then over it again.

    `synchronous` overrides the setting under which the real thing runs (FULL).
    """
    verdict = Verdict("power_loss", targets={"acknowledged_commits_lost": "0"})
    for sort in ("acknowledged_commits_lost", "between_two_states", "broken", "sent_but_unknown"):
        verdict.count(sort, 0)
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        home.mkdir()
        world = World(home, n_people=N_PEOPLE)
        world.plan()
        world.database.close()
        before = (home / DATABASE).read_bytes()
        log = Path(temporary) / "log"
        record(home, log, synchronous)
        lines = [json.loads(line) for line in log.read_text().split("\n")]
        verdict.figures["calls_to_the_operating_system"] = len(lines)
        verdict.figures["commits"] = sum(1 for line in lines if line["what"] == "commit")
        cut = Path(temporary) / "cut"
        while verdict.n < points:
            _one_pass(before, lines, cut, rng, verdict, points)
    return verdict


def _one_pass(
    before: bytes,
    lines: list[dict[str, object]],
    cut: Path,
    rng: random.Random,
    verdict: Verdict,
    points: int,
) -> None:
    disks = {DATABASE: Disk(bytearray(before)), JOURNAL: Disk(bytearray())}
    states = [line["state"] for line in lines if line["what"] == "commit"]
    states.insert(0, _state_of_bytes(before, cut))
    n_acknowledged, sent = 0, set[str]()
    n_moments = sum(1 for line in lines if line["what"] not in ("commit", "sent"))
    share = min(1.0, (points - verdict.n) / (n_moments * VARIANTS) * 1.2)
    for line in lines:
        what = str(line["what"])
        if what == "commit":
            n_acknowledged += 1
        elif what == "sent":
            sent |= set(line["people"])  # type: ignore[arg-type]
        else:
            disk = disks[str(line["file"])]
            if what == "sync":
                disk.sync()
            elif what == "delete":
                disk.pending.append(("truncate", 0, b""))
            else:
                content = base64.b64decode(str(line["content"]))
                disk.pending.append((what, int(str(line["at"])), content))
        if rng.random() < share:
            for variant in range(VARIANTS if any(d.pending for d in disks.values()) else 1):
                _cut(disks, variant, cut, rng)
                allowed = states[n_acknowledged : n_acknowledged + 2]
                _check(cut, allowed, states[:n_acknowledged], sent, verdict)


def _cut(disks: dict[str, Disk], variant: int, folder: Path, rng: random.Random) -> None:
    """Build one disk: nothing came through, all, one file of the two, or any sectors."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number, (name, disk) in enumerate(disks.items()):
        whole = {0: False, 1: True, 2: number == 0, 3: number == 1}.get(variant)
        if whole is None:
            content = disk.after_cut(lambda: rng.random() < 0.5)
        else:
            content = disk.after_cut(lambda whole=whole: whole)  # type: ignore[misc]
        (folder / name).write_bytes(content)


def _check(
    folder: Path, allowed: list[str], older: list[str], sent: set[str], verdict: Verdict
) -> None:
    verdict.n += 1
    with sqlite3.connect(folder / DATABASE) as connection:
        try:
            whole = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            state = _digest(connection) if whole else ""
            planned = {
                str(person)
                for (person,) in connection.execute(
                    "SELECT person FROM ledger WHERE state = 'planned'"
                )
            }
        except sqlite3.DatabaseError:
            whole, state, planned = False, "", set()
    connection.close()
    if not whole:
        verdict.count("broken")
    elif state not in allowed:
        lost = state in older
        verdict.count("acknowledged_commits_lost" if lost else "between_two_states")
    verdict.count("sent_but_unknown", len(sent & planned))


def _state_of_bytes(content: bytes, folder: Path) -> str:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / DATABASE).write_bytes(content)
    return state_of(folder / DATABASE)


def main() -> int:
    """Print the verdict; exit 1 where a promise was broken."""
    options = argparse.ArgumentParser(description="Simulated power cuts while sending.")
    options.add_argument("--points", type=int, default=5_000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--synchronous", default="", help="NORMAL or OFF: should be noticed")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    return show(power_loss(chosen.points, chosen.seed, chosen.synchronous), as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main())
