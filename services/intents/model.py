"""Nouns of an intent, and how sentences for people are kept in JSON columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from services.errors import ConsoleError
from services.messages import Message


class IntentKind(StrEnum):
    """Everything a page may ask the worker for."""

    LAUNCH = "launch"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"
    REFRESH_CATALOGUE = "refresh_catalogue"
    CHECK_CONNECTION = "check_connection"
    REFRESH_AUDIENCE = "refresh_audience"
    DISCOVER_ATTRIBUTES = "discover_attributes"
    APPROVE_CONTENT = "approve_content"
    RENDER_COMBINATIONS = "render_combinations"
    TEST_SEND = "test_send"
    ASK_BRAZE_NOW = "ask_braze_now"
    NEXT_DAY = "next_day"
    DRY_RUN = "dry_run"
    CONFIRM_AUDIENCE = "confirm_audience"


# What stops messages goes ahead of everything else in the queue.
URGENT = (IntentKind.PAUSE, IntentKind.END)

# Doing these twice is the same as doing them once. The others may have sent, launched, resumed or
# moved the clock before the worker died: a person has to look first.
SAFE_TO_REPEAT = frozenset(IntentKind) - {
    IntentKind.LAUNCH,
    IntentKind.RESUME,
    IntentKind.TEST_SEND,
    IntentKind.NEXT_DAY,
}


class IntentState(StrEnum):
    """Where an intent stands."""

    WAITING = "waiting"
    DOING = "doing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Intent:
    """One thing somebody asked for. `progress` is 0 to 1; `fence` names the take it belongs to."""

    id: str
    key: str
    kind: IntentKind
    state: IntentState
    filed_by: str
    filed_at: datetime
    experiment_id: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    progress: float | None = None
    note: Message | None = None
    result: Mapping[str, Any] | None = None
    error: ConsoleError | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    fence: float | None = None

    @property
    def is_open(self) -> bool:
        """True while it waits or is being done."""
        return self.state in (IntentState.WAITING, IntentState.DOING)


def message_json(message: Message) -> dict[str, Any]:
    """A message as a JSON object: `what`, `values` and, where the wording depends on a number,
    `plural` and `count`."""
    stored: dict[str, Any] = {"what": message.template, "values": _plain_values(message.values)}
    if message.plural is not None:
        stored |= {"plural": message.plural, "count": message.count}
    return stored


def message_from(stored: Mapping[str, Any] | None) -> Message | None:
    """The message kept by `message_json`, or None."""
    if not stored or "what" not in stored:
        return None
    return Message(
        stored["what"], _values(stored.get("values")), stored.get("plural"), stored.get("count")
    )


def error_json(error: ConsoleError) -> dict[str, Any]:
    """An error as a JSON object: what happened, what to try, and the name of its class."""
    stored = message_json(error.what) | {"error": type(error).__name__}
    if error.hint is not None:
        stored |= {"hint": error.hint.template, "hint_values": _plain_values(error.hint.values)}
    return stored


def error_from(stored: Mapping[str, Any] | None) -> ConsoleError | None:
    """The error kept by `error_json`, as a plain ConsoleError: it is to be shown, not caught."""
    what = message_from(stored)
    if what is None or stored is None:
        return None
    hint = stored.get("hint")
    return ConsoleError(
        what, hint=Message(hint, _values(stored.get("hint_values"))) if hint else None
    )


def _plain_values(values: Mapping[str, object]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Message):
        return message_json(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return str(value)


def _values(stored: Any) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in (stored or {}).items():
        found[name] = message_from(value) if isinstance(value, dict) else value
    return found
