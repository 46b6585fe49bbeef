"""REST API keys of the sandbox. They open nothing but this sandbox.

A home starts with two: `key` may do everything, `console-key` what Anneal needs and nothing else.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any

from services.errors import DataError
from services.messages import msg
from services.sandbox.routing.permissions import ALL, OF_THE_CONSOLE
from services.sandbox.routing.refusals import refused

PREFIX = "sandbox-key-"  # nobody should mistake one for a real key
EVERYTHING_FILE, CONSOLE_FILE = "key", "console-key"


@dataclass(frozen=True)
class Grant:
    """What a key may do and from where. Neither can be changed: make another key."""

    permissions: frozenset[str]
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def admits(self, address: str) -> bool:
        """Whether a caller's address is on the list. No list admits everybody."""
        return not self.networks or any(ip_address(address) in net for net in self.networks)

    def as_json(self) -> dict[str, list[str]]:
        """As kept on disk and shown by GET /_sandbox/keys."""
        return {
            "permissions": sorted(self.permissions),
            "addresses": [str(net) for net in self.networks],
        }


class Keys:
    """Keys with what they may do, in files only their owner can read."""

    def __init__(self, folder: Path) -> None:
        self._others = folder / "keys.json"
        self.default = _kept(folder / EVERYTHING_FILE)
        self.console = _kept(folder / CONSOLE_FILE)
        self._made: dict[str, Grant] = {}
        if self._others.exists():
            try:
                held = json.loads(self._others.read_text(encoding="utf-8"))
                self._made = {key: _read(kept) for key, kept in held.items()}
            except (ValueError, TypeError, KeyError, AttributeError) as problem:
                raise DataError(
                    msg("The sandbox's file of extra keys is damaged."),
                    hint=msg("Delete sandbox/keys.json in this home."),
                ) from problem
        self._grants = {
            self.default: Grant(ALL),
            self.console: Grant(OF_THE_CONSOLE),
            **self._made,
        }

    def grant(self, key: str) -> Grant | None:
        """What a key may do, or None where there is no such key."""
        return self._grants.get(key)

    def create(
        self, permissions: Iterable[str], addresses: Iterable[str] = ()
    ) -> tuple[str, Grant]:
        """Make a key with exactly these permissions, for callers from these addresses.

        addresses  single ones or subnets; none = from anywhere. Raises Refused where a permission
        or an address is none.
        """
        wanted = frozenset(permissions)
        if not wanted <= ALL:
            raise refused(400, f"there is no permission {min(wanted - ALL)}")
        try:
            grant = Grant(wanted, tuple(ip_network(text, strict=False) for text in addresses))
        except ValueError as problem:
            raise refused(400, "addresses must be IP addresses or subnets") from problem
        key = PREFIX + secrets.token_hex(12)
        self._made[key] = self._grants[key] = grant
        kept = {name: made.as_json() for name, made in self._made.items()}
        _write(self._others, json.dumps(kept))
        return key, grant

    def as_json(self) -> list[dict[str, Any]]:
        """Every key, for GET /_sandbox/keys."""
        names = {self.default: "everything", self.console: "console"}
        return [
            {"key": key, "name": names.get(key), **grant.as_json()}
            for key, grant in self._grants.items()
        ]


def _read(kept: object) -> Grant:
    if isinstance(kept, list):  # as written before keys had addresses
        return Grant(frozenset(map(str, kept)))
    if not isinstance(kept, dict):
        raise ValueError("neither permissions nor a grant")
    networks = tuple(ip_network(text) for text in kept["addresses"])
    return Grant(frozenset(map(str, kept["permissions"])), networks)


def _kept(path: Path) -> str:
    """The key in a file, made on the first start."""
    if not path.exists():
        _write(path, PREFIX + secrets.token_hex(12))
    return path.read_text(encoding="ascii").strip()


def _write(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only."""
    partial = path.with_name(path.name + ".new")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)
