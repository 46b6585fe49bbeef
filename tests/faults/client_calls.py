"""Every public function that speaks to Braze, found in the modules and called with made-up values.

A function is found by its first parameter, which is a BrazeClient; values are made from the types
of the others. So a new function is under test as soon as it is written, and one whose parameters
cannot be made up fails the suite instead of being left out.
"""

from __future__ import annotations

import importlib
import inspect
import io
import pkgutil
import time
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

import services.braze
from services.braze.client import BrazeClient
from services.braze.temporary import temporary_id

Call = Callable[[BrazeClient], object]
# What no type says: names of parameters whose value has a form of its own.
BY_NAME: Mapping[str, Callable[[], Any]] = {
    "fields": lambda: ["external_id"],
    "deadline_s": lambda: 0.3,
    "tally": lambda: None,
    "spool": io.BytesIO,
    "read": lambda: lambda file: file.read(),
    "first_day": lambda: date(2026, 3, 1),
    "last_day": lambda: date(2026, 3, 9),
}
BY_NAME_IN: Mapping[str, Mapping[str, Callable[[], Any]]] = {
    "delete_users": {"external_ids": lambda: [temporary_id()]},
    "pages": {"path": lambda: "/segments/list", "name": lambda: "segments"},
    "create_temporary": {"external_id": temporary_id},
}


def public_calls() -> dict[str, Call]:
    """Name → a call with made-up values, for every public client function and the client's own."""
    found: dict[str, Call] = {}
    for module in _modules():
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ != module.__name__ or name.startswith("_"):
                continue
            parameters = list(inspect.signature(function).parameters.values())
            hints = typing.get_type_hints(function)
            if any(hints.get(p.name) is BrazeClient for p in parameters):
                found[name] = _call(function, hints)
    found["client.get"] = lambda client: client.get("/segments/list", page=0)
    found["client.read"] = lambda client: client.read("/users/export/ids", {"external_ids": ["a"]})
    found["client.write"] = lambda client: client.write("/users/track", {"attributes": []})
    found["client.download"] = lambda client: client.download(
        f"{client.base_url}/file.zip",
        io.BytesIO(),
        deadline_s=time.monotonic() + 0.3,
        max_bytes=1_000_000,
    )
    return found


def n_functions() -> int:
    """How many functions of the modules are covered, besides the client's own four."""
    return len(public_calls()) - 4


def _modules() -> Iterator[types.ModuleType]:
    for found in pkgutil.iter_modules(services.braze.__path__, "services.braze."):
        yield importlib.import_module(found.name)


def _call(function: Callable[..., object], hints: Mapping[str, Any]) -> Call:
    def call(client: BrazeClient) -> object:
        positional, named = [], {}
        for p in inspect.signature(function).parameters.values():
            if hints.get(p.name) is BrazeClient:
                value: Any = client
            elif p.kind is p.VAR_KEYWORD or (p.default is not p.empty and p.name != "deadline_s"):
                continue
            else:
                value = _made_up(p.name, hints[p.name], function.__name__)
            if p.kind is p.KEYWORD_ONLY:
                named[p.name] = value
            else:
                positional.append(value)
        answer = function(*positional, **named)
        return list(answer) if inspect.isgenerator(answer) else answer

    return call


def _made_up(name: str, kind: Any, function: str) -> Any:
    special = BY_NAME_IN.get(function, {}).get(name) or BY_NAME.get(name)
    if special is not None:
        return special()
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return None if type(None) in arguments else _made_up(name, arguments[0], function)
    if origin is not None and issubclass(origin, Mapping):
        return {}
    if origin is not None and issubclass(origin, Sequence):
        return [_made_up(name, arguments[0], function)]
    if kind is Callable or (origin is not None and "Callable" in str(origin)):
        return lambda *_: None
    if kind is datetime:
        return datetime(2026, 3, 9, 12, tzinfo=UTC)
    if kind is date:
        return date(2026, 3, 9)
    if kind in (str, int, float, bool):
        return {str: "id-1", int: 5, float: 1.0, bool: False}[kind]
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return next(iter(kind))
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(
            **{
                f.name: _made_up(f.name, hints[f.name], function)
                for f in fields(kind)
                if f.default is MISSING and f.default_factory is MISSING
            }
        )
    raise AssertionError(
        f"{function}: no value for {name}: {kind}; teach the suite how to make one"
    )
