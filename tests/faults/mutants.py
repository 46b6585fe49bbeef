"""Would the tests notice a guard that is wrong? Every small wrong in the guard modules, one by one.

    python -m tests.faults.mutants --json

Own code rather than mutmut or cosmic-ray: the claim's guards are half Python and half SQL, which
those leave alone; and a fork of a process that has collected the tests tries one in a part of a
second, where a fresh one needs several. A failing test kills a mutant, and so does running on.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

import hypothesis  # noqa: F401  loaded before the forks, as is what the tests import
import pytest
from _pytest.runner import runtestprotocol

import tests.conftest  # noqa: F401
from services.database.engine import Database
from tests.faults.mutating import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
LEAST_KILLED_SHARE = 0.9
MOST_CPU_S = 10  # a mutant that runs in circles; of processor time, so that a busy machine may wait
# Two simulated hours and an outage, thirteen seconds together: others see the same wrongs.
NOT_TRIED = ("postgresql", "too_many_for_ever", "an_outage_is_asked", "killed_process")
CLAIMING, DISPATCHING = "test_claiming", "test_dispatching"
EDGES = "test_edges_of_a_claim"
RECOVERING, SWITCHES = "test_recovering", "test_switches"
TESTS = {
    "services.activation.ledger": (CLAIMING, EDGES, DISPATCHING),
    "services.activation.guards": ("test_guards", CLAIMING),
    "services.activation.gates.store": (CLAIMING, EDGES, DISPATCHING, "test_targets_over_the_wire"),
    "services.activation.classifying": ("test_classifying",),
    "services.activation.consent": ("test_consent",),
    "services.activation.switches.breaker": (SWITCHES, DISPATCHING),
    "services.activation.switches.buckets": (SWITCHES, DISPATCHING),
    "services.activation.fates.store": (RECOVERING, DISPATCHING, "test_settling"),
    "services.database.barriers": ("test_barriers_of_the_ledger", "test_second_life"),
}
# (module, line of code, change): what such a mutant changes cannot be seen from outside, and why.
EQUIVALENT: dict[tuple[str, str, str], str] = {
    (
        "services.activation.consent",
        'columns = [*SUBSCRIPTIONS, *([f"attr:{attribute}"] if attribute else [])]',
        "if True",
    ): "a column that no part has is left out by the lake, and without a name none is looked for",
    (
        "services.activation.ledger",
        '"SELECT person, day, send_at FROM ledger '
        'WHERE workspace = :workspace AND person IN :people "',
        ">= to >: …erson IN :people AND day >= :since AND state IN :rea…",
    ): "history is read a day further back than frequency or gap can reach",
    (
        "services.activation.ledger",
        "if limits.capped:",
        "if True",
    ): "without a cap everybody fits: the condition only spares a query",
}


@dataclass(frozen=True)
class Survivor:
    """A wrong that no test noticed."""

    module: str
    line: int
    what: str


@dataclass
class Report:
    """What came of the mutants."""

    name: str = "mutants"
    n: int = 0
    killed: int = 0
    killed_share: float = 0.0
    target: str = f">= {LEAST_KILLED_SHARE}"
    by_module: dict[str, str] | None = None
    survivors: list[Survivor] | None = None
    seconds: float = 0.0
    holds: bool = False


def put_in_place(name: str, source: str) -> None:
    """Run changed source as the module, and give its names to everybody who imported them.

    Classes stay the objects they are, as tests hold instances of them; what is in them changes.
    """
    module = importlib.import_module(name)
    before = dict(module.__dict__)
    exec(compile(source, str(module.__file__), "exec"), module.__dict__)
    for known, value in before.items():
        changed = module.__dict__[known]
        if isinstance(value, type) and value.__module__ == name and changed is not value:
            for part, content in vars(changed).items():
                if part not in ("__dict__", "__weakref__"):
                    setattr(value, part, content)
            module.__dict__[known] = value
    for other in list(sys.modules.values()):
        for known, value in list(vars(other).items()) if isinstance(other, ModuleType) else []:
            if known in before and value is before[known] and known in module.__dict__:
                setattr(other, known, module.__dict__[known])


def mutants(chosen: list[str], *, sample: int | None = None, seed: int = 0) -> Report:
    """Try the mutants of these modules; `sample` of each at most."""
    began = time.monotonic()
    report = Report(by_module={}, survivors=[])
    assert report.by_module is not None
    assert report.survivors is not None
    for module in chosen:
        source = (ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8")
        found = _worth_trying(module, source)
        if sample is not None and sample < len(found):
            found = sorted(random.Random(seed).sample(found, sample), key=lambda m: m.line)
        left = survivors(module, found, source)
        report.survivors += [Survivor(module, mutant.line, mutant.what) for mutant in left]
        killed = len(found) - len(left)
        report.by_module[module] = f"{killed} of {len(found)}"
        print(f"{module}: {killed} of {len(found)}", file=sys.stderr, flush=True)
        report.n += len(found)
        report.killed += killed
    report.killed_share = round(report.killed / max(report.n, 1), 4)
    report.seconds = round(time.monotonic() - began, 1)
    report.holds = report.killed_share >= LEAST_KILLED_SHARE
    return report


def survivors(module: str, found: list[Mutant], source: str) -> list[Mutant]:
    """The mutants with which all tests of the module pass.

    A process of its own collects the tests once, and tries each mutant in a fork of itself.
    """
    read, write = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            os.close(read)
            status = _collect_and_try(module, found, source, write)
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read) as told:
        numbers = [int(line) for line in told]
    if os.waitpid(child, 0)[1] != 0:
        raise SystemExit(f"The tests of {module} fail without any mutant, or cannot be collected.")
    return [found[number] for number in numbers]


def _worth_trying(module: str, source: str) -> list[Mutant]:
    lines = ["", *(line.strip() for line in source.splitlines())]
    return [
        mutant
        for mutant in mutants_of(source)
        if (module, lines[mutant.line], mutant.what) not in EQUIVALENT
    ]


def _collect_and_try(module: str, found: list[Mutant], source: str, write: int) -> int:
    names = [ROOT / "tests" / "activation" / f"{name}.py" for name in TESTS[module]]
    importlib.import_module(module)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    with tempfile.TemporaryDirectory() as temporary:
        template = Path(temporary) / "template.sqlite"
        Database.temporary(template).close()
        trying = _Trying(module, found, source, template, write)
        options = ["-q", "-s", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:randomly"]
        options += [f"--rootdir={ROOT}", f"--basetemp={temporary}/tests", "-k"]
        options.append(" and ".join(f"not {name}" for name in NOT_TRIED))
        files = [str(name) for name in names if name.exists()]
        return int(pytest.main([*options, *files], plugins=[trying]))


class _Trying:
    """In place of pytest's loop over the tests: for every mutant, the tests until one fails."""

    def __init__(
        self, module: str, found: list[Mutant], source: str, template: Path, write: int
    ) -> None:
        self._module, self._found, self._source = module, found, source
        self._template, self._write = template, write

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = list(session.items)
        if not items or self._killer(items, Mutant(0, "nothing", self._source)) is not None:
            raise session.Failed("not without a mutant either")
        for number, mutant in enumerate(self._found):
            killer = self._killer(items, mutant)
            if killer is None:
                os.write(self._write, f"{number}\n".encode())
                print(f"survived: {self._module}:{mutant.line} {mutant.what}", file=sys.stderr)
            elif killer < len(items):  # what noticed one wrong notices its neighbour soonest
                items.insert(0, items.pop(killer))
        return True

    def _killer(self, items: list[pytest.Item], mutant: Mutant) -> int | None:
        """Which test fails first: its place, len(items) where none could, None where all pass."""
        read, write = os.pipe()
        child = os.fork()
        if not child:
            try:
                self._try(items, mutant, write)
            finally:
                os._exit(1)
        os.close(write)
        with os.fdopen(read) as told:
            place = told.read()
        passed = os.waitpid(child, 0)[1] == 0
        return None if passed else int(place or len(items))

    def _try(self, items: list[pytest.Item], mutant: Mutant, write: int) -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        put_in_place(self._module, mutant.source)
        if self._module != "services.database.barriers":
            _copy_instead_of_migrating(self._template)
        for place, item in enumerate(items):
            following = items[place + 1] if place + 1 < len(items) else None
            if any(r.failed for r in runtestprotocol(item, log=False, nextitem=following)):
                os.write(write, str(place).encode())
                os._exit(1)
        os._exit(0)


def _copy_instead_of_migrating(template: Path) -> None:
    def temporary(path: Path) -> Database:
        shutil.copy(template, path)
        return Database(f"sqlite:///{path}")

    Database.temporary = temporary  # type: ignore[method-assign, assignment]


def main() -> int:
    """Print the report; exit 1 where too many survive."""
    options = argparse.ArgumentParser(description="Small wrongs in the guard modules, one by one.")
    options.add_argument("--module", action="append", choices=sorted(TESTS))
    options.add_argument("--sample", type=int, help="at most so many of each module")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    report = mutants(chosen.module or list(TESTS), sample=chosen.sample, seed=chosen.seed)
    if chosen.json:
        print(json.dumps(asdict(report), indent=1))
    else:
        print(f"{report.killed} of {report.n} killed ({report.killed_share:.1%})")
    return int(not report.holds)


if __name__ == "__main__":
    sys.exit(main())
