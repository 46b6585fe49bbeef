"""Another rule is replayed on what was logged: counted exactly, judged within its interval."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from itertools import product

import numpy as np
import pyarrow as pa
import pytest

from services.bootstrap import Console
from services.decision.choosing import choose, choose_uniform, propensities, sample_draws
from services.decision.learning import learn, prior
from services.decision.model import Space
from services.errors import DataError
from services.experiment.model import (
    Dimension,
    DimensionKind,
    Experiment,
    Metric,
    MetricKind,
    Option,
)
from services.experiment.store import load_version
from services.insights.judging_rules import LoggedDay
from services.insights.off_policy import PolicyValue
from services.lake import Lake
from services.workflow import logged_days as reading
from services.workflow.logged_days import JudgedDay, logged_days
from services.workflow.takeaway.gathering import launched_experiment
from services.workflow.what_if import OtherRule, option_values, replay_rule, shown

FIRST = date(2026, 3, 2)  # a Monday
NAMES = ("x0", "x1")
COSTS = np.array([0.0, 0.0, 2.0, 2.0])
SPACE = Space(
    (("offer", ("a", "b")), ("hour", ("h9", "h18"))),
    np.array(list(product(range(2), range(2))), dtype=np.int16),
    COSTS,
)
UPSELL = Experiment(
    id="e1",
    version=1,
    name="Upsell",
    salt="0123456789abcdef",
    metric=Metric(kind=MetricKind.CONVERSION),
    dimensions=tuple(
        Dimension(
            key=key,
            kind=DimensionKind.OFFER if key == "offer" else DimensionKind.HOUR,
            label=key,
            options=tuple(Option(key=option, label=option) for option in options),
        )
        for key, options in SPACE.dimensions
    ),
)
PEOPLE = 700


def chance_of(features: np.ndarray) -> np.ndarray:
    offer, hour = SPACE.options[:, 0], SPACE.options[:, 1]
    return 1 / (1 + np.exp(2.3 - (0.3 + 0.8 * features[:, :1]) * offer - 0.15 * hour))


def played_days(seed: int, *, n_days: int = 14, epsilon: float = 0.3) -> list[JudgedDay]:
    """What the engine chose for the same people daily, learning; a tenth of them by lot."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(PEOPLE, 2)).astype(np.float32)
    eligible = np.ones((PEOPLE, 4), dtype=bool)
    by_lot = np.arange(PEOPLE) < PEOPLE // 10
    belief, days = prior(SPACE, NAMES, 0.1), []
    for number in range(n_days):
        lot = int(rng.integers(2**40))
        chances = np.full((PEOPLE, 4), 0.25)
        chosen = choose_uniform(eligible, lot)
        if belief.learnt:
            draws = sample_draws(belief, SPACE, lot)
            mine = choose(draws, SPACE, features, eligible, lot, epsilon, names=NAMES)
            exact = propensities(draws, SPACE, features, eligible, epsilon, names=NAMES)
            chances[~by_lot] = exact[~by_lot]
            chosen.combination[~by_lot] = mine.combination[~by_lot]
        combination = chosen.combination.astype(np.int64)
        row = np.arange(PEOPLE)
        reward = (rng.random(PEOPLE) < chance_of(features)[row, combination]).astype(float)
        day = FIRST + timedelta(days=number)
        logged = LoggedDay(
            day, SPACE, NAMES, features, eligible, combination, chances[row, combination], reward
        )
        days.append(JudgedDay(logged, chances, row, COSTS, np.zeros(4, bool), by_lot))
        belief = learn(belief, SPACE, features, combination, reward, day, names=NAMES)
    return days


@pytest.fixture(scope="module")
def days() -> list[JudgedDay]:
    return played_days(3)


def test_without_an_option_the_truth_lies_between_the_ends(days: list[JudgedDay]) -> None:
    found = replay_rule(UPSELL, days, OtherRule(dropped=(("offer", "b"),)))
    without = np.array([True, True, False, False])
    truth = sum(
        float(
            (
                d.chances
                * without
                / (d.chances * without).sum(1, keepdims=True)
                * chance_of(d.logged.features)
            ).sum()
        )
        for d in days
    )
    assert found.low is not None
    assert found.high is not None
    assert found.low < truth < found.high
    assert found.sends == found.sends_before == 14 * PEOPLE
    assert found.cost == 0 < found.cost_before
    assert found.effective < 14 * PEOPLE


