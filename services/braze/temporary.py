"""Test profiles that exist for the length of one test, made and deleted by Anneal.

Deleting cannot be undone, so an id is only ever deleted if it has the form Anneal gives to such
profiles: its own prefix and 32 random digits. No id of anybody else looks like that.
Braze docs: "Create and update users", "Delete users".

Braze works off both calls in its own time: ask `users.export_by_ids` until the profile is there
before sending to it, and delete it only after the message has gone out. Where several profiles
share an address their subscription is one: a test profile therefore never sets it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.braze.client import BrazeClient
from services.braze.track import MAX_OBJECTS, RESERVED, Tracked, tracked
from services.errors import DataError
from services.messages import msg

PREFIX = "anneal-test-"
MAX_IDS = 50  # of one request: Braze docs, "Delete users"

_OURS = re.compile(re.escape(PREFIX) + r"[0-9a-f]{32}")  # fullmatch, as "$" takes a line break


@dataclass(frozen=True)
class TemporaryProfile:
    """Somebody made up. `email` and `phone` are those of whoever tests, as they typed them."""

    external_id: str
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    country: str | None = None
    time_zone: str | None = None
    attributes: Mapping[str, str | int | float | bool] = field(default_factory=dict)


def temporary_id() -> str:
    """A new external id for a test profile."""
    return PREFIX + secrets.token_hex(16)


def is_temporary(external_id: str) -> bool:
    """Whether an external id can only be that of a test profile of Anneal's."""
    return _OURS.fullmatch(external_id) is not None


def temporary_body(profiles: Sequence[TemporaryProfile]) -> dict[str, object]:
    """Body of POST /users/track that makes the profiles. Raises DataError for anybody else."""
    _check([p.external_id for p in profiles], MAX_OBJECTS)
    for profile in profiles:
        wrong = next((n for n in profile.attributes if n in RESERVED or n.startswith("$")), None)
        if wrong is not None:
            raise DataError(
                msg("{name} is not a custom attribute.", name=wrong),
                hint=msg("Choose another name. Nothing was written."),
            )
    return {"attributes": [_object(profile) for profile in profiles]}


def create_temporary(client: BrazeClient, profiles: Sequence[TemporaryProfile]) -> Tracked:
    """POST /users/track, once: queued, not yet visible. Raises DataError before, BrazeError
    after.
    """
    return tracked(client.write("/users/track", temporary_body(profiles)))


def delete_users(client: BrazeClient, external_ids: Sequence[str]) -> int:
    """POST /users/delete, once: how many ids Braze has queued, unknown ones included.

    Raises DataError, and asks Braze nothing, where one of the ids is not that of a test profile.
    """
    _check(external_ids, MAX_IDS)
    data = client.write("/users/delete", {"external_ids": list(external_ids)})
    n = data.get("deleted")
    return n if isinstance(n, int) and not isinstance(n, bool) else 0


def _check(external_ids: Sequence[str], most: int) -> None:
    if not all(is_temporary(i) for i in external_ids):
        raise DataError(
            msg("This is not one of Anneal's own test profiles."),
            hint=msg("Anneal makes and deletes no others. Nothing was changed."),
        )
    if not 1 <= len(external_ids) <= most or len(set(external_ids)) < len(external_ids):
        raise DataError(
            msg("A request names {n} test profiles.", n=len(external_ids)),
            hint=msg("It must name each once, and 1 to {most}. Nothing was changed.", most=most),
        )


def _object(profile: TemporaryProfile) -> dict[str, object]:
    known = {
        name: getattr(profile, name)
        for name in ("email", "phone", "language", "country", "time_zone")
        if getattr(profile, name)
    }
    return {
        **profile.attributes,
        **known,
        "external_id": profile.external_id,
        "_update_existing_only": False,
    }
