"""What may be sent at all, and to whom: the rules, applied before anything is chosen.

`allowed` lists the combinations of one day. `judge` works out which of them each person may get,
and remembers by which rule the others fell out, because the page Customers has to say so. People
who answer all conditions alike share one row of the result, which is what keeps a million people
and hundreds of combinations in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.errors import ExperimentError
from services.experiment.cadences import is_active
from services.experiment.conditions import meets
from services.experiment.model import (
    Channel,
    Exclude,
    Experiment,
    MaySendNothing,
    OptionNeeds,
)
from services.messages import msg

MAX_COMBINATIONS = 2_000  # beyond it learning takes longer than any experiment: UX 7, Options
MAX_ENUMERATED = 500_000  # before rules; a grid that large is refused, not counted
NOT_ACTIVE, NO_TARGET = -1, -2  # reasons in `removed_by` that are not the index of a rule

Bools = npt.NDArray[np.bool_]
Grid = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Combinations:
    """The combinations of one day and those that fell out.

    dimensions   keys of the dimensions chosen at each send, d of them
    option_keys  for each dimension its option keys, in document order (inactive ones too, so that
                 an index means the same on every day)
    options      int16 (n, d), index into `option_keys`; all -1 where nothing is sent
    costs        float64 (n,), sum of the options' costs for one message
    targets      int16 (n,), index into the experiment's targets
    removed      int16 (m, d); removed_by int16 (m,): index of the rule, or NOT_ACTIVE, NO_TARGET
    """

    dimensions: tuple[str, ...]
    option_keys: tuple[tuple[str, ...], ...]
    options: Grid
    costs: npt.NDArray[np.float64]
    targets: npt.NDArray[np.int16]
    removed: Grid
    removed_by: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.options)

    @property
    def is_nothing(self) -> Bools:
        """bool (n,): True for the choice to send nothing, which names no option."""
        return np.asarray((self.options < 0).all(axis=1) & (self.options.shape[1] > 0))

    def named(self, index: int) -> dict[str, str]:
        """One combination as {dimension key: option key}."""
        return self._named(self.options[index])

    def named_removed(self, index: int) -> dict[str, str]:
        """One combination that fell out, as {dimension key: option key}."""
        return self._named(self.removed[index])

    def index(self, combination: Mapping[str, str]) -> int | None:
        """Where a combination stands, or None where it is not allowed."""
        try:
            wanted = [
                keys.index(combination[dimension])
                for dimension, keys in zip(self.dimensions, self.option_keys, strict=True)
            ]
        except (KeyError, ValueError):
            return None
        found = np.flatnonzero((self.options == np.array(wanted, np.int16)).all(axis=1))
        return int(found[0]) if len(found) else None

    def n_removed_by(self, reason: int) -> int:
        """How many combinations one rule (or NOT_ACTIVE, NO_TARGET) took out first."""
        return int(np.count_nonzero(self.removed_by == reason))

    def _named(self, row: Grid) -> dict[str, str]:
        return {
            dimension: keys[int(at)]
            for dimension, keys, at in zip(self.dimensions, self.option_keys, row, strict=True)
            if at >= 0
        }


@dataclass(frozen=True)
class Condition:
    """Something a person must fulfil: a rule (its index), or consent for a channel (rule None)."""

    rule: int | None
    channel: Channel | None
    concerns: Bools = field(repr=False)  # (n_combinations,): which combinations need it


@dataclass(frozen=True)
class Judgement:
    """Who may get what.

    pattern_of  int32 (n_people,): which row of `patterns` is a person's
    patterns    bool (n_patterns, n_combinations)
    fulfilled   bool (n_patterns, n_conditions): what people of a pattern fulfil
    """

    pattern_of: npt.NDArray[np.int32]
    patterns: Bools
    fulfilled: Bools
    conditions: tuple[Condition, ...]

    def matrix(self) -> Bools:
        """bool (n_people, n_combinations): True where the person may get the combination."""
        return self.patterns[self.pattern_of]

    def none_left(self) -> Bools:
        """bool (n_people,): True where no combination is left, so nothing can be sent."""
        return np.asarray(~self.patterns.any(axis=1))[self.pattern_of]

    def n_eligible(self) -> npt.NDArray[np.int32]:
        """int32 (n_people,): how many combinations each person may get."""
        return np.asarray(self.patterns.sum(axis=1, dtype=np.int32))[self.pattern_of]

    def failed(self, person: int, combination: int) -> tuple[Condition, ...]:
        """The conditions that keep the person in row `person` from one combination."""
        fulfilled = self.fulfilled[self.pattern_of[person]]
        return tuple(
            condition
            for condition, met in zip(self.conditions, fulfilled, strict=True)
            if condition.concerns[combination] and not met
        )

    def n_kept_out(self, condition: int) -> int:
        """How many people do not fulfil one condition."""
        people = np.bincount(self.pattern_of, minlength=len(self.patterns))
        return int(people[~self.fulfilled[:, condition]].sum())


def allowed(experiment: Experiment, day: date | None) -> Combinations:
    """The combinations of `day`: active options, without what an Exclude rule forbids and without
    what has no target (all of them stay where the experiment has no target at all yet). Without a
    day, options count whatever their dates say.

    Raises ExperimentError where the full grid is larger than MAX_ENUMERATED.
    """
    dimensions = experiment.send_dimensions
    sizes = [len(d.options) for d in dimensions]
    n_cells = int(np.prod(sizes, dtype=np.float64)) if sizes else 1
    if n_cells > MAX_ENUMERATED:
        raise ExperimentError(
            msg("{n} combinations are too many to go through.", n=n_cells),
            hint=msg(
                "Take out options or dimensions until fewer than {n} remain.", n=MAX_ENUMERATED
            ),
        )
    grid = np.indices(sizes, dtype=np.int16).reshape(len(sizes), -1).T if sizes else _one_cell()
    reason = np.zeros(len(grid), np.int16)
    stays = np.ones(len(grid), bool)

    def take_out(which: Bools, why: int) -> None:
        nonlocal stays
        reason[which & stays] = why
        stays = stays & ~which

    for at, dimension in enumerate(dimensions):
        if day is not None:
            resting = np.array([not is_active(o, day) for o in dimension.options], bool)
            take_out(resting[grid[:, at]], NOT_ACTIVE)
    for number, rule in enumerate(experiment.rules):
        if isinstance(rule, Exclude):
            take_out(_agrees(experiment, grid, rule.when), number)
    targets = np.full(len(grid), NO_TARGET, np.int16)
    for number in reversed(range(len(experiment.targets))):  # the first match has the last word
        targets[_agrees(experiment, grid, experiment.targets[number].when)] = number
    if experiment.targets:
        take_out(targets == NO_TARGET, NO_TARGET)
    costs = np.zeros(len(grid))
    for at, dimension in enumerate(dimensions):
        costs += np.array([o.cost for o in dimension.options])[grid[:, at]]
    return Combinations(
        dimensions=tuple(d.key for d in dimensions),
        option_keys=tuple(tuple(o.key for o in d.options) for d in dimensions),
        options=np.ascontiguousarray(grid[stays]),
        costs=costs[stays],
        targets=targets[stays],
        removed=np.ascontiguousarray(grid[~stays]),
        removed_by=reason[~stays],
    )


def choices_of_day(experiment: Experiment, day: date) -> Combinations:
    """What may be chosen on `day`: the allowed combinations and, where a rule says so, last of all
    to send nothing."""
    found = allowed(experiment, day)
    if not found.dimensions or not any(isinstance(r, MaySendNothing) for r in experiment.rules):
        return found
    return replace(
        found,
        options=np.concatenate([found.options, np.full((1, found.options.shape[1]), -1, np.int16)]),
        costs=np.append(found.costs, 0.0),
        targets=np.append(found.targets, np.int16(NO_TARGET)),
    )


def judge(
    combinations: Combinations,
    experiment: Experiment,
    table: pa.Table,
    consent: Mapping[Channel, Bools],
) -> Judgement:
    """Work out which combinations each person may get, and which conditions keep the others away.

    `table` is a snapshot (one row a person), `consent` has a bool (n_people,) for each channel;
    a channel that is not in it has nobody's consent.

    Raises DataError where the snapshot lacks an attribute that a rule needs.
    """
    conditions, met = _conditions(combinations, experiment, table, consent)
    n_people = table.num_rows
    codes = np.zeros(n_people, np.int64)
    for fulfilled in met:
        codes = codes * 2 + fulfilled
        if codes.size and codes.max() > np.iinfo(np.int64).max // 4:
            codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    _, first, pattern_of = np.unique(codes, return_index=True, return_inverse=True)
    fulfilled = np.zeros((len(first), len(conditions)), bool)
    patterns = np.ones((len(first), len(combinations)), bool)
    for number, condition in enumerate(conditions):
        fulfilled[:, number] = met[number][first]
        patterns &= fulfilled[:, number, None] | ~condition.concerns
    patterns = with_a_message(patterns, combinations)
    return Judgement(pattern_of.astype(np.int32), patterns, fulfilled, conditions)


def with_a_message(may: Bools, combinations: Combinations) -> Bools:
    """`may`, where sending nothing is a choice only for those who could also get something: bool
    (n, n_combinations). For the others there is nothing to decide."""
    nothing = combinations.is_nothing
    return np.asarray(may & (~nothing | may[:, ~nothing].any(axis=1, keepdims=True)))


def eligible(
    combinations: Combinations,
    experiment: Experiment,
    table: pa.Table,
    consent: Mapping[Channel, Bools],
) -> Bools:
    """bool (n_people, n_combinations): `judge`, where only the answer is wanted."""
    return judge(combinations, experiment, table, consent).matrix()


def _conditions(
    combinations: Combinations,
    experiment: Experiment,
    table: pa.Table,
    consent: Mapping[Channel, Bools],
) -> tuple[tuple[Condition, ...], list[Bools]]:
    found: list[tuple[Condition, Bools]] = []
    channels = [experiment.targets[at].channel if at >= 0 else None for at in combinations.targets]
    for channel in Channel:
        concerns = np.array([c is channel for c in channels], bool)
        if concerns.any():
            agreed = consent.get(channel, np.zeros(table.num_rows, bool))
            found.append((Condition(None, channel, concerns), np.asarray(agreed, bool)))
    for number, rule in enumerate(experiment.rules):
        if isinstance(rule, OptionNeeds):
            concerns = _agrees(experiment, combinations.options, {rule.dimension: rule.option})
            if concerns.any():
                met = meets(table, rule.attribute, rule.comparison, rule.value)
                found.append((Condition(number, None, concerns), met))
    return tuple(c for c, _ in found), [met for _, met in found]


def _agrees(experiment: Experiment, grid: Grid, when: Mapping[str, str]) -> Bools:
    """bool (n,): which rows of the grid have every option that `when` names. An option of a cadence
    dimension is chosen elsewhere, so a condition on it holds for no combination."""
    keys = {d.key: [o.key for o in d.options] for d in experiment.send_dimensions}
    places = list(keys)
    agrees = np.ones(len(grid), bool)
    for dimension, option in when.items():
        if option not in keys.get(dimension, ()):
            return np.zeros(len(grid), bool)
        agrees &= grid[:, places.index(dimension)] == keys[dimension].index(option)
    return agrees


def _one_cell() -> Grid:
    return np.zeros((1, 0), np.int16)
