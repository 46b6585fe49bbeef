"""Answers that are not a success, raised from anywhere in a request."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """Answer the request with `status` and this JSON body. Braze did nothing."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


def refused(status: int, text: str, **more: Any) -> Refused:
    """A refusal with `{"message": text}`, the usual real shape."""
    return Refused(status, {"message": text, **more})
