"""Hidden preferences: what one message would change, for each person and combination.

One additive score in logits serves both the behaviour of accepted messages and the truth that
reports are checked against, so the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.sandbox.world.hashing import key_of, normals
from services.sandbox.world.model import CHANNELS, Dimension, World
from services.sandbox.world.people import DAY_S, People

RESPONSE_S = 3 * DAY_S  # a message brings its order within this time or never
RESPONSE_SCALE_S = 6 * 3600  # of the truncated Weibull delay
RESPONSE_SHAPE = 0.8
FATIGUE_DAYS = 7.0  # the weight of an earlier message falls to 1/e in this time
STRANGE_VALUE_SPREAD = 0.15  # logits: values of a known property the world does not know
STRANGE_PROPERTY_SPREAD = 0.05  # logits: properties the world does not know
LONGEST_STRANGE_VALUE = 120  # longer texts are content, not options
HOURS_A_DAY = 24
MAX_READINGS = 50_000  # values of properties whose meaning is remembered


@dataclass(frozen=True)
class Encoded:
    """Trigger properties as this world reads them: option index by dimension, -1 = none."""

    options: tuple[int, ...]
    strange: float
    basket_factor: float


@dataclass(frozen=True)
class Reading:
    """What one value of one property means: an option of a dimension, or something strange."""

    position: int = -1
    option: int = -1
    strange: float = 0.0
    basket_factor: float = 1.0


NOTHING = Reading()


class Preferences:
    """Weights of one world over the features of its people."""

    def __init__(self, world: World, people: People) -> None:
        self.world = world
        self.people = people
        self.dimensions = world.dimensions
        self._key = key_of(world.key, people.seed, "preferences")
        names = {name: i for i, name in enumerate(people.feature_names)}
        self._weights = [world.likes_scale * _weights(d, names) for d in self.dimensions]
        self._main = [np.array([o.main for o in d.options]) for d in self.dimensions]
        self._by_value: list[dict[str, int]] = [
            {_plain(o.value): i for i, o in enumerate(d.options)} for d in self.dimensions
        ]
        self._position = {d.key: i for i, d in enumerate(self.dimensions)}
        ends = np.cumsum([len(d.options) for d in self.dimensions])
        self._columns = [
            slice(int(end) - len(d.options), int(end))
            for end, d in zip(ends, self.dimensions, strict=True)
        ]
        self._spreads = np.concatenate([[d.noise] * len(d.options) for d in self.dimensions])
        self._counters = 1000 + np.arange(len(self._spreads))[None, :]
        self._hours = _hour_mix(self.dimensions)
        # option of each hour of the day, -1 for "any" (the last place is also that of hour -1)
        self._hour_options = [
            np.array([read.get(str(h), -1) for h in range(HOURS_A_DAY)] + [-1])
            for read in self._by_value
        ]
        self._pairs = [
            (*self._where(*pair.first), *self._where(*pair.second), pair.effect)
            for pair in world.pairs
        ]
        self._readings: dict[tuple[str, type, object], Reading] = {}

    def _where(self, dimension: str, option: str) -> tuple[int, int]:
        position = self._position[dimension]
        keys = [o.key for o in self.dimensions[position].options]
        return position, keys.index(option)

    def follow(self, effects: Iterable[tuple[str, str, float]]) -> None:
        """Shift (dimension, option) by so many logits for everybody, instead of earlier shifts."""
        self._main = [np.array([o.main for o in d.options]) for d in self.dimensions]
        for dimension, option, logits in effects:
            position, index = self._where(dimension, option)
            self._main[position][index] += logits

    def encode(self, properties: Mapping[str, object]) -> Encoded:
        """Read trigger properties. Values nobody foresaw get a small effect of their own."""
        options = [-1] * len(self.dimensions)
        strange, factor = 0.0, 1.0
        readings = self._readings
        for name, value in properties.items():
            if name.endswith("_id") and name not in self._position:
                continue  # says nothing and is another one in every message
            try:
                reading = readings.get((name, value.__class__, value))
            except TypeError:  # a list or an object
                reading = self._read(name, value)
            if reading is None:
                reading = self._remembered(name, value)
            if reading.position >= 0:
                options[reading.position] = reading.option
                factor *= reading.basket_factor
            else:
                strange += reading.strange
        return Encoded(tuple(options), strange, factor)

    def _remembered(self, name: str, value: object) -> Reading:
        """Read a value for the first time: drawing the effect of a strange one takes 40 µs."""
        reading = self._read(name, value)
        if not isinstance(value, str) or len(value) <= LONGEST_STRANGE_VALUE:
            if len(self._readings) >= MAX_READINGS:
                self._readings.clear()
            self._readings[name, value.__class__, value] = reading
        return reading

    def _read(self, name: str, value: object) -> Reading:
        position = self._position.get(name)
        index = None if position is None else self._by_value[position].get(_plain(value))
        if position is not None and index is not None:
            factor = self.dimensions[position].options[index].basket_factor
            return Reading(position, index, basket_factor=factor)
        if not _is_choice(name, value):
            return NOTHING
        spread = STRANGE_PROPERTY_SPREAD if position is None else STRANGE_VALUE_SPREAD
        z = float(normals(self._key, key_of(name, value) >> 1)[0])
        return Reading(strange=spread * z)

    def reachable(self, channel: str) -> NDArray[np.bool_]:
        """Who can get a message on a channel now, bool (n_rows,)."""
        people = self.people
        if channel == "sms":
            return people.flag(self.world.sms_attribute)
        state = people.email_state if channel == "email" else people.push_state
        return np.asarray((state == 1) | (state == 2))

    def logits(
        self,
        rows: NDArray[np.int64],
        options: NDArray[np.int16],
        strange: NDArray[np.float64],
        channel: NDArray[np.int8],
        hour: NDArray[np.int8],
    ) -> NDArray[np.float64]:
        """Score every person with every combination.

        rows      int (n_people,)
        options   int (n_combinations, n_dimensions), -1 = not set
        strange   float (n_combinations,)
        channel   int (n_combinations,), index into CHANNELS, -1 = any
        hour      int (n_combinations,), 0 to 23 on the person's clock, -1 = any

        Returns float (n_people, n_combinations): logit of an incremental conversion.
        """
        chosen = options.copy()
        if "channel" in self._position:
            where = self._position["channel"]
            chosen[:, where] = [
                self._by_value[where].get(CHANNELS[int(c)], -1) if c >= 0 else -1 for c in channel
            ]
        total = np.empty((len(rows), len(options)))
        personal = self.world.base_logit + self.world.personal_spread * normals(self._key, rows, 1)
        total[:] = personal[:, None] + strange[None, :]
        noise = self._noise(rows)
        for position, dimension in enumerate(self.dimensions):
            scores = self._scores(rows, position) + noise[:, self._columns[position]]
            if dimension.kind == "hour":
                table = np.vstack([self._hours @ scores.T, np.zeros(len(rows))])
                total += table[hour].T
                chosen[:, position] = self._hour_options[position][hour]
            else:
                table = np.column_stack([scores, np.zeros(len(rows))])
                total += table[:, chosen[:, position]]
        for p1, o1, p2, o2, effect in self._pairs:
            total += effect * ((chosen[:, p1] == o1) & (chosen[:, p2] == o2))[None, :]
        return total

    def own_logits(
        self,
        rows: NDArray[np.int64],
        options: NDArray[np.int16],
        strange: NDArray[np.float64],
        channel: int,
        hour: NDArray[np.int8],
    ) -> NDArray[np.float64]:
        """Score every person with one combination of their own: the diagonal of `logits`.

        All arguments have one row a person; `channel` is the same for everybody.

        Returns float (n_people,), to the last bit what `logits` gives.
        """
        chosen, each = options.copy(), np.arange(len(rows))
        if "channel" in self._position:
            where = self._position["channel"]
            chosen[:, where] = self._by_value[where].get(CHANNELS[channel], -1)
        total = self.world.base_logit + self.world.personal_spread * normals(self._key, rows, 1)
        total = total + strange
        noise = self._noise(rows)
        for position, dimension in enumerate(self.dimensions):
            scores = self._scores(rows, position) + noise[:, self._columns[position]]
            if dimension.kind == "hour":
                total += np.vstack([self._hours @ scores.T, np.zeros(len(rows))])[hour, each]
                chosen[:, position] = self._hour_options[position][hour]
            else:
                own = scores[each, chosen[:, position]]
                total += np.where(chosen[:, position] >= 0, own, 0.0)
        for p1, o1, p2, o2, effect in self._pairs:
            total += effect * ((chosen[:, p1] == o1) & (chosen[:, p2] == o2))
        return total

    def _scores(self, rows: NDArray[np.int64], position: int) -> NDArray[np.float64]:
        scores = self.people.features[rows] @ self._weights[position].T + self._main[position]
        return np.asarray(scores, dtype=np.float64)

    def _noise(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """What is personal and unknowable, float (n_people, options of all dimensions)."""
        return self._spreads * normals(self._key, rows[:, None], self._counters)


def probability(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chance of an incremental conversion from its logit, same shape."""
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))


