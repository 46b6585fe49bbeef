"""Are the logged chances true, with eligibility masks, capped shares and least shares all on?

python -m tests.benchmarks.propensity [--json] [--seeds 0,1,2] [--people 100000]

Two questions. Over all decisions, is the mean of 1 / (p · |eligible|) one, within three standard
errors? And when the same people are decided for again and again with new lots, is a combination
whose chance was said to be p chosen in a share p of the cases? Ends with 1 where not.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from services.decision.choosing import choose, choose_uniform, propensities, sample_draws
from services.decision.learning import learn, prior
from services.decision.limiting import Limit, price_limits, weigh_limits
from services.decision.terms import Least
from tests.benchmarks.decision_worlds import World, world

N_PEOPLE = 100_000
N_REPEATED_PEOPLE, N_REPEATS = 500, 400
SIZES = (3, 4, 3)
MASKED_SHARE = 0.3  # of combinations each person may not get
CAP_SHARE, LEAST_SHARE = 0.2, 0.05
ERRORS = 3.0
EDGES = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.7, 0.95, 1.0)


@dataclass(frozen=True)
class Band:
    """Combinations with a chance in a band: what was said, and how often they were chosen.

    `errors` is the difference in standard errors of the count.
    """

    above: float
    up_to: float
    n: int
    said: float
    seen: float
    errors: float


@dataclass(frozen=True)
class Result:
    """`table` is the calibration of the personalised chances against repeated lots."""

    name: str
    figures: dict[str, float]
    targets: str
    holds: bool
    table: list[Band]


def measure(seed: int, n_people: int) -> Result:
    """One world, learnt for ten days, decided for `n_people` under limits."""
    where = world(seed, SIZES)
    belief = _learnt(where, seed)
    space = where.space
    rng = np.random.default_rng(1_000 + seed)
    who = rng.integers(0, len(where.features), n_people)
    features = where.features[who]
    may = rng.random((n_people, space.n_combinations)) >= MASKED_SHARE
    may[np.arange(n_people), rng.integers(0, space.n_combinations, n_people)] = True
    draws = sample_draws(belief, space, seed)
    first = choose(draws, space, features[:5_000], may[:5_000], seed)
    favourite = int(np.bincount(space.options[first.combination, 0]).argmax())
    limits = [Limit("cap", (space.options[:, 0] == favourite) * 1.0, CAP_SHARE * n_people)]
    least = [Least("d1", "o0", LEAST_SHARE), Least("d2", "o2", LEAST_SHARE)]
    prices, kept = price_limits(belief, draws, space, features, may, limits, least=least)
    chosen = choose(draws, space, features, may, seed, prices=prices, least=least)
    weights, _ = weigh_limits(may, limits)
    uniform = choose_uniform(may, seed, weights=weights)
    capped = (space.options[chosen.combination, 0] == favourite).mean()
    few = slice(0, N_REPEATED_PEOPLE)
    said = propensities(draws, space, features[few], may[few], prices=prices, least=least)
    seen = np.zeros_like(said)
    for again in range(N_REPEATS):
        lot = choose(
            draws, space, features[few], may[few], 10_000 + again, prices=prices, least=least
        )
        seen[np.arange(len(said)), lot.combination] += 1
    table = _bands(said[may[few]], seen[may[few]])
    figures = {
        "decisions": float(n_people),
        "mean_inverse": _mean(chosen.propensity, chosen.n_eligible)[0],
        "mean_inverse_errors": _mean(chosen.propensity, chosen.n_eligible)[1],
        "uniform_mean_inverse_errors": _mean(uniform.propensity, uniform.n_eligible)[1],
        "capped_share": float(capped),
        "unlimited_share": float((space.options[first.combination, 0] == favourite).mean()),
        "least_chance": float(chosen.propensity.min()),
        "worst_band_errors": max(abs(band.errors) for band in table),
        "expected_capped_share": kept[0].expected / n_people,
    }
    holds = (
        abs(figures["mean_inverse_errors"]) <= ERRORS
        and abs(figures["uniform_mean_inverse_errors"]) <= ERRORS
        and figures["worst_band_errors"] <= ERRORS + 0.5  # the worst of nine bands
        and figures["capped_share"] <= CAP_SHARE * 1.01
    )
    target = "mean(1/p)/|eligible| = 1 within 3 standard errors; every band of chances calibrated"
    return Result(f"36 combinations, seed {seed}", figures, target, bool(holds), table)


def _learnt(where: World, seed: int):
    rng = np.random.default_rng(seed)
    belief = prior(where.space, where.names, 0.03, attributes=where.attributes)
    for day in range(10):
        who = rng.permutation(len(where.features))[:3000]
        chosen = rng.integers(0, where.space.n_combinations, len(who))
        hit = rng.random(len(who)) < where.chance(day)[who, chosen]
        when = date(2026, 1, 1) + timedelta(days=day)
        belief = learn(belief, where.space, where.features[who], chosen, hit.astype(float), when)
    return belief


def _mean(propensity: np.ndarray, n_eligible: np.ndarray) -> tuple[float, float]:
    """Mean of 1 / (p · |eligible|), and how many standard errors it lies from one."""
    ratio = 1 / propensity / n_eligible
    return float(ratio.mean()), float(
        (ratio.mean() - 1) / max(ratio.std() / np.sqrt(len(ratio)), 1e-300)
    )


def _bands(said: np.ndarray, seen: np.ndarray) -> list[Band]:
    found = []
    for low, high in pairwise(EDGES):
        inside = (said > low) & (said <= high)
        if not inside.any():
            continue
        expected = N_REPEATS * said[inside].sum()
        spread = np.sqrt(N_REPEATS * (said[inside] * (1 - said[inside])).sum())
        total = N_REPEATS * int(inside.sum())
        found.append(
            Band(
                low,
                high,
                int(inside.sum()),
                round(float(expected / total), 6),
                round(float(seen[inside].sum() / total), 6),
                round(float((seen[inside].sum() - expected) / max(spread, 1e-9)), 2),
            )
        )
    return found


def main() -> None:
    """Measure each seed; print lines, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--people", type=int, default=N_PEOPLE)
    asked = parser.parse_args()
    results = [measure(int(seed), asked.people) for seed in asked.seeds.split(",")]
    holds = all(result.holds for result in results)
    if asked.json:
        told = [asdict(result) for result in results]
        print(json.dumps({"name": "propensity", "holds": holds, "results": told}, indent=1))
    else:
        for result in results:
            print(f"{result.name}: {'holds' if result.holds else 'FALLS SHORT'}")
            print("   " + ", ".join(f"{k} {v:.4g}" for k, v in result.figures.items()))
            for band in result.table:
                print(
                    f"   chance {band.above:g} to {band.up_to:g}: said {band.said:.5f}, "
                    f"seen {band.seen:.5f}, {band.errors:+.1f} errors, {band.n} combinations"
                )
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