@pytest.mark.parametrize("most", [1, 2, 5])
def test_nobody_gets_more_than_the_cap_in_any_seven_days(days: list[JudgedDay], most: int) -> None:
    found = replay_rule(UPSELL, days, OtherRule(most_a_week=most))
    by_hand: dict[int, list[int]] = defaultdict(list)
    for day in days:
        number = day.logged.day.toordinal()
        for person in day.people.tolist():
            if sum(number - sent < 7 for sent in by_hand[person]) < most:
                by_hand[person].append(number)
    assert found.sends == sum(len(sent) for sent in by_hand.values())
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.outcomes_before <= found.high


def test_no_sundays_takes_the_sundays_away_and_nothing_else(days: list[JudgedDay]) -> None:
    found = replay_rule(UPSELL, days, OtherRule(quiet_weekdays=frozenset({7})))
    assert found.sends == 12 * PEOPLE
    assert found.low is not None
    assert found.high is not None
    sundays = sum(d.logged.reward.sum() for d in days if d.logged.day.isoweekday() == 7)
    assert found.high - found.low > sundays


def test_a_rule_that_takes_nothing_away_changes_nothing(days: list[JudgedDay]) -> None:
    found = replay_rule(UPSELL, days, OtherRule(most_a_week=7))
    assert found.sends == found.sends_before
    assert found.cost == pytest.approx(
        sum(float((d.chances @ COSTS).sum()) for d in days), rel=1e-9
    )
    assert not OtherRule().changes_anything


def test_what_the_log_hardly_holds_is_refused_and_still_counted() -> None:
    few = played_days(4, n_days=2, epsilon=0.02)[1:]
    found = replay_rule(UPSELL, few, OtherRule(dropped=(("offer", "a"), ("hour", "h9"))))
    assert found.refusal is not None
    assert found.low is None
    assert found.sends == PEOPLE
    nothing = replay_rule(UPSELL, few, OtherRule(dropped=(("offer", "a"), ("offer", "b"))))
    assert nothing.nothing_left == PEOPLE
    assert nothing.sends == 0


def test_each_option_is_valued_within_its_interval_from_log_and_from_lot() -> None:
    hits = []
    for seed in range(5, 11):
        days = played_days(seed)
        for one in option_values(UPSELL, days):
            has = np.array(
                [SPACE.keys(c)[one.dimension.key] == one.option for c in range(4)], dtype=bool
            )
            truth = np.mean(
                [
                    (
                        d.chances
                        * has
                        / (d.chances * has).sum(1, keepdims=True)
                        * chance_of(d.logged.features)
                    )
                    .sum(1)
                    .mean()
                    for d in days
                ]
            )
            assert isinstance(one.judged, PolicyValue)
            assert one.lot is not None
            _value, low, high = shown(one.judged)
            hits.append(low < truth < high)
    assert np.mean(hits) >= 0.85


def test_played_days_come_out_with_the_chances_they_were_logged_with(
    played_console: Console,
) -> None:
    row = launched_experiment(played_console, None)
    experiment = load_version(played_console.database, row.id)
    days, share = logged_days(played_console.lake, experiment)
    assert share == 1.0
    rewards = played_console.lake.read("rewards", experiment.id)
    assert 0 < sum(len(day.people) for day in days) <= rewards.num_rows
    for day in days:
        assert np.allclose(day.chances.sum(axis=1), 1.0)
    fewer, part = logged_days(played_console.lake, experiment, most=2_000)
    assert part < 1.0
    assert set(fewer[-1].people) < set(days[-1].people)
    found = replay_rule(experiment, fewer, OtherRule(most_a_week=1))
    assert 0 < found.sends < found.sends_before


def test_a_log_whose_chances_do_not_come_out_again_is_not_judged(
    played_console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = launched_experiment(played_console, None)
    experiment = load_version(played_console.database, row.id)
    honest = Lake.load

    def bent(self: Lake, parts: list, columns: list | None = None) -> pa.Table:
        table = honest(self, parts, columns)
        if parts and parts[0].kind == "decisions" and "propensity" in table.column_names:
            place = table.schema.get_field_index("propensity")
            doubled = pa.array(np.asarray(table["propensity"]) * 0.5)
            table = table.set_column(place, "propensity", doubled)
        return table

    monkeypatch.setattr(reading.Lake, "load", bent)
    with pytest.raises(DataError, match="do not come out again"):
        logged_days(played_console.lake, experiment)
