"""People drawn once and observed for weeks: the worlds of the calibration (STATISTICS appendix A).

Each person has a lasting gamma effect (shape 0.5) times a weekly log-normal AR(1); events are
Poisson given these, from 28 days before launch on. Three hidden kinds of people each like another
of four combinations best; where there is an effect the personalised group follows a Thompson policy
that learns day by day from its own people and from the random group. Only person-days with an event
are kept: every moment of running totals follows from them (simulated_looks.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from services.experiment.model import Group
from services.insights.winsorising import choose_cap

LASTING_SHAPE = 0.5
WEEK_MEMORY, WEEK_SD = 0.7, 0.5
ORDER_BETWEEN_SD, ORDER_WITHIN_SD = 0.6, 0.8
OUTLIER_SHARE, OUTLIER_TIMES = 0.003, (10.0, 30.0)
WEEKDAYS = np.array([0.9, 0.9, 1.0, 1.0, 1.2, 1.1, 0.9]) / 7
PRE_DAYS = 28
N_KINDS, N_COMBINATIONS = 3, 4
FLOOR = 0.02  # chance that the policy spreads over all combinations
N_DRAWS = 64  # of the belief a day: a combination's chance is how often it is drawn best
TEMPER = 2.0  # the belief's variance is taken so many times wider
PRIOR_EVENTS = 20.0  # what the belief takes the common rate for, in events

GROUPS = (Group.PERSONALISED, Group.RANDOM, Group.USUAL, Group.HOLDOUT)
USUAL_SHARES = (0.8, 0.05, 0.05, 0.1)


@dataclass(frozen=True)
class Scenario:
    """A world. `weekly_rate`: events per person and week; `entry_days`: entry spread over so many.

    shares    of GROUPS
    effect    lift of each kind's best combination over no message; the others do nothing
    most_lift  room for the lift that a plan names once the weeks before launch are known
    capped    person-days of money at the 99 % of the weeks before (STATISTICS 6)
    once      only a person's first event counts
    """

    n_people: int
    weekly_rate: float
    shares: tuple[float, float, float, float] = USUAL_SHARES
    days: int = 60
    money: bool = False
    capped: bool = True
    entry_days: int = 1
    effect: float = 0.0
    most_lift: float = 0.0
    once: bool = False


@dataclass(frozen=True)
class Watched:
    """What was seen of one world.

    group      int8 (n_people,), places in GROUPS
    entered    int (n_people,), days since launch; before: float (n_people,), the 28 days before it
    person, day, value   one entry a person-day with an event after entry, in order of day
    true_ratio float (days, 2): expected total of a personalised and of a random person, over that
               of one who gets nothing, up to the end of each day
    """

    scenario: Scenario
    group: np.ndarray
    entered: np.ndarray
    before: np.ndarray
    person: np.ndarray
    day: np.ndarray
    value: np.ndarray
    true_ratio: np.ndarray


Plan = Callable[[np.ndarray], float]


def watch(scenario: Scenario, rng: np.random.Generator, plan: Plan | None = None) -> Watched:
    """Draw a world and let `scenario.days` days pass.

    plan  from the 28 days before launch, float (n_people, 28), the lift that everybody of the
          personalised group has from the first day on; for worlds with `most_lift`
    """
    n = scenario.n_people
    sizes = np.round(np.cumsum(scenario.shares) * n).astype(int)
    group = np.searchsorted(sizes, np.arange(n), side="right").astype(np.int8)
    entered = rng.integers(0, scenario.entry_days, n)
    kind = rng.integers(0, N_KINDS, n)
    person, day = _events(scenario, rng)
    person, day, chances = _messages_work(scenario, rng, group, kind, entered, person, day)
    if scenario.most_lift:  # who gets no message, and everybody before entry
        spare = rng.random(len(person)) >= 1 / (1 + scenario.most_lift)
        helped = (group[person] == 0) & (day >= entered[person])
        person, day, spare = (kept[~spare | helped] for kept in (person, day, spare))
    value = np.ones(len(person))
    if scenario.money:
        value = _orders(n, person, rng)
        if scenario.capped:
            value = _capped(n, person, day, value)
    lift = 0.0
    if plan is not None:
        daily = np.zeros((n, PRE_DAYS))
        early = day < 0
        np.add.at(daily, (person[early], day[early] + PRE_DAYS), value[early])
        lift = plan(daily)
    if scenario.most_lift:
        if not 0 <= lift <= scenario.most_lift:
            raise ValueError(f"a lift of {lift} is outside the room of {scenario.most_lift}")
        gone = spare & (rng.random(len(person)) >= lift / scenario.most_lift)
        person, day, value = person[~gone], day[~gone], value[~gone]
    # one entry a person-day
    key, place = np.unique((day + PRE_DAYS) * n + person, return_inverse=True)
    value = np.bincount(place, weights=value, minlength=len(key))
    day, person = key // n - PRE_DAYS, key % n
    known = (day >= entered[person] - PRE_DAYS) & (day < entered[person])
    before = np.bincount(person[known], weights=value[known], minlength=n)
    after = day >= entered[person]
    person, day, value = person[after], day[after], value[after]
    if scenario.once:
        _, first = np.unique(person, return_index=True)  # entries stand in order of day
        first.sort()
        person, day, value = person[first], day[first], np.ones(len(first))
    ratio = _true_ratio(scenario, chances)
    ratio[:, 0] *= 1 + lift
    return Watched(scenario, group, entered, before, person, day, value, ratio)


def _events(scenario: Scenario, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Events of everybody if everybody always got what suits them best: person, day."""
    n = scenario.n_people
    weeks = PRE_DAYS // 7 + -(-scenario.days // 7)
    lasting = rng.gamma(LASTING_SHAPE, 1 / LASTING_SHAPE, n)
    mood = rng.standard_normal(n)
    most = scenario.weekly_rate * (1 + scenario.effect) * (1 + scenario.most_lift)
    found = []
    for week in range(weeks):
        counts = rng.poisson(most * lasting * np.exp(WEEK_SD * mood - WEEK_SD**2 / 2))
        person = np.repeat(np.arange(n), counts)
        weekday = np.searchsorted(np.cumsum(WEEKDAYS)[:-1], rng.random(len(person)))
        found.append((person, week * 7 + weekday - PRE_DAYS))
        noise = rng.standard_normal(n) * np.sqrt(1 - WEEK_MEMORY**2)
        mood = WEEK_MEMORY * mood + noise
    person, day = (np.concatenate(parts) for parts in zip(*found, strict=True))
    kept = day < scenario.days
    order = np.argsort(day[kept], kind="stable")
    return person[kept][order], day[kept][order]


