"""Structured logs, one JSON object a line, with every secret blanked by value.

A key is recognised by what it is, not by the name of the field it stands in, so that a key that
Braze echoes inside a sentence is blanked as well.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from pydantic import SecretStr

BLANK = "[key removed]"


def configure(secrets: tuple[SecretStr, ...] = (), *, level: int = logging.INFO) -> None:
    """Send logs to standard error. `secrets` never appear, whatever sentence holds them."""
    values = tuple(s.get_secret_value() for s in secrets if s.get_secret_value())

    def blank(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {name: _without(value, values) for name, value in event.items()}

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            blank,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is at that moment
        cache_logger_on_first_use=False,
    )
    for chatty in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _without(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {name: _without(inner, secrets) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without(inner, secrets) for inner in value]
    text = value if isinstance(value, str) else None
    if text is None:
        return (
            value
            if isinstance(value, int | float | bool | type(None))
            else _blank(str(value), secrets)
        )
    return _blank(text, secrets)


def _blank(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, BLANK)
    return text
