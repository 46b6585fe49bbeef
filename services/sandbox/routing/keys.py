"""REST API keys of the sandbox. They open nothing but this sandbox."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from services.errors import DataError
from services.messages import msg

PREFIX = "sandbox-key-"  # nobody should mistake one for a real key
KNOWN_PERMISSIONS = frozenset(
    {
        "users.export.ids",
        "users.export.segment",
        "users.track",
        "messages.send",
        "campaigns.trigger.send",
        "campaigns.list",
        "campaigns.data_series",
        "campaigns.details",
        "canvas.trigger.send",
        "canvas.list",
        "canvas.data_series",
        "canvas.details",
        "segments.list",
        "segments.data_series",
        "segments.details",
        "templates.email.create",
        "templates.email.update",
        "templates.email.info",
        "templates.email.list",
    }
)


class Keys:
    """Keys with their permissions, in files only their owner can read."""

    def __init__(self, folder: Path) -> None:
        self._others = folder / "keys.json"
        default = folder / "key"
        if not default.exists():
            _write(default, PREFIX + secrets.token_hex(12))
        self.default = default.read_text(encoding="ascii").strip()
        self._permissions = {self.default: KNOWN_PERMISSIONS}
        if self._others.exists():
            try:
                held = json.loads(self._others.read_text(encoding="utf-8"))
            except ValueError as problem:
                raise DataError(
                    msg("The sandbox's file of extra keys is damaged."),
                    hint=msg("Delete sandbox/keys.json in this home."),
                ) from problem
            self._permissions.update({key: frozenset(names) for key, names in held.items()})

    def permissions(self, key: str) -> frozenset[str] | None:
        """What a key may do, or None where there is no such key."""
        return self._permissions.get(key)

    def create(self, permissions: frozenset[str]) -> str:
        """Make a key with exactly these permissions."""
        key = PREFIX + secrets.token_hex(12)
        self._permissions[key] = permissions
        others = {k: sorted(p) for k, p in self._permissions.items() if k != self.default}
        _write(self._others, json.dumps(others))
        return key


def _write(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only."""
    partial = path.with_suffix(".new")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)
