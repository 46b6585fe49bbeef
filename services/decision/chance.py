"""Random numbers that belong to a person, not to a place in a queue.

Each number is a function of (seed, person, purpose) alone, so it does not matter who else is in the
chunk or which worker does it. Two rounds of the SplitMix64 finaliser (Steele, Lea and Flood 2014).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from services.decision.arrays import Floats, Ints

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_UNIT = 2.0**-53  # spacing of doubles in [0, 1) that all have the same chance


class Purpose(IntEnum):
    """Numbers for different purposes are independent."""

    DRAW = 1
    FLOOR = 2
    UNIFORM = 3
    ANCHOR = 4


def uniforms(seed: int, people: Ints, purpose: Purpose) -> Floats:
    """One number in [0, 1) a person: float64 (n,). `people` int64 (n,), `seed` 64 bits."""
    start = (seed + int(_GOLDEN) * purpose) & 0xFFFFFFFFFFFFFFFF
    key = _mixed(np.array([start], dtype=np.uint64))
    mixed = _mixed(_mixed(key + people.astype(np.uint64) * _GOLDEN))
    return np.asarray((mixed >> np.uint64(11)) * _UNIT, dtype=np.float64)


def below(limit: npt.NDArray[np.int64] | int, share: Floats) -> Ints:
    """Turn numbers in [0, 1) into whole numbers from 0 to below `limit`."""
    whole: Ints = np.minimum(np.floor(share * limit), np.maximum(limit, 1) - 1).astype(np.int64)
    return whole


def _mixed(value: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    value = (value ^ (value >> np.uint64(30))) * _FIRST
    value = (value ^ (value >> np.uint64(27))) * _SECOND
    return value ^ (value >> np.uint64(31))
