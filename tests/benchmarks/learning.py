"""How much of the possible lift the engine captures in worlds with a known truth, and its peers.

python -m tests.benchmarks.learning [--seeds 0,1,2,3,4] [--worlds 36,change] [--peers anneal,vw]
                                    [--kept FILE] [--json]

captured = (policy − uniform) / (oracle − uniform) in the truth's own expected rewards, over 40 days
of 3,000 out of 10,000 people, rewards 1 to 3 days late. Reported seeds are not those that the
engine and its peers were tuned on (100 and above). A peer whose library is not installed is named
under `not_measured`, and what it would have been compared with is not judged. All of it takes
hours, nearly all of them for Vowpal Wabbit and the worlds of many combinations: with `--kept`
finished trials are written down, and taken from there by the next run. Ends with 1 where a target
that could be judged is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tests.benchmarks.decision_worlds import World
from tests.benchmarks.learning_kept import Kept
from tests.benchmarks.learning_peers import PEERS, is_installed, serves
from tests.benchmarks.learning_trials import Trial, trial
from tests.benchmarks.learning_worlds import ABOUT, WORLDS

LUCK_ERRORS = 3.0
LEAST_OF_BEST = 0.97


@dataclass(frozen=True)
class Target:
    """Something to be reached in one world: `figure` of this engine against `least`.

    peer  the library whose figure it is divided by; None = the figure itself
    """

    figure: str
    least: float
    peer: str | None = None

    def words(self) -> str:
        """As a reader of the issue knows it."""
        return f"{self.figure} ≥ {self.least:g}" + (f" × {self.peer}" if self.peer else "")


TARGETS: Mapping[str, tuple[Target, ...]] = {
    "36": (Target("captured", 1.3, "vw"), Target("captured", 1.4, "mabwiser")),
    "144": (Target("captured", 1.8, "mabwiser"),),
    "pairs": (Target("captured", 1.8, "mabwiser"),),
    "443": (Target("captured", 1.8, "mabwiser"),),
    "revenue": (Target("captured", 1.5, "mabwiser"),),
    "change": (Target("captured", 1.0, "vw"), Target("captured_last", 1.0, "vw")),
    "plain": (Target("of_fixed", LEAST_OF_BEST),),
    "nothing": (Target("least_luck", -LUCK_ERRORS), Target("minus_most_luck", -LUCK_ERRORS)),
}


@dataclass(frozen=True)
class Judged:
    """One target in one world. `holds` is None where the peer was not measured."""

    target: str
    found: float | None
    holds: bool | None


@dataclass(frozen=True)
class Result:
    """One world: mean figures of each peer over the seeds, every seed's captured share, targets.

    None stands where there is nothing to capture.
    """

    name: str
    about: str
    figures: dict[str, dict[str, float | None]]
    captured_by_seed: dict[str, list[float | None]]
    targets: list[Judged]
    holds: bool


def measure(
    name: str,
    peers: Sequence[str],
    seeds: Sequence[int],
    told: Callable[[str], None],
    kept: Kept,
) -> Result:
    """Run every peer on every seed of one world, except for what is kept already."""
    make = WORLDS[name]
    trials: dict[str, list[Trial]] = {}
    for seed in seeds:
        world = make(seed)
        for peer in (one for one in peers if serves(one, world)):
            done = kept.found((name, peer, seed))
            if done is None:
                done = _one(peer, world, seed)
                kept.add((name, peer, seed), done)
            trials.setdefault(peer, []).append(done)
            told(f"   {name}, seed {seed}, {peer}: captured {done.captured:.1f} %")
    figures = {peer: _means(runs) for peer, runs in trials.items()}
    judged = [_judged(target, figures) for target in TARGETS.get(name, ())]
    return Result(
        name=name,
        about=ABOUT[name],
        figures=figures,
        captured_by_seed={
            peer: [_number(run.captured, 1) for run in runs] for peer, runs in trials.items()
        },
        targets=judged,
        holds=all(one.holds is not False for one in judged),
    )


def _one(peer: str, world: World, seed: int) -> Trial:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other people's libraries
        return trial(world, PEERS[peer][1](world, seed), seed)


def _number(value: float, digits: int) -> float | None:
    return None if np.isnan(value) else round(float(value), digits)


def _means(runs: Sequence[Trial]) -> dict[str, float | None]:
    rows = [{k: v for k, v in asdict(run).items() if k != "alarms"} for run in runs]
    means = {key: _number(np.mean([row[key] for row in rows]), 4) for key in rows[0]}
    luck = [run.luck for run in runs]
    return means | {"least_luck": min(luck), "minus_most_luck": -max(luck)}


def _judged(target: Target, figures: Mapping[str, Mapping[str, float | None]]) -> Judged:
    if "anneal" not in figures or (target.peer and target.peer not in figures):
        return Judged(target.words(), None, None)
    mine = figures["anneal"][target.figure]
    found = mine / figures[target.peer][target.figure] if target.peer else mine
    return Judged(target.words(), round(found, 3), bool(found >= target.least))


def _told(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _line(result: Result) -> str:
    shares = ", ".join(f"{peer} {f['captured'] or '-'}" for peer, f in result.figures.items())
    lines = [f"{result.name} ({result.about}): captured % {shares}"]
    for one in result.targets:
        mark = {True: "holds", False: "FALLS SHORT", None: "not judged"}[one.holds]
        lines.append(f"   {one.target}: {'-' if one.found is None else one.found} {mark}")
    return "\n".join(lines)


def main() -> None:
    """Measure the worlds asked for; print a few lines each, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--worlds", default=",".join(WORLDS))
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--kept", type=Path, help="file of finished trials, to read and add to")
    asked = parser.parse_args()
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    peers = [peer for peer in asked.peers.split(",") if is_installed(peer)]
    missing = [peer for peer in asked.peers.split(",") if peer not in peers]
    results, kept = [], Kept(asked.kept)
    for name in asked.worlds.split(","):
        results.append(measure(name, peers, seeds, _told, kept))
        if not asked.json:
            print(_line(results[-1]), flush=True)
    holds = all(result.holds for result in results)
    if asked.json:
        report = {
            "name": "learning",
            "seeds": seeds,
            "not_measured": missing,
            "worlds": [asdict(result) for result in results],
            "holds": holds,
        }
        print(json.dumps(report, ensure_ascii=False, indent=1))
    elif missing:
        print(f"not measured, their libraries are not installed: {', '.join(missing)}")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
