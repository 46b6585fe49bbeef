"""Hostile archives, through the shipped export: nothing on disk, little memory, a clear end.

    python -m tests.faults.archives [--json]

Each is served as the file of an export and read in a process of its own, which may open no file
for writing but its own nameless spool (an audit hook watches), and whose memory and time are
measured. Most must be refused; where content is sound and only a name is odd, it may be read.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import SecretStr

from tests.faults.fault_server import FaultServer
from tests.faults.hostile_archives import archives
from tests.faults.mutations import answer

MOST_MEMORY_BYTES = 300 * 1024 * 1024
MOST_S = 30.0


@dataclass
class Report:
    """What came of the archives; `violations` must be nothing."""

    archives: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    most_memory_mb: float = 0.0
    base_memory_mb: float = 0.0
    slowest_s: float = 0.0
    files_written: int = 0
    violations: list[str] = field(default_factory=list)


def try_archives(names: list[str] | None = None) -> Report:
    """Serve each archive and read it in a child."""
    makers = archives()
    report, outcomes = Report(), Counter[str]()
    server = FaultServer()
    with tempfile.TemporaryDirectory() as folder:
        if names is None:
            report.base_memory_mb = _measured(server, b"PK", Path(folder))["memory_mb"]
        for name in names or makers:
            found = _measured(server, makers[name](), Path(folder))
            report.archives += 1
            outcomes[found["outcome"]] += 1
            report.most_memory_mb = max(report.most_memory_mb, found["memory_mb"])
            report.slowest_s = max(report.slowest_s, found["seconds"])
            report.files_written += len(found["written"])
            report.violations += _problems(name, found, list(Path(folder).iterdir()))
    server.close()
    report.outcomes = dict(outcomes.most_common())
    return report


def _problems(name: str, found: dict[str, object], left: list[Path]) -> list[str]:
    wrong = [f"{name}: wrote {path}" for path in found["written"]]  # type: ignore[attr-defined]
    wrong += [f"{name}: left {path.name}" for path in left]
    if found["outcome"] not in ("DataError", "read"):
        wrong.append(f"{name}: {found['outcome']}: {found['said']}")
    if float(str(found["memory_mb"])) * 1e6 > MOST_MEMORY_BYTES:
        wrong.append(f"{name}: {found['memory_mb']} MB")
    if float(str(found["seconds"])) > MOST_S:
        wrong.append(f"{name}: {found['seconds']} s")
    return wrong


def _measured(server: FaultServer, file: bytes, folder: Path) -> dict[str, object]:
    def script(connection: object, path: str, n: int) -> None:
        body = json.dumps({"message": "success", "url": f"{server.url}/file.zip"}).encode()
        said = answer(200, file, typed="application/zip") if path == "/file.zip" else None
        connection.sendall(said or answer(201, body))  # type: ignore[attr-defined]

    server.begin(script)
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.archives", "--read", server.url],
        capture_output=True,
        text=True,
        timeout=3 * MOST_S,
        check=False,
        env={**os.environ, "TMPDIR": str(folder), "OPENBLAS_NUM_THREADS": "1"},
    )
    if done.returncode != 0:
        return {"outcome": "crash", "said": done.stderr[-300:], "written": []} | {
            "memory_mb": 0.0,
            "seconds": 0.0,
        }
    found: dict[str, object] = json.loads(done.stdout)
    return found


def _read(url: str) -> None:
    """In the child: export both ways, and say what came of it."""
    from services.braze.client import BrazeClient
    from services.braze.segment_bulk import export_segment_in_bulk
    from services.braze.segment_export import export_segment
    from services.errors import ConsoleError

    written: list[str] = []
    kinds = {"tier": "text"}
    with BrazeClient(
        url, SecretStr("k-1"), sandbox=True, export_origins=[url], poll_s=0.01
    ) as client:
        sys.addaudithook(lambda event, args: _watch(event, args, written))
        started = time.monotonic()
        outcome, said = "read", ""
        for way in (
            lambda: export_segment_in_bulk(client, "s", ["tier"], kinds=kinds),
            lambda: [None for _ in export_segment(client, "s", ["external_id"])],
        ):
            try:
                way()
            except ConsoleError as problem:
                outcome, said = type(problem).__name__, str(problem)
    memory = _peak_bytes() / 1e6
    seconds = round(time.monotonic() - started, 2)
    found = {"outcome": outcome, "said": said, "memory_mb": round(memory, 1)}
    print(json.dumps({**found, "seconds": seconds, "written": written}))


def _peak_bytes() -> int:
    """The most memory of this process. `ru_maxrss` would count the parent's before the start."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def _watch(event: str, args: tuple[object, ...], written: list[str]) -> None:
    """Note every name under which something is written, made or linked."""
    if event == "open" and len(args) > 2 and isinstance(args[2], int):
        nameless = bool(args[2] & getattr(os, "O_TMPFILE", 0) == getattr(os, "O_TMPFILE", -1))
        if args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and not nameless:
            written.append(str(args[0]))
    elif event in ("os.mkdir", "os.link", "os.symlink", "os.rename", "shutil.unpack_archive"):
        written.append(f"{event} {args[0]}")


def main() -> None:
    """Try, print, and end with 1 where something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--read", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        _read(given.read)
        return
    report = try_archives()
    holds = not report.violations and report.archives >= 60
    figures = {**asdict(report), "violations": len(report.violations)}
    if given.json:
        targets = "0 files outside the spool, 0 crashes, below 300 MB and 30 s each"
        told = {"name": "hostile archives", "figures": figures, "targets": targets}
        print(json.dumps({**told, "holds": holds, "first": report.violations[:20]}))
    else:
        print("\n".join(f"{n}: {v}" for n, v in figures.items()), *report.violations, sep="\n")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
