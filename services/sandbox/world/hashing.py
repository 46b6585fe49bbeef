"""Numbers that look random and depend only on what they are asked for.

Streams of a generator would depend on how often the server was asked before; hashed counters do
not, so that a restarted sandbox replays its journal into exactly the same state.
"""

from __future__ import annotations

import hashlib
import uuid

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # splitmix64: Steele, Lea, Flood 2014
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_NAMESPACE = uuid.UUID("6f1c9b52-0d4e-5a31-9f0e-2c6a7be51d10")


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


def uniforms(key: int, *counters: ArrayLike) -> NDArray[np.float64]:
    """Uniform numbers in (0, 1), one for each element of the broadcast counters."""
    state = np.atleast_1d(np.uint64(key & 0xFFFFFFFFFFFFFFFF))
    for counter in counters:
        values = np.asarray(counter, dtype=np.int64).astype(np.uint64)
        state = _mix((state ^ values) * _GOLDEN + _GOLDEN)
    return ((_mix(state) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def normals(key: int, *counters: ArrayLike) -> NDArray[np.float64]:
    """Standard normal numbers, one for each element of the broadcast counters."""
    return np.asarray(ndtri(uniforms(key, *counters)))


def key_of(*parts: object) -> int:
    """A 63-bit number for a tuple of words and numbers."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def hex_of(size_bytes: int, *parts: object) -> str:
    """Lower-case hex digits for a tuple of words and numbers."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.blake2b(text.encode(), digest_size=size_bytes).hexdigest()


def uuid_of(*parts: object) -> str:
    """A UUID for a tuple of words and numbers, the same on every machine."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts)))
