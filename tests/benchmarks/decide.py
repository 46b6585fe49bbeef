"""How fast the engine decides and learns, and in how much memory, beside mabwiser.

python -m tests.benchmarks.decide [--people 1000000] [--repeats 3] [--skip-many] [--json]

Every measurement is a process of its own, so that its peak memory (`getrusage`) is its own. Both
engines get the same float32 table of ready features, the same chunks and the same two cores: this
engine as two threads, mabwiser as the two threads of its matrix library; learning has one. Times
are the least of the repeats, taken in turn: other work on the machine only ever adds. `processor_s`
is what the work took of the cores, to which other work adds little. Ends with 1 where a target
is missed; without mabwiser what needs it is named and not judged.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib.util import find_spec

from tests.benchmarks.decide_work import WORK, Spent

N_PEOPLE, MANY_PEOPLE = 1_000_000, 10_000_000
SMALL_TIME_RATIO, LARGE_TIME_RATIO = 0.4, 0.2  # of mabwiser's time, with 36 and 443 combinations
MEMORY_RATIO = 1.0
LEARN_ALL_S, LEARN_DAY_S = 3.0, 0.2
MANY_MEMORY_RATIO = 1.1  # of the peak with a tenth of the people
N_CORES = 2
TIMEOUT_S = 1800


@dataclass(frozen=True)
class Judged:
    """One target; `holds` is None where it could not be judged."""

    target: str
    found: float | None
    holds: bool | None


def run_apart(work: str, n_people: int) -> Spent:
    """Do one piece of work in a process of its own. Raises CalledProcessError if it fails."""
    n_threads = N_CORES if work.startswith("mabwiser") else 1  # this engine has its own threads
    threads = {name: str(n_threads) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.decide_work", work, str(n_people)],
        check=True,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=os.environ | threads,
    )
    return Spent(**json.loads(done.stdout.splitlines()[-1]))


def measured(n_people: int, repeats: int, *, many: bool, peer: bool) -> dict[str, Spent]:
    """The least time and peak of each piece of work."""
    wanted = [name for name in WORK if peer or not name.startswith("mabwiser")]
    runs: dict[str, list[Spent]] = {name: [] for name in wanted}
    for _ in range(repeats):
        for name in wanted:
            runs[name].append(run_apart(name, n_people))
    least = {
        name: Spent(*(min(getattr(one, field.name) for one in found) for field in fields(Spent)))
        for name, found in runs.items()
    }
    if many:
        least["many 36"] = run_apart("anneal 36", MANY_PEOPLE)
    return least


def judged(spent: Mapping[str, Spent]) -> list[Judged]:
    """Every target, from what was measured."""
    found = []
    for n, ratio in ((36, SMALL_TIME_RATIO), (443, LARGE_TIME_RATIO)):
        mine, peer = spent[f"anneal {n}"], spent.get(f"mabwiser {n}")
        time = None if peer is None else mine.seconds / peer.seconds
        memory = None if peer is None else mine.peak_mb / peer.peak_mb
        found.append(_at_most(f"{n} combinations: time ≤ {ratio:g} × mabwiser", time, ratio))
        found.append(_at_most(f"{n} combinations: peak memory ≤ mabwiser", memory, MEMORY_RATIO))
    learn_all, learn_day = spent["learn all 36"].seconds, spent["learn day 36"].seconds
    found.append(_at_most(f"learn all outcomes ≤ {LEARN_ALL_S:g} s", learn_all, LEARN_ALL_S))
    found.append(_at_most(f"learn 3,000 outcomes ≤ {LEARN_DAY_S:g} s", learn_day, LEARN_DAY_S))
    if "many 36" in spent:
        grown = spent["many 36"].peak_mb / spent["anneal 36"].peak_mb
        words = f"10,000,000 people: peak ≤ {MANY_MEMORY_RATIO:g} × that of fewer"
        found.append(_at_most(words, grown, MANY_MEMORY_RATIO))
    return found


def _at_most(target: str, found: float | None, most: float) -> Judged:
    if found is None:
        return Judged(target, None, None)
    return Judged(target, round(found, 3), found <= most)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and judge; print lines, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--people", type=int, default=N_PEOPLE)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--skip-many", action="store_true", help="not the 10,000,000 people")
    asked = parser.parse_args(arguments)
    peer = find_spec("mabwiser") is not None
    spent = measured(asked.people, asked.repeats, many=not asked.skip_many, peer=peer)
    targets = judged(spent)
    holds = all(one.holds is not False for one in targets)
    if asked.json:
        report = {
            "name": "decide",
            "people": asked.people,
            "load": os.getloadavg()[0],
            "figures": {name: asdict(one) for name, one in spent.items()},
            "targets": [asdict(one) for one in targets],
            "not_measured": [] if peer else ["mabwiser"],
            "holds": holds,
        }
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        for name, one in spent.items():
            cores = f"{one.processor_s:.3g} s of cores"
            print(f"{name}: {one.seconds:.3g} s, {cores}, peak {one.peak_mb:.0f} MB")
        for target in targets:
            mark = {True: "holds", False: "FALLS SHORT", None: "not judged"}[target.holds]
            print(f"   {target.target}: {target.found} {mark}")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
