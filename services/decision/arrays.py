"""Kinds of arrays, and how symmetric ones are stored by half."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def lower_half(matrices: Floats) -> Floats:
    """Lower triangles, row by row: float64 (n, size·(size+1)/2) from symmetric (n, size, size)."""
    rows, columns = np.tril_indices(matrices.shape[-1])
    return matrices[:, rows, columns]


def from_lower_half(halves: Floats, size: int) -> Floats:
    """The symmetric matrices that `lower_half` took apart. Raises ValueError for a wrong size."""
    rows, columns = np.tril_indices(size)
    matrices = np.zeros((len(halves), size, size))
    matrices[:, rows, columns] = halves
    matrices[:, columns, rows] = halves
    return matrices
