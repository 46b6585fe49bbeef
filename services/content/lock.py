"""The creative lock: an approval holds for one content and for no other.

What is hashed is the content as Braze's details give it. Values that are null and keys that are
left out mean the same there, so they hash the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from services.experiment.catalogue.model import Catalogue, Details

TEMPLATE_PARTS = ("subject", "preheader", "body", "plaintext_body")


class LockState(StrEnum):
    """How the content stands to its approval."""

    APPROVED = "approved"
    CHANGED = "changed"
    WAITING = "waiting"


def digest(messages: Mapping[str, Any]) -> str:
    """SHA-256 (64 hex digits) of the canonical JSON of `messages`."""
    text = json.dumps(
        _without_nulls(messages), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def content_of(details: Details) -> dict[str, Any]:
    """What is locked: the messages of a campaign, those of a Canvas by step, or an email template's
    own text."""
    if details.get("messages") is not None:
        return dict(details["messages"])
    if details.get("steps") is not None:
        return {step["id"]: step.get("messages") or {} for step in details["steps"]}
    return {part: details.get(part) for part in TEMPLATE_PARTS}


def content_at(catalogue: Catalogue, subject: str) -> dict[str, Any] | None:
    """What stands now at a subject such as "campaign:<id>"; None where Braze no longer has it."""
    kind, _, id = subject.partition(":")
    shelves = {
        "campaign": catalogue.campaigns,
        "canvas": catalogue.canvases,
        "template": catalogue.templates,
    }
    details = shelves.get(kind, {}).get(id)
    return None if details is None else content_of(details)


def lock_state(current: str, approved: str | None) -> LockState:
    """Compare the digest of the content now with the one that was approved, if any was."""
    if approved is None:
        return LockState.WAITING
    return LockState.APPROVED if current == approved else LockState.CHANGED


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(v) for v in value]
    return value
