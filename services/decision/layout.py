"""Which coefficient is which: columns with names, so that beliefs outlive changes of the options.

The order of the columns, with q = 1 + number of features:

    baseline block   intercept, then one for each feature                          q columns
    option blocks    for each dimension, each option: main effect, then features   q columns each
    pair effects     for each pair of dimensions, each pair of their options       1 column each
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, Self

import numpy as np
import numpy.typing as npt

WHOLE = ""  # option of a block that is a whole group: option keys are never empty
BASELINE = ""  # stands for "no dimension" and "no attribute" in group names: keys are never empty


@dataclass(frozen=True)
class Layout:
    """Names of all coefficients.

    features    column names of the feature matrix, the intercept excluded
    attributes  the attribute each feature column came from (several columns may share one)
    dimensions  (key, option keys) each; options only ever get added
    """

    features: tuple[str, ...]
    attributes: tuple[str, ...]
    dimensions: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def width(self) -> int:
        """Columns of one block: intercept and features."""
        return 1 + len(self.features)

    @cached_property
    def option_starts(self) -> tuple[int, ...]:
        """Number of the first option of each dimension among all options."""
        return tuple(int(n) for n in np.cumsum([0, *(len(o) for _, o in self.dimensions)])[:-1])

    @property
    def n_options(self) -> int:
        """Options of all dimensions together."""
        return sum(len(options) for _, options in self.dimensions)

    @cached_property
    def pair_starts(self) -> dict[tuple[int, int], int]:
        """First column of the pair effects of dimensions (i, j), i < j."""
        starts, column = {}, self.width * (1 + self.n_options)
        for i, j in combinations(range(len(self.dimensions)), 2):
            starts[i, j] = column
            column += len(self.dimensions[i][1]) * len(self.dimensions[j][1])
        return starts

    @cached_property
    def size(self) -> int:
        """How many coefficients there are."""
        n_pairs = sum(len(a) * len(b) for (_, a), (_, b) in combinations(self.dimensions, 2))
        return self.width * (1 + self.n_options) + n_pairs

    @cached_property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """What each coefficient belongs to: keys of dimension, option and feature."""
        return tuple(self._named())

    def _named(self) -> Iterator[tuple[str, ...]]:
        block = (BASELINE, *self.features)
        yield from (("baseline", feature) for feature in block)
        for dimension, options in self.dimensions:
            for option in options:
                yield from (("option", dimension, option, feature) for feature in block)
        for (one, ones), (two, twos) in combinations(self.dimensions, 2):
            yield from (("pair", one, a, two, b) for a in ones for b in twos)

    @cached_property
    def groups(self) -> tuple[tuple[str, str], ...]:
        """What matters or not as a whole: (dimension, attribute) each.

        (BASELINE, …) is the baseline; (dimension, BASELINE) its main effects; "one × two" is the
        pairs of two dimensions.
        """
        return tuple(
            dict.fromkeys((dimension, attribute) for dimension, attribute, _ in self.blocks)
        )

    @cached_property
    def blocks(self) -> tuple[tuple[str, str, str], ...]:
        """Coefficients that share a prior variance: (dimension, attribute, option) each.

        What an attribute does to one option is a block of its own; elsewhere the whole group is
        one, and the option is "".
        """
        return tuple(dict.fromkeys(self._blocked()))

    @cached_property
    def block_of(self) -> npt.NDArray[np.int64]:
        """int64 (size,): number of the block of each coefficient."""
        number = {block: i for i, block in enumerate(self.blocks)}
        return np.array([number[block] for block in self._blocked()], dtype=np.int64)

    @cached_property
    def group_of_block(self) -> npt.NDArray[np.int64]:
        """int64 (n_blocks,): number of the group of each block."""
        number = {group: i for i, group in enumerate(self.groups)}
        return np.array([number[d, a] for d, a, _ in self.blocks], dtype=np.int64)

    def _blocked(self) -> Iterator[tuple[str, str, str]]:
        attribute = dict(zip(self.features, self.attributes, strict=True)) | {BASELINE: BASELINE}
        for kind, *keys in self.names:
            if kind == "baseline":
                yield (BASELINE, attribute[keys[0]], WHOLE)
            elif kind == "option":
                of = attribute[keys[2]]
                yield (keys[0], of, WHOLE if of == BASELINE else keys[1])
            else:
                yield (f"{keys[0]} × {keys[2]}", BASELINE, WHOLE)

    def extended(
        self,
        dimensions: Sequence[tuple[str, Sequence[str]]],
        features: Sequence[str] = (),
        attributes: Sequence[str] = (),
    ) -> Layout:
        """This layout with every dimension, option and feature it did not know yet, added last."""
        known = {key: list(options) for key, options in self.dimensions}
        for key, options in dimensions:
            mine = known.setdefault(key, [])
            mine.extend(option for option in options if option not in mine)
        come_from = dict(zip(self.features, self.attributes, strict=True))
        for feature, attribute in zip(features, attributes or features, strict=True):
            come_from.setdefault(feature, attribute)
        return Layout(
            features=tuple(come_from),
            attributes=tuple(come_from.values()),
            dimensions=tuple((key, tuple(options)) for key, options in known.items()),
        )

    def places_in(self, wider: Layout) -> npt.NDArray[np.int64]:
        """int64 (size,): where each of these coefficients stands in an extended layout."""
        place = {name: i for i, name in enumerate(wider.names)}
        return np.array([place[name] for name in self.names], dtype=np.int64)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and strings, for JSON."""
        return {
            "features": list(self.features),
            "attributes": list(self.attributes),
            "dimensions": [[key, list(options)] for key, options in self.dimensions],
        }

    @classmethod
    def from_dict(cls, read: Mapping[str, Any]) -> Self:
        """The layout that `to_dict` wrote."""
        return cls(
            features=tuple(read["features"]),
            attributes=tuple(read["attributes"]),
            dimensions=tuple((key, tuple(options)) for key, options in read["dimensions"]),
        )
