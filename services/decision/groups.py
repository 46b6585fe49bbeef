"""Draw the group of a person, once, from the person's id alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from services.errors import ExperimentError
from services.experiment.model import Group, Shares
from services.messages import msg

SHARES_TOLERANCE = 1e-9  # shares are typed as percentages: their sum is 1 up to rounding


def draw_groups(ids: Sequence[str], salt: str, shares: Shares) -> list[Group]:
    """One group an external id, the same on every machine and in every order.

    The id is hashed with the experiment's salt (keyed blake2b) to a number in [0, 1), which falls
    into one of the cumulative shares. Changing a share therefore moves as few people as can be; the
    group of somebody already drawn is stored and does not move at all.

    Raises ExperimentError where the shares do not add up to one, or the salt is too long.
    """
    groups = list(Group)
    total = sum(shares.of(group) for group in groups)
    if abs(total - 1.0) > SHARES_TOLERANCE:
        raise ExperimentError(
            msg("The groups' shares add up to {total}, not to 100%.", total=f"{100 * total:g}%"),
            hint=msg("Change one of the shares. Nobody has been drawn."),
        )
    key = hashlib.blake2b(salt.encode(), digest_size=32).digest()
    limits, reached = [], 0.0
    for group in groups:
        if shares.of(group) > 0:
            reached += shares.of(group)
            limits.append((reached, group))
    limits[-1] = (1.0, limits[-1][1])
    return [_group(_share(external_id, key), limits) for external_id in ids]


def ramp_order(ids: Sequence[str], salt: str) -> list[int]:
    """Indices of the ids in the order in which people enter while only some may.

    By a hash of the id of its own: the group's would fill one group first, and the order of first
    sight would take whoever the export lists first, who may all be of one kind.
    """
    key = hashlib.blake2b(salt.encode(), digest_size=32).digest()
    hashes = [
        hashlib.blake2b(i.encode(), key=key, digest_size=8, person=_RAMP).digest() for i in ids
    ]
    return sorted(range(len(ids)), key=lambda n: hashes[n])


_RAMP = b"ramp"


def _share(external_id: str, key: bytes) -> float:
    digest = hashlib.blake2b(external_id.encode(), key=key, digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) * 2.0**-53


def _group(share: float, limits: Sequence[tuple[float, Group]]) -> Group:
    return next(group for limit, group in limits if share < limit)
