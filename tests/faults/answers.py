"""Answers as they should not be, to every client function, over real sockets.

    python -m tests.faults.answers --mutations 1000 [--json]

Each mutation is put to one function after the other until all have had their share. What comes
out must be a sound result or an error of ours, in time, that says what to do, and in which neither
the key nor anything of the answer's body can be found: not in its text, its repr, its traceback
(with the variables of every function, as reporters of errors print them), nor in a log.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

import stamina
import structlog
from pydantic import SecretStr

from services.braze import client as client_module
from services.braze.client import BrazeClient
from services.errors import ConsoleError
from tests.faults.client_calls import Call, n_functions, public_calls
from tests.faults.fault_server import FaultServer
from tests.faults.mutations import KEY, MARK, SECOND_HALF, mutation

READ_S, CONNECT_S = 0.4, 0.2  # instead of a minute: what is tested is that they hold
GRACE_S = 1.0
TRIES = 4
SECRETS = (KEY, SECOND_HALF, KEY[: len(KEY) // 2], MARK)


@dataclass
class Report:
    """What came of the mutations; everything in `violations` must be nothing."""

    mutations: int = 0
    calls: int = 0
    functions: int = 0
    sound: int = 0
    clear_errors: int = 0
    by_error: dict[str, int] = field(default_factory=dict)
    by_kind: dict[str, int] = field(default_factory=dict)
    slowest_s: float = 0.0
    violations: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether every call ended as it should."""
        return not self.violations and self.sound + self.clear_errors == self.calls


def try_mutations(
    n_mutations: int, *, seed: int = 0, everywhere: bool = False, quick: bool = False
) -> Report:
    """Put mutations to the functions, to all of them (`everywhere`) or in turn.

    `quick` asks once where reads are asked again, and leaves out the doctor's fifty requests.
    """
    calls = sorted(public_calls().items())
    if quick:
        calls = [(name, call) for name, call in calls if name != "check_permissions"]
    report = Report(mutations=n_mutations, functions=n_functions())
    errors: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    server = FaultServer()
    with _hurried(1 if quick else TRIES) as log:
        for i in range(n_mutations):
            kind, script = mutation(seed + i)
            chosen = calls if everywhere and kind != "slow" else [calls[i % len(calls)]]
            for name, call in chosen:
                server.begin(script)
                kinds[kind] += 1
                outcome = _try_one(f"{name} / {kind} / {seed + i}", call, server, log, report)
                errors[outcome] += 1
    server.close()
    report.by_error, report.by_kind = dict(errors.most_common()), dict(kinds.most_common())
    report.slowest_s = round(report.slowest_s, 2)
    return report


def _try_one(where: str, call: Call, server: FaultServer, log: io.StringIO, report: Report) -> str:
    report.calls += 1
    log.seek(0)
    log.truncate()
    client = BrazeClient(
        server.url, SecretStr(KEY), sandbox=True, export_origins=[server.url], poll_s=0.02
    )
    started = time.monotonic()
    try:
        with client:
            call(client)
        outcome = "sound"
        report.sound += 1
    except ConsoleError as problem:
        outcome = type(problem).__name__
        report.clear_errors += 1
        if not problem.hint or not str(problem.what).strip():
            report.violations.append(f"{where}: does not say what to do: {problem!r}")
        text = _everything_said(problem)
        report.violations += [f"{where}: shows {s[:9]}…" for s in SECRETS if s in text]
    except Exception as crash:
        outcome = "crash"
        report.violations.append(f"{where}: {type(crash).__name__}: {str(crash)[:200]}")
    took_s = time.monotonic() - started
    report.slowest_s = max(report.slowest_s, took_s)
    # Reads are tried up to four times and lists have pages: the time is for each request.
    if took_s > (READ_S + CONNECT_S) * max(server.n_asked, 1) + GRACE_S:
        report.violations.append(f"{where}: took {took_s:.1f} s for {server.n_asked} requests")
    report.violations += [f"{where}: logs {s[:9]}…" for s in SECRETS if s in log.getvalue()]
    return outcome


def _everything_said(problem: BaseException) -> str:
    """All that anybody could print of an error, the variables of its functions included."""
    said = [str(problem), repr(problem), repr(vars(problem)), repr(problem.args)]
    if isinstance(problem, ConsoleError):
        said += [repr(problem.what), repr(problem.hint)]
    found = traceback.TracebackException.from_exception(problem, capture_locals=True)
    said += found.format(chain=True)
    said.append(_by_structlog(problem))
    return "\n".join(said)


def _by_structlog(problem: BaseException) -> str:
    told = structlog.tracebacks.ExceptionDictTransformer(show_locals=True, locals_max_string=10_000)
    return json.dumps(told((type(problem), problem, problem.__traceback__)), default=repr)


@contextmanager
def _hurried(tries: int) -> Iterator[io.StringIO]:
    """Short time-outs, retries without waits, and everything logged into one text."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    level, before = root.level, (client_module.READ_S, client_module.CONNECT_S)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    settings = structlog.get_config()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(log))
    client_module.READ_S, client_module.CONNECT_S = READ_S, CONNECT_S
    try:
        with stamina.set_testing(True, attempts=tries, cap=True):
            yield log
    finally:
        client_module.READ_S, client_module.CONNECT_S = before
        structlog.configure(**settings)
        root.removeHandler(handler)
        root.setLevel(level)


def main() -> None:
    """Try, print, and end with 1 where something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--everywhere", action="store_true", help="each mutation to all functions")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    report = try_mutations(given.mutations, seed=given.seed, everywhere=given.everywhere)
    figures = {**asdict(report), "violations": len(report.violations)}
    if given.json:
        targets = "0 crashes, a sound result or a clear error each, no key and no body, in time"
        answer = {"name": "mutated answers", "figures": figures, "targets": targets}
        print(json.dumps({**answer, "holds": report.holds, "first": report.violations[:20]}))
    else:
        print("\n".join(f"{n}: {v}" for n, v in figures.items()), *report.violations[:40], sep="\n")
    sys.exit(0 if report.holds else 1)


if __name__ == "__main__":
    main()
