"""Where export files may be fetched from. Their address comes in an answer, so it is not trusted.

An allowed origin is compared exactly; then the name is resolved here, every address it has must
be a public one, and the connection goes to the address that was checked, so that the name cannot
be pointed elsewhere between the check and the use.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from services.braze.origins import is_loopback
from services.errors import DataError, NeverConnected
from services.messages import msg

Resolve = Callable[[str, int], Sequence[str]]

# Ranges that ipaddress calls global in some Python versions though they lead back inside.
REFUSED_NETWORKS = tuple(
    ipaddress.ip_network(net)
    for net in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
        "ff00::/8",
    )
)


@dataclass(frozen=True)
class Place:
    """One checked address: `url` to connect to, `host` for the Host header and for TLS."""

    url: str
    host: str
    extensions: dict[str, str] = field(default_factory=dict)


class ExportOrigins:
    """The allowed origins of export files. `resolve` is replaced in tests only."""

    def __init__(
        self, origins: Sequence[str], *, sandbox: bool, resolve: Resolve | None = None
    ) -> None:
        self._origins = frozenset(
            o.rstrip("/").replace("//localhost:", "//127.0.0.1:") for o in origins
        )
        self._sandbox = sandbox
        self._resolve = resolve or _addresses

    def checked(self, url: str) -> Place:
        """Return where to connect for `url`.

        Raises DataError where the address is not allowed, NeverConnected where its name is unknown.
        """
        if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
            raise _refused()
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as problem:
            raise _refused() from problem
        origin = f"{parts.scheme}://{parts.netloc}"
        if self._sandbox:
            origin = origin.replace("//localhost:", "//127.0.0.1:")
        if "@" in parts.netloc or not parts.hostname:
            raise _refused()
        if origin not in self._origins:
            raise _refused(origin)
        rest = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if self._sandbox and is_loopback(origin):
            return Place(url=origin + rest, host=origin.removeprefix("http://"))
        if parts.scheme != "https":
            raise _refused()
        found = [ipaddress.ip_address(a) for a in self._resolve(parts.hostname, port or 443)]
        if not found or any(not _is_public(address) for address in found):
            raise _refused()
        first = found[0]
        literal = f"[{first}]" if first.version == 6 else str(first)
        return Place(
            url=f"https://{literal}:{port or 443}{rest}",
            host=parts.netloc,
            extensions={"sni_hostname": parts.hostname},
        )


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    return address.is_global and not any(
        address in net for net in REFUSED_NETWORKS if net.version == address.version
    )


def _addresses(host: str, port: int) -> Sequence[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as problem:
        raise NeverConnected(
            msg("The address of the export file is not known to this machine's network."),
            hint=msg("Nothing is lost. Check the network, then try again."),
            endpoint="export",
        ) from problem
    return [str(entry[4][0]) for entry in found]


def _refused(origin: str = "") -> DataError:
    if origin:
        return DataError(
            msg("Braze put its export at {origin}, which is not allowed yet.", origin=origin),
            hint=msg(
                "Nothing was fetched. If that is your workspace's storage, allow it with: "
                "anneal connect --export-origin {origin}",
                origin=origin,
            ),
        )
    return DataError(
        msg("Braze named an address for its export that no storage can have."),
        hint=msg("Nothing was fetched. Ask again; if it stays, tell Braze's support."),
    )
