"""What only a sandbox offers: moving its clock, reading its world and its truth.

This speaks to `/_sandbox/` and never to a path that the real Braze has.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from services.errors import SetupError
from services.messages import msg

JUMP_LIMIT_S = 600.0  # a jump over many days simulates everybody's behaviour on the way
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SandboxControl:
    """The sandbox's own controls. Raises SetupError where the sandbox is gone."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def jump(self, to: datetime) -> None:
        """Move virtual time forward to `to`; everything up to then happens."""
        self._ask("POST", "clock", {"to": to.isoformat()})

    def run_at(self, rate: float) -> None:
        """0 lets time stand still, 1 lets it run as in reality."""
        self._ask("POST", "clock", {"rate": rate})

    def world(self) -> Mapping[str, Any]:
        """The story, the segments, targets and dimensions of this world."""
        return self._ask("GET", "world")

    def truth(self) -> Mapping[str, Any]:
        """Counts of what was really accepted and delivered."""
        return self._ask("GET", "truth")

    def messages_of(self, external_ids: Sequence[str]) -> Mapping[str, list[Mapping[str, Any]]]:
        """Every message accepted for these people, by id."""
        found = self._ask("POST", "truth/people", {"external_ids": list(external_ids)})
        messages: Mapping[str, list[Mapping[str, Any]]] = found["people"]
        return messages

    def true_values(
        self, external_ids: Sequence[str], combinations: Sequence[Mapping[str, object]]
    ) -> np.ndarray:
        """Expected reward of one message, float64 (n_people, n_combinations)."""
        found = self._ask(
            "POST",
            "truth/values",
            {"external_ids": list(external_ids), "combinations": [dict(c) for c in combinations]},
        )
        return np.array(found["values"], dtype=np.float64)

    def _ask(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - the URL is our own sandbox's
            f"{self._url}/_sandbox/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with NO_PROXY.open(request, timeout=JUMP_LIMIT_S) as answer:
                read: Mapping[str, Any] = json.loads(answer.read())
                return read
        except (urllib.error.URLError, OSError, ValueError) as problem:
            raise SetupError(
                msg("The sandbox does not answer."),
                hint=msg("Start it again with: anneal sandbox. What was sent is not sent again."),
            ) from problem
