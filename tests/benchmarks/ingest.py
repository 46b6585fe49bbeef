"""A segment's export into the day's facts, beside DuckDB turning the same people into Parquet.

python -m tests.benchmarks.ingest [--json] [--people 1000000]

Ours is the shipped code from the request for the export to the committed snapshot: fetched over
HTTP, checked, unpacked, every line through the border, everybody numbered in the database, three
tables written. DuckDB reads the same people already unzipped, with the same wanted columns and
their types given, and writes them with the same compression. Each runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pyarrow.compute as pc
from pydantic import SecretStr

from services.audience.loading import refresh
from services.braze.client import BrazeClient
from services.clock import FixedClock
from services.database.engine import Database
from services.lake import Lake
from tests.benchmarks.ingest_profiles import ATTRIBUTES, n_personal, write_export

N_PEOPLE = 1_000_000
MOST_MEMORY_BYTES = 1_000_000_000
LEAST_RATE_SHARE = 0.25  # of DuckDB's people a second
CHILD_WAIT_S = 1_800.0
DAY = date(2026, 11, 2)

HAPPENED = 'STRUCT("name" VARCHAR, "first" TIMESTAMP, "last" TIMESTAMP, "count" BIGINT)[]'
DUCKDB_COLUMNS = {
    "external_id": "VARCHAR",
    "created_at": "TIMESTAMP",
    **dict.fromkeys(("country", "language", "time_zone"), "VARCHAR"),
    **dict.fromkeys(("email_subscribe", "push_subscribe"), "VARCHAR"),
    "random_bucket": "INTEGER",
    "total_revenue": "DOUBLE",
    "custom_attributes": "STRUCT(tenure_months DOUBLE, plan VARCHAR, avg_basket DOUBLE, "
    "app_user BOOLEAN, favourite VARCHAR, store_distance_km DOUBLE)",
    "custom_events": HAPPENED,
    "purchases": HAPPENED,
    "campaigns_received": "STRUCT(api_campaign_id VARCHAR, last_received TIMESTAMP, "
    "in_control BOOLEAN)[]",
    "canvases_received": "STRUCT(api_canvas_id VARCHAR, last_entered TIMESTAMP, "
    "last_received_message TIMESTAMP, in_control BOOLEAN)[]",
}


@dataclass(frozen=True)
class Report:
    """`holds` where every target is met."""

    name: str
    figures: dict[str, float]
    targets: str
    holds: bool


def measure(n_people: int) -> Report:
    """Write the export, then let DuckDB and the console each turn it into Parquet."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain, packed = write_export(folder, n_people)
        # Before and after: what else the machine does meanwhile should hit both sides.
        tries = [_child("duckdb", folder, plain)]
        with serving(packed) as url:
            ours = _child("ours", folder, url)
        tries.append(_child("duckdb", folder, plain))
        duck = {name: (tries[0][name] + tries[1][name]) / 2 for name in tries[0]}
        share = duck["seconds"] / ours["seconds"]
        figures = {
            "people": float(n_people),
            "unpacked_mb": round(plain.stat().st_size / 1e6, 1),
            "seconds": ours["seconds"],
            "cpu_seconds": round(ours["cpu_seconds"], 1),
            "people_a_second": round(n_people / ours["seconds"]),
            "peak_memory_mb": round(ours["peak_bytes"] / 1e6, 1),
            "held_back": ours["held_back"],
            "duckdb_seconds": duck["seconds"],
            "duckdb_cpu_seconds": round(duck["cpu_seconds"], 1),
            "duckdb_people_a_second": round(n_people / duck["seconds"]),
            "rate_share": round(share, 3),
        }
    complete = ours["people"] == n_people and ours["held_back"] == n_personal(n_people)
    holds = complete and share >= LEAST_RATE_SHARE and ours["peak_bytes"] < MOST_MEMORY_BYTES
    targets = (
        f"everybody there, peak below {MOST_MEMORY_BYTES / 1e9:g} GB, rate ≥ {LEAST_RATE_SHARE} × "
        "DuckDB's"
    )
    return Report("export to snapshot", figures, targets, holds)


