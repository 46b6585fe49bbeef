"""Writing custom attributes to profiles. Braze docs: "Create and update users", users/track."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.braze.client import BrazeClient
from services.braze.wire import quotable
from services.errors import DataError
from services.messages import msg

MAX_OBJECTS = 50  # right under every plan; most allow 75

# Names that mean something to Braze. Anneal writes custom attributes only, never a profile.
RESERVED = frozenset(
    [
        "external_id",
        "user_alias",
        "braze_id",
        "email",
        "phone",
        "first_name",
        "last_name",
        "home_city",
        "dob",
        "gender",
        "country",
        "language",
        "time_zone",
        "current_location",
        "email_subscribe",
        "push_subscribe",
        "push_tokens",
        "email_open_tracking_disabled",
        "email_click_tracking_disabled",
        "date_of_first_session",
        "date_of_last_session",
        "marked_email_as_spam_at",
        "subscription_groups",
        "subscription_group_id",
        "push_token_import",
        "facebook",
        "twitter",
        "_update_existing_only",
    ]
)


@dataclass(frozen=True)
class Attributes:
    """Custom attributes of one person: name → text, number, truth or None (removes it)."""

    external_id: str
    values: Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True)
class Tracked:
    """How many people's attributes are queued, and what Braze refused, in its words."""

    n_queued: int
    errors: tuple[str, ...] = ()


def track_body(attributes: Sequence[Attributes]) -> dict[str, object]:
    """Body of POST /users/track: existing profiles only. Raises DataError for reserved names."""
    if not 1 <= len(attributes) <= MAX_OBJECTS:
        raise DataError(
            msg("A request writes the attributes of {n} people.", n=len(attributes)),
            hint=msg("It must be between 1 and {most}. Nothing was written.", most=MAX_OBJECTS),
        )
    for person in attributes:
        for name in person.values:
            if name in RESERVED or not name or name.startswith("$"):
                raise DataError(
                    msg("{name} is not a custom attribute.", name=name),
                    hint=msg("Choose another name. Nothing was written."),
                )
    return {
        "attributes": [
            {**person.values, "external_id": person.external_id, "_update_existing_only": True}
            for person in attributes
        ]
    }


def track_users(
    client: BrazeClient,
    attributes: Sequence[Attributes],
    *,
    guard: Callable[[], None] | None = None,
) -> Tracked:
    """POST /users/track, once: queued, not yet visible. `guard` runs just before the first byte.

    Raises DataError before, BrazeError after, and whatever `guard` raises.
    """
    return tracked(client.write("/users/track", track_body(attributes), guard=guard))


def tracked(data: Mapping[str, Any]) -> Tracked:
    """What an answer of POST /users/track says."""
    errors = data.get("errors")
    n_queued = data.get("attributes_processed")
    return Tracked(
        n_queued=n_queued if isinstance(n_queued, int) else 0,
        errors=tuple(quotable(e) for e in errors) if isinstance(errors, list) else (),
    )
