"""People's profiles by id. Braze docs: "Export user profile by identifier".

`fields_to_export` is always there: without it Braze sends everything it knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.braze.client import BrazeClient
from services.braze.profiles import ALLOWED_FIELDS, ProfileFilter, Tally
from services.errors import DataError
from services.messages import msg

MAX_IDS = 50  # of one request
MAX_ATTRIBUTES = 500  # names of custom attributes in one request


@dataclass(frozen=True)
class ExportedUsers:
    """Profiles with only the allowed fields, and the ids Braze does not know (any more)."""

    users: list[dict[str, Any]]
    unknown: list[str]


def export_by_ids(
    client: BrazeClient,
    ids: Sequence[str],
    fields: Sequence[str],
    attributes: Sequence[str] = (),
    *,
    tally: Tally | None = None,
) -> ExportedUsers:
    """POST /users/export/ids, 50 at a time. Unknown ids are not an error.

    Braze cannot send single custom attributes here: where `attributes` are wanted it sends all, and
    the others are dropped while reading.

    Raises DataError for a field that is not allowed, BrazeError.
    """
    path = "/users/export/ids"
    wanted = [*checked_fields(fields), *(["custom_attributes"] if attributes else [])]
    let_in = ProfileFilter(fields, attributes, tally)
    users: list[dict[str, Any]] = []
    unknown: list[str] = []
    for start in range(0, len(ids), MAX_IDS):
        batch = list(ids[start : start + MAX_IDS])
        data = client.read(path, {"external_ids": batch, "fields_to_export": wanted})
        users += [let_in(u) for u in _objects(data.get("users"))]
        gone = data.get("invalid_user_ids")
        unknown += [g for g in gone if isinstance(g, str)] if isinstance(gone, list) else []
    return ExportedUsers(users, unknown)


def custom_attributes(client: BrazeClient, ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """All custom attributes of these people, to learn their names and kinds.

    The values are not filtered: the caller keeps none of them. Raises BrazeError.
    """
    for start in range(0, len(ids), MAX_IDS):
        batch = list(ids[start : start + MAX_IDS])
        data = client.read(
            "/users/export/ids",
            {"external_ids": batch, "fields_to_export": ["external_id", "custom_attributes"]},
        )
        for user in _objects(data.get("users")):
            own = user.get("custom_attributes")
            yield own if isinstance(own, dict) else {}


def checked_fields(fields: Sequence[str]) -> list[str]:
    """The fields as given, `external_id` among them. Raises DataError for one not allowed."""
    refused = [f for f in fields if f not in ALLOWED_FIELDS]
    if refused:
        raise DataError(
            msg("{field} is not a profile field that Anneal may ask for.", field=refused[0]),
            hint=msg("Names, emails and phone numbers are never requested. Please report this."),
        )
    return list(dict.fromkeys(("external_id", *fields)))


def _objects(value: object) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
