"""What the page Metric shows: what can be counted, and whether a lift can be proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.errors import ConsoleError
from services.experiment.drafts import Document, read_draft
from services.experiment.model import Experiment, MetricKind, PrimaryComparison
from services.experiment.power import Gate, PrePeriod, power_gate
from services.lake import Lake
from services.outcomes.base_rate import base_rate

GUESS = "_guess"
HOPE = "_hoped_lift"
OVERRULED = "_overruled"
DEFAULT_HOPE_SHARE = 0.05
GUESS_SPREAD = 1.0  # of the amounts among buyers: standard deviation over mean, as in most shops
WEEKS_KNOWN = 4
MONEY_KINDS = frozenset({MetricKind.REVENUE, MetricKind.ARPU})


@dataclass(frozen=True)
class Countable:
    """Names that the last export of the audience has: what a metric can count."""

    events: tuple[str, ...]
    products: tuple[str, ...]
    attributes: tuple[str, ...]


@dataclass(frozen=True)
class Guess:
    """What the marketer thinks happens in a week without any message.

    share   of people who do it in a week, 0 to 1
    amount  money of one who buys, for revenue
    """

    share: float
    amount: float = 1.0


def countable(lake: Lake, experiment_id: str, document: Document) -> Countable:
    """Read the names off the newest export; empty before there is one."""
    attributes = tuple((document.get("audience") or {}).get("attributes") or ())
    day = lake.latest_day("counters", experiment_id)
    if day is None:
        return Countable((), (), attributes)
    table = lake.read("counters", experiment_id, since=day, until=day, columns=["source", "name"])
    names: dict[str, set[str]] = {"event": set(), "purchase": set()}
    pairs = table.group_by(["source", "name"]).aggregate([]).to_pylist()
    for pair in pairs:
        names.setdefault(pair["source"], set()).add(pair["name"])
    return Countable(tuple(sorted(names["event"])), tuple(sorted(names["purchase"])), attributes)


def guess_of(document: Document) -> Guess | None:
    """The guess kept with the draft, or None."""
    kept = document.get(GUESS)
    if not isinstance(kept, Mapping) or not kept.get("share"):
        return None
    return Guess(float(kept["share"]), float(kept.get("amount") or 1.0))


def guessed(guess: Guess, kind: MetricKind) -> PrePeriod:
    """The guess as four weeks of history: weeks alike and independent, nothing lasting between
    people. Real people differ more, so that the true answer may take longer."""
    share = min(max(guess.share, 1e-6), 1.0)
    amount = guess.amount if kind in MONEY_KINDS else 1.0
    spread = GUESS_SPREAD if kind in MONEY_KINDS else 0.0
    mean = share * amount
    variance = share * amount**2 * (1 + spread**2) - mean**2
    return PrePeriod(
        mean=mean,
        variance_one_week=variance,
        variance_four_weeks=WEEKS_KNOWN * variance,
        n_people=0,
        active_week_share=share,
        active_four_weeks_share=1 - (1 - share) ** WEEKS_KNOWN,
        rough=True,
    )


def history(
    lake: Lake, experiment_id: str, experiment: Experiment, today: date
) -> PrePeriod | None:
    """What the watched audience did by itself: measured, rough, or None where nothing is known."""
    if not experiment.metric.sources and experiment.metric.kind not in MONEY_KINDS:
        return None
    return base_rate(lake, experiment_id, experiment.metric, today, experiment.metric.cap)


def hoped_lift(document: Document) -> float:
    """The lift the marketer hopes for, as a share."""
    return float(document.get(HOPE) or DEFAULT_HOPE_SHARE)


def overruled(document: Document) -> Mapping[str, Any] | None:
    """Who started in spite of "do not run", and why: {"by", "reason"}."""
    kept = document.get(OVERRULED)
    return kept if isinstance(kept, Mapping) and kept.get("reason") else None


def gate(
    before: PrePeriod, experiment: Experiment, n_people: int, hoped_share: float
) -> Gate | ConsoleError:
    """The power gate for the draft's groups, or why there is none."""
    shares = experiment.groups
    control = (
        shares.holdout
        if experiment.primary_comparison is PrimaryComparison.HOLDOUT
        else shares.usual
    )
    try:
        return power_gate(
            before,
            n_personalised=round(shares.personalised * n_people),
            n_control=round(control * n_people),
            hoped_share=hoped_share,
        )
    except ConsoleError as problem:
        return problem


def with_control(groups: Mapping[str, Any], over: str, share: float) -> dict[str, Any]:
    """The shares with the compared group at `share`; personalised gives or takes the difference."""
    others = sum(float(groups.get(g) or 0) for g in ("random", "usual", "holdout") if g != over)
    kept = min(share, max(0.0, 1 - others))
    return {**groups, over: round(kept, 6), "personalised": round(1 - others - kept, 6)}


def draft_experiment(document: Document) -> Experiment:
    """What can be read of the draft."""
    return read_draft(document).experiment