def with_duckdb(plain: str, folder: Path) -> dict[str, float]:
    """Seconds DuckDB takes from NDJSON to Parquet, with all cores."""
    started = time.perf_counter()
    connection = duckdb.connect()
    columns = ", ".join(f"'{n}': '{t}'" for n, t in DUCKDB_COLUMNS.items())
    connection.execute(
        f"COPY (SELECT * FROM read_json('{plain}', format = 'newline_delimited', "
        f"columns = {{{columns}}})) TO '{folder / 'duckdb.parquet'}' "
        "(FORMAT parquet, COMPRESSION zstd)"
    )
    seconds = round(time.perf_counter() - started, 3)
    return {"seconds": seconds, "cpu_seconds": time.process_time(), "peak_bytes": _peak_bytes()}


def with_anneal(url: str, folder: Path) -> dict[str, float]:
    """Seconds from asking for the export to the committed snapshot, and what it holds."""
    database = Database.temporary(folder / "state.sqlite3")
    lake = Lake(folder / "lake", database)
    now = datetime.combine(DAY, datetime.min.time(), UTC)
    with BrazeClient(
        url, SecretStr("k-benchmark"), sandbox=True, export_origins=[url], poll_s=0.02
    ) as client:
        started = time.perf_counter()
        loaded = refresh(
            *(client, database, lake, "benchmark", ["segment"], ATTRIBUTES, [], DAY),
            clock=FixedClock(now),
        )
        seconds = time.perf_counter() - started
    cpu_seconds, peak = time.process_time(), _peak_bytes()
    snapshot = lake.read("snapshots", "benchmark")
    counters = lake.read("counters", "benchmark", columns=["count"])
    database.close()
    return {
        "seconds": round(seconds, 3),
        "cpu_seconds": cpu_seconds,
        "peak_bytes": peak,
        "people": float(snapshot.num_rows),
        "revenue": pc.sum(snapshot["total_revenue"]).as_py(),
        "counters": float(counters.num_rows),
        "counted": float(pc.sum(counters["count"]).as_py()),
        "received": float(sum(p.n_rows for p in lake.parts("received", "benchmark"))),
        "held_back": float(sum(loaded.held_back.values())),
    }


def _child(what: str, folder: Path, source: object) -> dict[str, float]:
    """One side in a fresh process, so that its peak memory is its own."""
    own = folder / what
    own.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", __spec__.name, "--side", what, str(source), str(own)],
        capture_output=True,
        text=True,
        timeout=CHILD_WAIT_S,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    shutil.rmtree(own)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _side(what: str, source: str, folder: Path) -> None:
    found = (with_duckdb if what == "duckdb" else with_anneal)(source, folder)
    print(json.dumps(found))


def _peak_bytes() -> float:
    """The most memory of this process. `ru_maxrss` would count its parent's before the start."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return float(status.split("VmHWM:")[1].split()[0]) * 1024


@contextmanager
def serving(packed: Path) -> Iterator[str]:
    """A Braze that exports one file: in this process, so that its memory is not the child's."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answer = json.dumps({"message": "success", "url": f"{url}/export.zip"}).encode()
            self._head(201, len(answer))
            self.wfile.write(answer)

        def do_GET(self) -> None:
            self._head(200, packed.stat().st_size)
            with packed.open("rb") as file:
                shutil.copyfileobj(file, self.wfile)

        def _head(self, status: int, size: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(size))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing to say."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    """Measure, print, and end with 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=N_PEOPLE)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--side", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        what, source, folder = given.side
        _side(what, source, Path(folder))
        return
    report = measure(given.people)
    if given.json:
        print(json.dumps(asdict(report)))
    else:
        print(f"{report.name}: {report.targets}: {'holds' if report.holds else 'MISSED'}")
        for name, value in report.figures.items():
            print(f"  {name:24} {value:>14,g}")
    sys.exit(0 if report.holds else 1)


if __name__ == "__main__":
    main()