def _messages_work(scenario, rng, group, kind, entered, person, day):
    """Thin the events to what the messages really do; the policy's chances by day and kind."""
    days = scenario.days
    uniform = np.full((N_KINDS, N_COMBINATIONS), 1 / N_COMBINATIONS)
    if not scenario.effect:
        return person, day, np.tile(uniform, (days, 1, 1))
    lift = np.zeros((N_KINDS, N_COMBINATIONS))
    lift[np.arange(N_KINDS), np.arange(N_KINDS)] = scenario.effect
    lot, luck = rng.random(len(person)), rng.random(len(person))
    kept = luck < 1 / (1 + scenario.effect)
    present = np.stack(
        [
            np.cumsum(
                np.bincount(
                    entered[(group == g) & (kind == k)], minlength=days + scenario.entry_days
                )[:days]
            )
            for g in (0, 1)
            for k in range(N_KINDS)
        ]
    ).reshape(2, N_KINDS, days)
    events = np.zeros((N_KINDS, N_COMBINATIONS))
    people = np.zeros((N_KINDS, N_COMBINATIONS))
    chances = np.empty((days, N_KINDS, N_COMBINATIONS))
    starts = np.searchsorted(day, np.arange(days + 1))
    for today in range(days):
        chances[today] = _policy(events, people, rng)
        rows = np.arange(starts[today], starts[today + 1])
        rows = rows[(group[person[rows]] <= 1) & (entered[person[rows]] <= today)]
        who, personalised = kind[person[rows]], group[person[rows]] == 0
        p = np.where(personalised[:, None], chances[today][who], uniform[who])
        chosen = np.minimum((lot[rows, None] > np.cumsum(p, axis=1)).sum(axis=1), 3)
        kept[rows] = luck[rows] < (1 + lift[who, chosen]) / (1 + scenario.effect)
        np.add.at(events, (who[kept[rows]], chosen[kept[rows]]), 1.0)
        people += present[0, :, today, None] * chances[today]
        people += present[1, :, today, None] * uniform
    return person[kept], day[kept], chances


def _policy(events: np.ndarray, people: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Chances by kind: how often each combination is best in draws of a gamma belief."""
    if people.sum() == 0:
        return np.full(events.shape, 1 / N_COMBINATIONS)
    common = events.sum() / people.sum()
    shape = (PRIOR_EVENTS + events) / TEMPER
    scale = TEMPER / (PRIOR_EVENTS / max(common, 1e-9) + people)
    best = (rng.gamma(shape, size=(N_DRAWS, *events.shape)) * scale).argmax(axis=2)
    share = (best[:, :, None] == np.arange(N_COMBINATIONS)).mean(axis=0)
    return FLOOR / N_COMBINATIONS + (1 - FLOOR) * share


def _orders(n_people: int, person: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    between = rng.normal(0, ORDER_BETWEEN_SD, n_people)
    value = np.exp(between[person] + rng.normal(0, ORDER_WITHIN_SD, len(person)))
    outlier = rng.random(len(person)) < OUTLIER_SHARE
    value[outlier] *= rng.uniform(*OUTLIER_TIMES, int(outlier.sum()))
    return value


def _capped(n_people: int, person: np.ndarray, day: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Values whose person-day is above the cap of the weeks before are scaled down to it."""
    _, place = np.unique((day + PRE_DAYS) * n_people + person, return_inverse=True)
    whole = np.bincount(place, weights=value)[place]
    early = day < 0
    _, one = np.unique(place[early], return_index=True)
    cap = choose_cap(whole[early][one]).value
    return value if cap is None else value * np.minimum(1.0, cap / whole)


def _true_ratio(scenario: Scenario, chances: np.ndarray) -> np.ndarray:
    """Noiseless, under the policy that ran: a day counts as much as people are there."""
    days = np.arange(1, scenario.days + 1)
    weight = np.minimum(days / scenario.entry_days, 1.0) * np.resize(WEEKDAYS, scenario.days)
    kinds = np.arange(N_KINDS)
    personalised = 1 + scenario.effect * chances[:, kinds, kinds].mean(axis=1)
    random = np.full(scenario.days, 1 + scenario.effect / N_COMBINATIONS)
    rates = np.stack([personalised, random], axis=1)
    return np.asarray(np.cumsum(weight[:, None] * rates, axis=0) / np.cumsum(weight)[:, None])