def answered_share(elapsed_s: float) -> float:
    """Share of incremental orders that have come `elapsed_s` after the message, 0 to 1."""
    if elapsed_s >= RESPONSE_S:
        return 1.0
    return _weibull(elapsed_s) / _weibull(RESPONSE_S)


def delays(u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Delay of an incremental order in seconds from a uniform number, same shape."""
    inside = u * _weibull(RESPONSE_S)
    return np.asarray(RESPONSE_SCALE_S * (-np.log1p(-inside)) ** (1 / RESPONSE_SHAPE))


def _weibull(elapsed_s: float) -> float:
    return float(-np.expm1(-((max(elapsed_s, 0.0) / RESPONSE_SCALE_S) ** RESPONSE_SHAPE)))


def _weights(dimension: Dimension, names: Mapping[str, int]) -> NDArray[np.float32]:
    weights = np.zeros((len(dimension.options), len(names)), np.float32)
    for i, option in enumerate(dimension.options):
        for feature, weight in option.likes.items():
            weights[i, names[feature]] = weight
    return weights


def _hour_mix(dimensions: tuple[Dimension, ...]) -> NDArray[np.float64]:
    """Weight of each hour option in each hour of the day, float (24, n_options)."""
    for dimension in dimensions:
        if dimension.kind == "hour":
            anchors = np.array([int(o.value) for o in dimension.options])
            columns = np.eye(len(anchors))
            hours = np.arange(HOURS_A_DAY)
            return np.column_stack(
                [np.interp(hours, anchors, column, period=HOURS_A_DAY) for column in columns]
            )
    return np.zeros((HOURS_A_DAY, 0))


def _plain(value: object) -> str:
    return str(value).strip().casefold()


def _is_choice(name: str, value: object) -> bool:
    """Identifiers and long texts say nothing about preference."""
    if name.endswith("_id") or name == "id" or not isinstance(value, str | int | float | bool):
        return False
    return len(str(value)) <= LONGEST_STRANGE_VALUE
