"""Braze's filters, each with a bound on what it may make."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
import math
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from liquid import Environment
from liquid.exceptions import FilterArgumentError, ResourceLimitError

from services.content.outputs import printed
from services.content.rendered import NOW
from services.content.tags import left_out

MAX_VALUE_LENGTH = 200_000  # characters or entries one filter may return or be given
NOT_IN_BRAZE = ("find", "find_index", "has", "reject", "sum", "safe", "escapejs", "squish")


def add_filters(environment: Environment) -> None:
    """Add what Braze has besides plain Liquid, take out what it lacks, and bound everything."""
    for name in NOT_IN_BRAZE:
        environment.filters.pop(name, None)
    environment.filters |= {
        "md5": lambda v: _digest("md5", v),
        "sha1": lambda v: _digest("sha1", v),
        "sha2": lambda v: _digest("sha256", v),
        "hmac_sha1_hex": lambda v, key="": _keyed("sha1", v, key),
        "hmac_sha256": lambda v, key="": _keyed("sha256", v, key),
        "hmac_sha512": lambda v, key="": _keyed("sha512", v, key),
        "base64": lambda v: base64.b64encode(_text(v).encode()).decode(),
        "url_param_escape": lambda v: quote(_text(v), safe=""),
        "url_escape": lambda v: quote(_text(v), safe="/:?&=#%"),
        "json_escape": lambda v: json.dumps(_text(v), ensure_ascii=False)[1:-1],
        "money": _money,
        "number_with_delimiter": _with_delimiter,
        "property_accessor": _property,
        # The clock is never asked: a preview must not change from one look to the next.
        "date": _without_now(environment.filters["date"]),
    }
    for name, original in list(environment.filters.items()):
        environment.filters[name] = _bounded(name, original)


def _bounded(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def bounded(value: Any, *args: Any, **kwargs: Any) -> Any:
        for given in (value, *args):
            _check(given)
        if name in ("replace", "join"):  # both multiply lengths, so they are sized beforehand
            _check_product(name, value, [_text(a) for a in args])
        made = original(value, *args, **kwargs)
        _check(made)
        return made

    return bounded


def _check(value: Any) -> None:
    if isinstance(value, str | list | tuple | range | dict) and len(value) > MAX_VALUE_LENGTH:
        raise ResourceLimitError("a value is too long", token=None)


def _check_product(name: str, value: Any, args: list[str]) -> None:
    if name == "replace" and len(args) == 2:
        times = _text(value).count(args[0])
        size = times * len(args[1])
    elif name == "join" and args and hasattr(value, "__len__"):
        size = len(value) * len(args[0])
    else:
        return
    if size > MAX_VALUE_LENGTH:
        raise ResourceLimitError("a value is too long", token=None)


def _without_now(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def date(value: Any, *args: Any, **kwargs: Any) -> Any:
        if value not in NOW:
            return original(value, *args, **kwargs)
        names = left_out.get()
        if names is not None:
            names.add(value)
        return ""

    return date


def _text(value: Any) -> str:
    return printed(value)


def _digest(algorithm: str, value: Any) -> str:
    return hashlib.new(algorithm, _text(value).encode(), usedforsecurity=False).hexdigest()


def _keyed(algorithm: str, value: Any, key: Any) -> str:
    return hmac.new(_text(key).encode(), _text(value).encode(), algorithm).hexdigest()


def _number(value: Any) -> float | None:
    try:
        number = float(_text(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _money(value: Any) -> str:
    number = _number(value)
    return _text(value) if number is None else f"{number:.2f}"


def _with_delimiter(value: Any, delimiter: str = ",") -> str:
    number = _number(value)
    if number is None:
        return _text(value)
    text = f"{int(number):,}" if number.is_integer() else f"{number:,}"
    return text.replace(",", _text(delimiter))


def _property(value: Any, name: Any) -> Any:
    if not isinstance(value, dict):
        raise FilterArgumentError("property_accessor needs an object", token=None)
    return value.get(_text(name))
