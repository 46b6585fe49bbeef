"""The values a template can name: a person's profile, what the trigger carries, and links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from liquid.token import Token
from liquid.undefined import Undefined

from services.content.dialect import PROFILE

# Braze's names of profile fields, and the names of the same fields in an export.
EXPORT_NAMES = {
    "user_id": "external_id",
    "email_address": "email",
    "phone_number": "phone",
    "date_of_birth": "dob",
    "city": "home_city",
    "random_bucket_number": "random_bucket",
}
UNSUBSCRIBE_NAMES = ("set_user_to_unsubscribed_url", "unsubscribe_url")
LINKS = dict.fromkeys(UNSUBSCRIBE_NAMES, "https://example.com/unsubscribe") | {
    "set_user_to_subscribed_url": "https://example.com/subscribe",
    "set_user_to_opted_in_url": "https://example.com/opt-in",
    # The footer of the workspace: Braze puts the legal lines and the unsubscribe link there.
    "email_footer": '<a href="https://example.com/unsubscribe">Unsubscribe</a>',
}
# Values that exist only once a message is sent: previews show a word in their place.
AT_SEND_TIME = {"dispatch_id": "dispatch_id_for_unsent_campaign"}
_PATH = re.compile(r"\[[^\]]*\]")  # the first look-up behind a namespace

NAMESPACES = frozenset(
    {
        PROFILE,
        "custom_attribute",
        "api_trigger_properties",
        "canvas_entry_properties",
        "context",
        "event_properties",
        "campaign",
        "canvas",
        "subscribed_state",
        "most_recently_used_device",
        "targeted_device",
    }
)

# What one rendering printed although it has no value: filled while a template renders.
printed_blanks: ContextVar[set[str] | None] = ContextVar("printed_blanks", default=None)


def scope(
    profile: Mapping[str, Any],
    properties: Mapping[str, Any],
    canvas: bool,
    campaign: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything a template may name, by namespace. `canvas` says which of the trigger's two
    namespaces carries the properties: the other one stays empty, as in Braze."""
    fields = {name: value for name, value in profile.items() if name != "custom_attributes"}
    fields |= {braze: profile.get(export) for braze, export in EXPORT_NAMES.items()}
    nothing = Values({})
    return {
        PROFILE: Values(fields | LINKS),
        "custom_attribute": Values(profile.get("custom_attributes") or {}),
        "api_trigger_properties": nothing if canvas else Values(properties),
        "canvas_entry_properties": Values(properties) if canvas else nothing,
        "context": Values(properties) if canvas else nothing,
        "event_properties": nothing,
        "campaign": Values({**campaign, **AT_SEND_TIME}),
        "canvas": Values(campaign if canvas else {}),
        "subscribed_state": Values({"email_global": profile.get("email_subscribe")}),
        "most_recently_used_device": nothing,
        "targeted_device": nothing,
    }


class Missing(Undefined):  # type: ignore[misc]
    """A value that is not there: blank, and remembered where it is printed without a default."""

    __slots__ = ()

    def __str__(self) -> str:
        printed = printed_blanks.get()
        # Where a list is too short the hint does not name the path, but the token does.
        path, named, _ = (self.hint or "").partition(" is undefined")
        if not named:
            path = self.name + _after(self.name, self.token)
        name = _spoken(path.strip("'"))
        if printed is not None and name is not None:
            printed.add(name)
        return ""


class Values(Mapping[str, Any]):
    """A namespace. `address.city` is looked up whole, then step by step; None is missing."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        found: Any = self._values.get(name)
        if found is None and isinstance(name, str) and "." in name:
            found = self._values
            for step in name.split("."):
                found = found.get(step) if isinstance(found, Mapping) else None
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _after(root: str, token: Token | None) -> str:
    """What follows a root in the template at a token: `["brands"][7]`."""
    if token is None or not token.source.startswith(root, token.start_index):
        return ""
    found = _PATH.match(token.source, token.start_index + len(root))
    return found.group() if found else ""


def _spoken(path: str) -> str | None:
    """The name of a value as Braze writes it, from the path of the look-up; None for a part of
    something the template made itself."""
    root, bracket, rest = path.partition("[")
    if not bracket:
        root, _, rest = path.partition(".")
    if root not in NAMESPACES:
        return None if rest else root
    name = rest.split("]")[0].strip("'\"")
    if not name:
        return root
    return f"${{{name}}}" if root == PROFILE else f"{root}.${{{name}}}"
