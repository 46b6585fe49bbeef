"""The pieces of work that `decide` times, each run as a process: WORK NAME, number of people.

People come from chunks of ready features, as they would from a snapshot's parts; choices are
counted and let go, as if written. Compiling and loading are over before the clock starts.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import date

import numpy as np

CHUNK = 50_000
N_WORKERS = 2
DAY_OUTCOMES = 3_000
FIT_PEOPLE = 5_000
SIZES = {36: (3, 4, 3), 443: (5, 5, 5, 4)}
KEEP_SHARE = {36: 1.0, 443: 0.886}
GUESSED_SHARE, HIT_SHARE = 0.03, 0.035
WARM_PEOPLE = 200


@dataclass(frozen=True)
class Spent:
    """Seconds of the work itself, by the clock and of the cores; peak memory of its process."""

    seconds: float
    processor_s: float
    peak_mb: float


@dataclass(frozen=True)
class Table:
    """Ready features of a few thousand people, dealt out again and again as chunks of many."""

    features: np.ndarray

    def chunks(self, n_people: int) -> Iterator[tuple[int, np.ndarray]]:
        """(number of the first person, float32 (n, width)) until there are enough."""
        n_times = -(-CHUNK // len(self.features))
        full = np.tile(self.features, (n_times, 1))[:CHUNK]
        for start in range(0, n_people, CHUNK):
            yield start, full[: min(CHUNK, n_people - start)]


@dataclass
class Watch:
    """Seconds since it was made, by the clock and of this process's cores."""

    clock: float = field(default_factory=time.perf_counter)
    processor: float = field(default_factory=time.process_time)

    def read(self) -> tuple[float, float]:
        """(by the clock, of the cores)."""
        return time.perf_counter() - self.clock, time.process_time() - self.processor


def anneal(n_combinations: int, n_people: int) -> tuple[float, float]:
    """Choose with this engine, in chunks over two threads."""
    from services.decision.choosing import choose, sample_draws
    from services.decision.learning import learn, prior

    space, names, attributes, features = _ready(n_combinations)
    rng = np.random.default_rng(0)
    belief = prior(space, names, GUESSED_SHARE, attributes=attributes)
    chosen = rng.integers(0, space.n_combinations, FIT_PEOPLE)
    hits = (rng.random(FIT_PEOPLE) < HIT_SHARE).astype(float)
    belief = learn(belief, space, features, chosen, hits, date(2026, 1, 1))
    draws = sample_draws(belief, space, 1)

    def decide(part: tuple[int, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        start, columns = part
        may = np.ones((len(columns), space.n_combinations), dtype=bool)
        people = np.arange(start, start + len(columns), dtype=np.int64)
        choices = choose(draws, space, columns, may, 1, people=people)
        return choices.combination, choices.propensity

    decide((0, features[:WARM_PEOPLE]))
    watch = Watch()
    kept = 0
    with ThreadPoolExecutor(N_WORKERS) as workers:
        parts = list(Table(features).chunks(n_people))
        for combination, propensity in workers.map(decide, parts):
            kept += len(combination)
            assert propensity.min() > 0
    assert kept == n_people
    return watch.read()


def mabwiser(n_combinations: int, n_people: int) -> tuple[float, float]:
    """Choose with mabwiser's LinGreedy, in the same chunks. It gives no chances."""
    from mabwiser.mab import MAB, LearningPolicy

    space, _, _, features = _ready(n_combinations)
    rng = np.random.default_rng(0)
    mab = MAB(list(range(space.n_combinations)), LearningPolicy.LinGreedy(0.02, 100.0), seed=1)
    chosen = rng.integers(0, space.n_combinations, FIT_PEOPLE)
    mab.fit(chosen, (rng.random(FIT_PEOPLE) < HIT_SHARE).astype(float), features)
    mab.predict(features[:WARM_PEOPLE])
    watch = Watch()
    kept = 0
    for _, columns in Table(features).chunks(n_people):
        kept += len(np.asarray(mab.predict(columns), dtype=np.int32))
    assert kept == n_people
    return watch.read()


def learning(n_outcomes: int) -> Callable[[int, int], tuple[float, float]]:
    """Learn so many outcomes of one day (0 = as many as there are people)."""

    def work(n_combinations: int, n_people: int) -> tuple[float, float]:
        from services.decision.learning import learn, prior

        space, names, attributes, few = _ready(n_combinations)
        n = n_outcomes or n_people
        features = np.tile(few, (-(-n // len(few)), 1))[:n]
        rng = np.random.default_rng(0)
        chosen = rng.integers(0, space.n_combinations, n)
        hits = (rng.random(n) < HIT_SHARE).astype(float)
        belief = prior(space, names, GUESSED_SHARE, attributes=attributes)
        warm = slice(0, FIT_PEOPLE)
        first = date(2026, 1, 1)
        belief = learn(belief, space, features[warm], chosen[warm], hits[warm], first)
        watch = Watch()
        learn(belief, space, features, chosen, hits, date(2026, 1, 2))
        return watch.read()

    return work


def _ready(n_combinations: int):
    from tests.benchmarks.decision_worlds import world

    found = world(
        0, SIZES[n_combinations], keep_share=KEEP_SHARE[n_combinations], n_people=FIT_PEOPLE
    )
    return found.space, found.names, found.attributes, found.features


WORK: dict[str, tuple[Callable[[int, int], tuple[float, float]], int]] = {
    "anneal 36": (anneal, 36),
    "mabwiser 36": (mabwiser, 36),
    "anneal 443": (anneal, 443),
    "mabwiser 443": (mabwiser, 443),
    "learn all 36": (learning(0), 36),
    "learn day 36": (learning(DAY_OUTCOMES), 36),
    "learn day 443": (learning(DAY_OUTCOMES), 443),
}


def main() -> None:
    """Do one piece of work and print what it took, as JSON."""
    work, n_combinations = WORK[sys.argv[1]]
    seconds, processor_s = work(n_combinations, int(sys.argv[2]))
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps(asdict(Spent(seconds, processor_s, peak_kb / 1024))))


if __name__ == "__main__":
    main()
