"""Nouns of deciding: what may be chosen, what is believed, one day's draws, and what was chosen.

All of them go to and from plain columns (strings, numbers, float lists) that Parquet can hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from services.decision.arrays import Float32s, Floats, from_lower_half, lower_half
from services.decision.layout import Layout
from services.errors import DataError, ExperimentError
from services.messages import Message, msg

NOT_DRAWN = -1  # no posterior draw was used: uniform group, first day, or the uniform floor
NOTHING_ELIGIBLE = -1  # combination of somebody to whom nothing may be sent
_COUNTED = ("first_day", "last_day", "n_rewards", "short_in_row", "changed_on")  # of a belief
NO_OPTION = -1  # of a dimension that a combination does not have: "send nothing" has none


class Reward(StrEnum):
    """What one decision's reward looks like."""

    BINARY = "binary"  # 0 or 1
    REVENUE = "revenue"  # 0, or an amount above 0
    SIGNED = "signed"  # any number: weighted sums with negative weights, changes of an attribute


@dataclass(frozen=True)
class Space:
    """The combinations that may be chosen on one day.

    dimensions  (key, option keys) each, in document order
    options     int16 (n_combinations, n_dimensions): index of the option, or NO_OPTION
    costs       float64 (n_combinations,): money for one message, in the experiment's currency

    Raises ExperimentError where the shapes disagree or a combination names no option.
    """

    dimensions: tuple[tuple[str, tuple[str, ...]], ...]
    options: npt.NDArray[np.int16]
    costs: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        options = np.ascontiguousarray(self.options, dtype=np.int16)
        costs = np.asarray(self.costs, dtype=np.float64)
        if costs.size == 0:
            costs = np.zeros(len(options))
        hint = msg("Look at the options step of the experiment.")
        sizes = np.array([len(keys) for _, keys in self.dimensions])
        if options.ndim != 2 or options.shape != (len(costs), len(self.dimensions)):
            raise ExperimentError(msg("The combinations do not fit the dimensions."), hint=hint)
        if len(options) and bool(((options < NO_OPTION) | (options >= sizes)).any()):
            raise ExperimentError(msg("A combination names an unknown option."), hint=hint)
        object.__setattr__(self, "options", options)
        object.__setattr__(self, "costs", costs)

    @property
    def n_combinations(self) -> int:
        """How many combinations may be chosen."""
        return len(self.options)

    def keys(self, combination: int) -> dict[str, str]:
        """Option key by dimension key of one combination."""
        chosen = zip(self.dimensions, self.options[combination], strict=True)
        return {key: options[at] for (key, options), at in chosen if at != NO_OPTION}

    def to_json(self) -> str:
        """Canonical JSON, the same text for the same space."""
        return json.dumps(
            {
                "dimensions": [[key, list(options)] for key, options in self.dimensions],
                "options": self.options.tolist(),
                "costs": self.costs.tolist(),
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The space that `to_json` wrote. Raises DataError for anything else."""
        try:
            read = json.loads(text)
            dimensions = tuple((key, tuple(options)) for key, options in read["dimensions"])
            options = np.array(read["options"], dtype=np.int16).reshape(-1, len(dimensions))
            return cls(dimensions, options, np.array(read["costs"], dtype=np.float64))
        except (ValueError, KeyError, TypeError) as error:
            raise _unreadable(msg("The stored combinations of a day cannot be read.")) from error


@dataclass(frozen=True)
class Head:
    """What is believed about one regression: the chance of a reward, or its size.

    Each memory m holds what its data say in natural parameters, without the prior:
    precision  float64 (n_memories, p, p), symmetric
    shift      float64 (n_memories, p): precision times the estimate
    start      float64 (p,): prior mean
    variances  float64 (n_blocks,): prior variance of each block of `Layout.blocks`
    noise      variance of one observation around its expectation; 1 where the chance defines it
    scale      the unit of the reward (1 for a chance and for logarithms)
    """

    precision: Floats
    shift: Floats
    start: Floats
    variances: Floats
    noise: float = 1.0
    scale: float = 1.0


@dataclass(frozen=True)
class Belief:
    """The posterior over all coefficients, one version a learnt day.

    heads        one for BINARY and SIGNED; chance then log value for REVENUE
    evidence     float64 (n_memories,): log predictive density, discounted, of recent outcomes
    first_day    proleptic ordinal of the first decision day learnt, 0 before
    last_day     the same of the newest
    n_rewards    decisions learnt from so far
    short_in_row learnt days running on which the shortest memory had nearly all the weight
    changed_on   last_day when the market was last found to have changed; 0 = never
    """

    version: int
    reward: Reward
    base_rate: float
    layout: Layout
    heads: tuple[Head, ...]
    evidence: Floats
    first_day: int = 0
    last_day: int = 0
    n_rewards: int = 0
    short_in_row: int = 0
    changed_on: int = 0

    @property
    def weights(self) -> Floats:
        """Share of the draws each memory gets: float64 (n_memories,), adding up to one."""
        raw = np.exp(self.evidence - self.evidence.max())
        return np.asarray(raw / raw.sum(), dtype=np.float64)

    @property
    def learnt(self) -> bool:
        """Whether anything has been learnt; before that choosing is uniform."""
        return self.n_rewards > 0

    def to_columns(self) -> dict[str, str | int | Floats]:
        """One row: `description` is JSON, the rest are one-dimensional float64 arrays."""
        columns: dict[str, str | int | Floats] = {
            "version": self.version,
            "description": json.dumps(
                {
                    "reward": self.reward.value,
                    "base_rate": self.base_rate,
                    "layout": self.layout.to_dict(),
                    **{name: getattr(self, name) for name in _COUNTED},
                    "heads": [{"noise": h.noise, "scale": h.scale} for h in self.heads],
                },
                separators=(",", ":"),
                ensure_ascii=False,
            ),
            "evidence": self.evidence,
        }
        for name in ("precision", "shift", "start", "variances"):
            parts = [np.asarray(getattr(head, name)) for head in self.heads]
            if name == "precision":  # symmetric: half of it is enough
                parts = [lower_half(part) for part in parts]
            columns[name] = np.concatenate([part.ravel() for part in parts])
        return columns

    @classmethod
    def from_columns(cls, columns: Mapping[str, Any]) -> Self:
        """The belief that `to_columns` wrote, to the last bit. Raises DataError otherwise."""
        try:
            about = {"changed_on": 0} | json.loads(columns["description"])  # older ones lack it
            layout = Layout.from_dict(about["layout"])
            evidence = np.array(columns["evidence"], dtype=np.float64)
            heads = tuple(_heads(about["heads"], columns, layout, len(evidence)))
            return cls(
                version=int(columns["version"]),
                reward=Reward(about["reward"]),
                base_rate=about["base_rate"],
                layout=layout,
                heads=heads,
                evidence=evidence,
                **{name: about[name] for name in _COUNTED},
            )
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise _unreadable(msg("The stored belief cannot be read.")) from error


def _heads(
    about: Sequence[Mapping[str, float]],
    columns: Mapping[str, Any],
    layout: Layout,
    n_memories: int,
) -> Iterator[Head]:
    size, n_blocks = layout.size, len(layout.blocks)
    arrays = {
        name: np.array(columns[name], dtype=np.float64).reshape(len(about), -1)
        for name in ("precision", "shift", "start", "variances")
    }
    for i, head in enumerate(about):
        halves = arrays["precision"][i].reshape(n_memories, -1)
        yield Head(
            precision=from_lower_half(halves, size),
            shift=arrays["shift"][i].reshape(n_memories, size),
            start=arrays["start"][i].reshape(size),
            variances=arrays["variances"][i].reshape(n_blocks),
            noise=head["noise"],
            scale=head["scale"],
        )


@dataclass(frozen=True)
class Draws:
    """The coefficients everybody is scored with on one day.

    coefficients  float64 (n_draws, layout.size), tempered draws from the posterior
    memory        int8 (n_draws,): which memory each one's spread came from
    """

    layout: Layout
    coefficients: Floats
    memory: npt.NDArray[np.int8]

    def to_columns(self) -> dict[str, Any]:
        """One row a draw: `draw`, `memory`, `layout` (JSON) and `coefficients` (float lists)."""
        n = len(self.coefficients)
        return {
            "draw": np.arange(n, dtype=np.int16),
            "memory": self.memory,
            "layout": [json.dumps(self.layout.to_dict(), ensure_ascii=False)] * n,
            "coefficients": list(self.coefficients),
        }

    @classmethod
    def from_columns(cls, columns: Mapping[str, Any]) -> Self:
        """The draws that `to_columns` wrote, to the last bit. Raises DataError otherwise."""
        try:
            order = np.argsort(np.asarray(columns["draw"]), kind="stable")
            layout = Layout.from_dict(json.loads(columns["layout"][0]))
            rows = [np.array(row, dtype=np.float64) for row in columns["coefficients"]]
            coefficients = np.stack(rows)[order].reshape(len(rows), layout.size)
            return cls(layout, coefficients, np.asarray(columns["memory"], dtype=np.int8)[order])
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise _unreadable(msg("The stored draws of a day cannot be read.")) from error


@dataclass(frozen=True)
class Choices:
    """What was chosen for n people, row by row.

    combination   int32 (n,): row in the space, NOTHING_ELIGIBLE where nothing may be sent
    propensity    float64 (n,): exact chance of that choice, given the day's draws
    draw          int16 (n,): the posterior draw used, NOT_DRAWN for a uniform choice
    score         float32 (n,): mean score of the choice over the draws, NaN for uniform choices
    n_eligible    int32 (n,)
    eligible_hash object (n,): 32 hex digits that name the eligible set
    """

    combination: npt.NDArray[np.int32]
    propensity: Floats
    draw: npt.NDArray[np.int16]
    score: Float32s
    n_eligible: npt.NDArray[np.int32]
    eligible_hash: npt.NDArray[np.object_]

    @property
    def n_people(self) -> int:
        """How many people were chosen for."""
        return len(self.combination)

    @classmethod
    def joined(cls, parts: Sequence[Choices]) -> Choices:
        """Chunks put back together, in the order given."""
        return cls(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in cls.__dataclass_fields__
            )
        )


def _unreadable(what: Message) -> DataError:
    hint = msg("Nothing was done with it. Restore the facts from a backup, then replay the day.")
    return DataError(what, hint=hint)
