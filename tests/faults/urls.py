"""Hostile addresses of export files and of endpoints: no connection outside the list.

    python -m tests.faults.urls [--json]

An audit hook of the interpreter notes every connection and every name looked up, whichever library
asks; what is not allowed is noted and stopped. Each address is tried as an export's file of a real
workspace and of a sandbox, and as REST endpoint; redirects and rebound names are tried too.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import stamina
from pydantic import SecretStr

from services.braze.client import BrazeClient
from services.braze.export_origins import ExportOrigins
from services.braze.origins import REST_ORIGINS, allowed_endpoint
from services.errors import ConsoleError
from tests.faults.fault_server import FaultServer
from tests.faults.hostile_urls import ALLOWED, INSIDE, REBOUND, urls
from tests.faults.mutations import KEY, answer

REST = sorted(REST_ORIGINS)[0]
PUBLIC = "93.184.216.34"
MOST_MEMORY_BYTES = 300 * 1024 * 1024
MOST_S = 30.0


class Stopped(OSError):
    """A connection was stopped by the guard; the client takes it for a network that is down."""


@dataclass
class Report:
    """What came of the addresses; `violations` must be nothing."""

    urls: int = 0
    tries: int = 0
    refused: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    slowest_s: float = 0.0
    more_memory_mb: float = 0.0  # than before the first try
    violations: list[str] = field(default_factory=list)


class _Guard:
    """Notes and stops what is not in `allowed` (host, port) while `on`."""

    def __init__(self) -> None:
        self.on = False
        self.allowed: set[tuple[str, int]] = set()
        self.seen: list[tuple[str, object]] = []
        self._hooked = False

    def hook(self) -> None:
        """Audit hooks stay for ever, so there is one, which is idle outside the tries."""
        if not self._hooked:
            sys.addaudithook(self._heard)
            self._hooked = True

    def _heard(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on or event not in ("socket.connect", "socket.getaddrinfo"):
            return
        place = tuple(args[1][:2]) if event == "socket.connect" else (args[0], args[1])
        if place not in self.allowed:
            self.seen.append((event, place))
            raise Stopped(f"{event} {place}")


GUARD = _Guard()


def try_urls(every: int = 1) -> Report:
    """Try all addresses, or one in `every`."""
    report, outcomes, peak_before = Report(), Counter[str](), _peak_bytes()
    GUARD.hook()
    server = FaultServer()
    server.begin(lambda connection, path, n: connection.sendall(answer(404, b"{}")))
    with stamina.set_testing(True, attempts=2, cap=True), _clients(server) as clients:
        for url in urls()[::every]:
            report.urls += 1
            for name, client in clients.items():
                fetch = lambda url=url, client=client: _fetch(client, url)  # noqa: E731
                outcomes[_try(f"{name}: {url[:80]!r}", fetch, server, report)] += 1
            for sandbox in (False, True):
                ask = lambda url=url, sandbox=sandbox: _endpoint(url, sandbox)  # noqa: E731
                outcomes[_try(f"endpoint: {url[:80]!r}", ask, server, report)] += 1
        for number, addresses in enumerate(REBOUND[::every]):
            report.urls += 1
            client = clients["real"]
            client.export_origins = ExportOrigins(
                [ALLOWED], sandbox=False, resolve=lambda _host, _port, a=addresses: a
            )
            fetch = lambda: _fetch(client, f"{ALLOWED}/{number}.zip")  # noqa: B023, E731
            outcomes[_try(f"rebound to {addresses}", fetch, server, report)] += 1
        _redirects(clients["sandbox"], server, report, outcomes, INSIDE[:: 6 * every])
    server.close()
    report.outcomes = dict(outcomes.most_common())
    used = _peak_bytes() - peak_before
    report.more_memory_mb = round(used / 1e6, 1)
    report.slowest_s = round(report.slowest_s, 2)
    if used > MOST_MEMORY_BYTES or report.slowest_s > MOST_S:
        report.violations.append(f"{used / 1e6:.0f} MB more, slowest {report.slowest_s} s")
    return report


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def _clients(server: FaultServer) -> Iterator[dict[str, BrazeClient]]:
    key = SecretStr(KEY)
    with (
        BrazeClient(REST, key, export_origins=[ALLOWED]) as real,
        BrazeClient(server.url, key, sandbox=True, export_origins=[server.url]) as sandbox,
    ):
        yield {"real": real, "sandbox": sandbox}


def _try(where: str, attempt: Callable[[], None], server: FaultServer, report: Report) -> str:
    """One try under the guard: it must be refused, and nothing be connected to."""
    report.tries += 1
    GUARD.seen.clear()
    n_before, started = server.n_asked, time.monotonic()
    GUARD.on = True
    try:
        attempt()
        outcome = "went through"
        report.violations.append(f"{where}: went through")
    except ConsoleError as refusal:
        outcome = type(refusal).__name__
        report.refused += outcome in ("DataError", "SetupError")
    except Exception as crash:
        outcome = "crash"
        report.violations.append(f"{where}: {type(crash).__name__}: {str(crash)[:100]}")
    finally:
        GUARD.on = False
    report.slowest_s = max(report.slowest_s, time.monotonic() - started)
    report.connections += len(GUARD.seen)
    report.violations += [f"{where}: {event} {place}" for event, place in GUARD.seen]
    if server.n_asked > n_before:
        report.violations.append(f"{where}: asked the sandbox's server")
    return outcome


def _fetch(client: BrazeClient, url: str) -> None:
    client.download(url, io.BytesIO(), deadline_s=time.monotonic() + 1, max_bytes=1_000)


def _endpoint(url: str, sandbox: bool) -> None:
    allowed_endpoint(url, sandbox=sandbox)


def _redirects(
    client: BrazeClient,
    server: FaultServer,
    report: Report,
    outcomes: Counter[str],
    targets: tuple[str, ...],
) -> None:
    """Answers that send on, to reads, writes and downloads: nobody follows."""
    port = int(server.url.rsplit(":", 1)[1])
    GUARD.allowed = {("127.0.0.1", port)}
    asks: dict[str, Callable[[], object]] = {
        "GET": lambda: client.get("/segments/list"),
        "POST": lambda: client.write("/users/track", {"attributes": []}),
        "file": lambda: _fetch(client, f"{server.url}/file.zip"),
    }
    for target in targets:
        report.urls += 1
        for status in (301, 302, 303, 307, 308):
            said = answer(status, b"", f"location: http://{target.encode().hex()}.example/")
            said = said.replace(f"{target.encode().hex()}.example".encode(), target.encode())
            for name, ask in asks.items():
                server.begin(lambda connection, path, n, said=said: connection.sendall(said))
                report.tries += 1
                GUARD.seen.clear()
                GUARD.on = True
                try:
                    ask()
                    report.violations.append(f"{name} {status} to {target}: went through")
                except ConsoleError as refusal:
                    outcomes[type(refusal).__name__] += 1
                finally:
                    GUARD.on = False
                once = server.n_asked <= (1 if name != "GET" else 2)
                if GUARD.seen or not once:
                    report.violations.append(f"{name} {status} to {target}: {GUARD.seen}")
    GUARD.allowed = set()


def control() -> bool:
    """Whether the guard would see a connection: it is asked to watch one."""
    GUARD.hook()
    GUARD.seen.clear()
    GUARD.on = True
    try:
        socket.create_connection((PUBLIC, 443), timeout=0.1)
    except OSError:
        pass
    finally:
        GUARD.on = False
    return bool(GUARD.seen)


def main() -> None:
    """Try, print, and end with 1 where something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    report = try_urls()
    holds = control() and not report.violations and report.urls >= 200
    figures = {**asdict(report), "violations": len(report.violations)}
    if given.json:
        targets = "0 connections outside the list, below 300 MB and 30 s each"
        told = {"name": "hostile addresses", "figures": figures, "targets": targets}
        print(json.dumps({**told, "holds": holds, "first": report.violations[:20]}))
    else:
        print("\n".join(f"{n}: {v}" for n, v in figures.items()), *report.violations, sep="\n")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
