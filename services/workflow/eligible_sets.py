"""The sets of combinations people could get on a day, kept once each under the hash that decisions
log. What was eligible hangs on consent, rules and earlier messages, some of which are gone later:
with the sets kept, a day can be replayed for as long as its facts are there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.decision.choosing import eligible_hashes
from services.errors import DataError
from services.messages import msg

KIND = "eligible_sets"

Bools = npt.NDArray[np.bool_]


def sets_table(eligible: Bools, hashes: npt.NDArray[np.object_]) -> pa.Table:
    """One row a different set: `eligible_hash`, and `combinations`, the rows of the day's space.

    eligible  bool (n_people, n_combinations); hashes object (n_people,), as `Choices` has them
    """
    names, first = np.unique(hashes.astype(str), return_index=True)
    return pa.table(
        {
            "eligible_hash": pa.array(names.tolist(), pa.string()),
            "combinations": pa.array(
                [np.flatnonzero(eligible[row]).tolist() for row in first], pa.list_(pa.int32())
            ),
        }
    )


def key_of(sets: pa.Table) -> str:
    """Name of a table of sets by its content."""
    names = "".join(sets["eligible_hash"].to_pylist())
    return hashlib.blake2b(names.encode(), digest_size=8).hexdigest()


def sets_of(table: pa.Table, n_combinations: int) -> Mapping[str, Bools]:
    """Each set by its hash: bool (n_combinations,).

    Raises DataError where a set does not have the hash it is kept under.
    """
    found: dict[str, Bools] = {}
    for name, members in zip(
        table["eligible_hash"].to_pylist(), table["combinations"].to_pylist(), strict=True
    ):
        one = np.zeros(n_combinations, dtype=bool)
        if members and not 0 <= min(members) <= max(members) < n_combinations:
            raise _changed(name)
        one[members] = True
        if str(eligible_hashes(one[None, :])[0]) != name:
            raise _changed(name)
        found[name] = one
    return found


def _changed(name: str) -> DataError:
    return DataError(
        msg("The set of combinations kept as {name} is not the one that was logged.", name=name),
        hint=msg("Nothing was changed. Restore the facts from a backup."),
    )
