"""Would the tests notice a guard that is wrong? Every small wrong in the guard modules, one by one.

    python -m tests.faults.mutants --json

Own code rather than mutmut or cosmic-ray: the claim's guards are half Python and half SQL, which
those leave alone; and a fork of a process that has everything loaded tries a mutant in about a
second, where a fresh one needs several. A mutant is killed by a failing test or by taking too long.
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

import tests.conftest  # noqa: F401
from services.database.engine import Database
from tests.faults.mutating import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
LEAST_KILLED_SHARE = 0.9
MOST_CPU_S = 60  # a mutant that runs in circles; of processor time, so that a busy machine may wait
# Two simulated hours and an outage, thirteen seconds together: others see the same wrongs.
NOT_TRIED = ("postgresql", "too_many_for_ever", "an_outage_is_asked", "killed_process")
CLAIMING, DISPATCHING = "test_claiming", "test_dispatching"
RECOVERING, SWITCHES = "test_recovering", "test_switches"
TESTS = {
    "services.activation.ledger": (CLAIMING, DISPATCHING),
    "services.activation.guards": ("test_guards", CLAIMING),
    "services.activation.gates.store": (CLAIMING, DISPATCHING, "test_targets_over_the_wire"),
    "services.activation.classifying": ("test_classifying",),
    "services.activation.consent": ("test_consent",),
    "services.activation.switches.breaker": (SWITCHES, DISPATCHING),
    "services.activation.switches.buckets": (SWITCHES, DISPATCHING),
    "services.activation.fates.store": (RECOVERING, DISPATCHING, "test_settling"),
    "services.database.barriers": ("test_barriers_of_the_ledger", "test_second_life"),
}
# What a mutant changes here cannot be seen from outside, with the reason.
EQUIVALENT: dict[tuple[str, str], str] = {}


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
    """Run changed source as the module, and give its names to everybody who imported them."""
    module = importlib.import_module(name)
    before = dict(module.__dict__)
    exec(compile(source, str(module.__file__), "exec"), module.__dict__)
    for other in list(sys.modules.values()):
        for known, value in list(vars(other).items()) if isinstance(other, ModuleType) else []:
            if known in before and value is before[known] and known in module.__dict__:
                setattr(other, known, module.__dict__[known])


def mutants(chosen: list[str], *, sample: int | None = None, seed: int = 0) -> Report:
    """Try the mutants of these modules; `sample` of each at most."""
    began = time.monotonic()
    report = Report(by_module={}, survivors=[])
    with tempfile.TemporaryDirectory() as temporary:
        template = Path(temporary) / "template.sqlite"
        Database.temporary(template).close()
        for module in chosen:
            path = ROOT / (module.replace(".", "/") + ".py")
            source = path.read_text(encoding="utf-8")
            if not survives(module, Mutant(0, "nothing", source), template):
                raise SystemExit(f"The tests of {module} fail without any mutant.")
            found = [m for m in mutants_of(source) if (module, m.what) not in EQUIVALENT]
            if sample is not None and sample < len(found):
                found = sorted(random.Random(seed).sample(found, sample), key=lambda m: m.line)
            killed = 0
            for mutant in found:
                if survives(module, mutant, template):
                    report.survivors.append(Survivor(module, mutant.line, mutant.what))
                    print(f"survived: {module}:{mutant.line} {mutant.what}", file=sys.stderr)
                else:
                    killed += 1
            report.by_module[module] = f"{killed} of {len(found)}"
            print(f"{module}: {killed} of {len(found)}", file=sys.stderr, flush=True)
            report.n += len(found)
            report.killed += killed
    report.killed_share = round(report.killed / max(report.n, 1), 4)
    report.seconds = round(time.monotonic() - began, 1)
    report.holds = report.killed_share >= LEAST_KILLED_SHARE
    return report


def survives(module: str, mutant: Mutant, template: Path) -> bool:
    """Whether all tests of the module pass with the mutant in its place."""
    names = [ROOT / "tests" / "activation" / f"{name}.py" for name in TESTS[module]]
    files = [str(name) for name in names if name.exists()]
    child = os.fork()
    if not child:
        status = 1
        try:
            status = _try(module, mutant, template, files)
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def _try(module: str, mutant: Mutant, template: Path, files: list[str]) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    put_in_place(module, mutant.source)
    if module != "services.database.barriers":
        _copy_instead_of_migrating(template)
    options = ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:randomly"]
    return int(
        pytest.main(
            [
                *options,
                "-k",
                " and ".join(f"not {name}" for name in NOT_TRIED),
                f"--rootdir={ROOT}",
                *files,
            ]
        )
    )


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
