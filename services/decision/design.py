"""The factored design: people × combinations × coefficients is never written out.

score(x, a) = z·θ(a) with z = (1, x), where θ(a) is the baseline block plus the blocks of the
options of a, plus the pair effects of a on the intercept. So one day's information matrix is a sum
over combinations of (features × features) moments, placed where their blocks meet: the work grows
with people × features², not with people × coefficients².
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from services.decision.arrays import Floats, Ints
from services.decision.layout import Layout
from services.decision.model import NO_OPTION, Space
from services.errors import DataError
from services.messages import msg


@dataclass(frozen=True)
class Placement:
    """Where the combinations of a space stand in a layout.

    blocks  int64 (n_combinations, 1 + n_dimensions): baseline block 0, then one block an option;
            `n_blocks`, one past the last, where a combination has no option of a dimension
    pairs   int64 (n_combinations, n_dimension_pairs): columns of the pair effects; `layout.size`,
            one past the last, where it has no such pair
    """

    layout: Layout
    blocks: Ints
    pairs: Ints

    @property
    def width(self) -> int:
        """Columns of one block, the intercept included."""
        return self.layout.width

    @property
    def n_blocks(self) -> int:
        """Blocks of the whole layout."""
        return 1 + self.layout.n_options


def place(space: Space, layout: Layout, rows: Ints | None = None) -> Placement:
    """Find the columns of each combination (or of the given rows of the space).

    Raises DataError where the layout does not know a dimension or an option.
    """
    known = {key: i for i, (key, _) in enumerate(layout.dimensions)}
    chosen = space.options if rows is None else space.options[rows]
    order, numbers = [], []
    try:
        for column, (key, options) in enumerate(space.dimensions):
            dimension = known[key]
            number = [layout.dimensions[dimension][1].index(option) for option in options]
            order.append(dimension)
            numbers.append(np.array([*number, NO_OPTION], dtype=np.int64)[chosen[:, column]])
    except (KeyError, ValueError) as error:
        raise DataError(
            msg("The belief does not know an option of this day."),
            hint=msg("Nothing was chosen. Decide the day again."),
        ) from error
    blocks = [np.zeros(len(chosen), dtype=np.int64)]
    blocks += [
        np.where(n == NO_OPTION, 1 + layout.n_options, 1 + layout.option_starts[d] + n)
        for d, n in zip(order, numbers, strict=True)
    ]
    pairs = []
    for (one, ones), (two, twos) in combinations(zip(order, numbers, strict=True), 2):
        (i, first), (j, second) = sorted([(one, ones), (two, twos)], key=lambda entry: entry[0])
        n_second = len(layout.dimensions[j][1])
        pair = layout.pair_starts[i, j] + first * n_second + second
        lacks_one = (first == NO_OPTION) | (second == NO_OPTION)
        pairs.append(np.where(lacks_one, layout.size, pair))
    n = len(chosen)
    return Placement(
        layout=layout,
        blocks=np.stack(blocks, axis=1),
        pairs=np.stack(pairs, axis=1) if pairs else np.zeros((n, 0), dtype=np.int64),
    )


def aligned(features: np.ndarray, names: Sequence[str] | None, layout: Layout) -> np.ndarray:
    """Put feature columns into the layout's order; a column that is not there counts as 0.

    features  float (n_people, n_features); names: their column names, None = the layout's own

    Raises DataError where the number of columns and of names differ.
    """
    expected = len(layout.features) if names is None else len(names)
    if features.ndim != 2 or features.shape[1] != expected:
        raise DataError(
            msg(
                "The people have {found} features, {expected} were agreed.",
                found=int(features.shape[-1]),
                expected=expected,
            ),
            hint=msg("Nothing was chosen or learnt. Refresh the audience and try again."),
        )
    if names is None or tuple(names) == layout.features:
        return features
    column = {name: i for i, name in enumerate(names)}
    out = np.zeros((len(features), len(layout.features)), dtype=features.dtype)
    for i, name in enumerate(layout.features):
        if name in column:
            out[:, i] = features[:, column[name]]
    return out


def weights_of(coefficients: Floats, placement: Placement) -> Floats:
    """θ(a) of every combination: float64 (n_combinations, width) from (layout.size,)."""
    n_block_columns = placement.n_blocks * placement.width
    blocks = coefficients[:n_block_columns].reshape(placement.n_blocks, placement.width)
    blocks = np.concatenate([blocks, np.zeros((1, placement.width))])
    weights = blocks[placement.blocks].sum(axis=1)
    weights[:, 0] += np.append(coefficients, 0.0)[placement.pairs].sum(axis=1)
    return np.asarray(weights, dtype=np.float64)


def fold_moments(moments: Floats, placement: Placement) -> Floats:
    """Σ over combinations of E'·moment·E, where θ(a) = E·coefficients.

    moments  float64 (n_combinations, width, width), symmetric

    Returns float64 (layout.size, layout.size), symmetric.
    """
    n, width = len(moments), placement.width
    n_blocks, size = placement.n_blocks, placement.layout.size
    n_block_columns = n_blocks * width
    rows = np.arange(n)[:, None]
    member = np.zeros((n, n_blocks + 1))
    member[rows, placement.blocks] = 1.0
    member = np.ascontiguousarray(member[:, :n_blocks])
    meets = (member[:, :, None] * member[:, None, :]).reshape(n, -1)
    folded = meets.T @ moments.reshape(n, -1)
    folded = folded.reshape(n_blocks, n_blocks, width, width).transpose(0, 2, 1, 3)
    out = np.zeros((size, size))
    out[:n_block_columns, :n_block_columns] = folded.reshape(n_block_columns, n_block_columns)
    if placement.pairs.shape[1]:
        has = np.zeros((n, size - n_block_columns + 1))
        has[rows, placement.pairs - n_block_columns] = 1.0
        has = np.ascontiguousarray(has[:, :-1])
        crossing = (has[:, :, None] * member[:, None, :]).reshape(n, -1).T @ moments[:, 0, :]
        crossing = crossing.reshape(-1, n_block_columns)
        out[n_block_columns:, :n_block_columns] = crossing
        out[:n_block_columns, n_block_columns:] = crossing.T
        out[n_block_columns:, n_block_columns:] = has.T @ (moments[:, 0, 0, None] * has)
    return (out + out.T) / 2  # rounding must not make it lopsided: half of it is stored


def fold_vectors(vectors: Floats, placement: Placement) -> Floats:
    """Σ over combinations of E'·vector: float64 (layout.size,) from (n_combinations, width)."""
    blocks = np.zeros((placement.n_blocks + 1, placement.width))
    for column in placement.blocks.T:
        np.add.at(blocks, column, vectors)
    n_block_columns = placement.n_blocks * placement.width
    pairs = np.zeros(placement.layout.size - n_block_columns + 1)
    for column in placement.pairs.T:
        np.add.at(pairs, column - n_block_columns, vectors[:, 0])
    return np.concatenate([blocks[:-1].ravel(), pairs[:-1]])
