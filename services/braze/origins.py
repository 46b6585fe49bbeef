"""Where Braze lives. A key is sent to these origins only: the setting "REST endpoint" must not be a
way to hand the key to somebody else. Source: Braze docs, "API overview", table of REST endpoints.
"""

from __future__ import annotations

import re

from services.errors import SetupError
from services.messages import msg

REST_ORIGINS = frozenset(
    [f"https://rest.iad-0{n}.braze.com" for n in range(1, 9)]
    + [
        "https://rest.us-10.braze.com",
        "https://rest.fra-01.braze.eu",
        "https://rest.fra-02.braze.eu",
        "https://rest.au-01.braze.com",
        "https://rest.id-01.braze.com",
    ]
)

# fullmatch and not match with "$": the latter accepts a line break at the end.
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\]):([1-9][0-9]{0,4})", re.ASCII)
MAX_PORT = 65_535


def allowed_endpoint(base_url: str, *, sandbox: bool = False) -> str:
    """Return the origin requests go to, without a slash at the end.

    `sandbox` allows loopback addresses with a port, and nothing else: a key meant for the sandbox
    never reaches a real instance, nor the other way round.

    Raises SetupError for every other address.
    """
    address = base_url[:-1] if base_url.endswith("/") else base_url
    if sandbox:
        if not is_loopback(address):
            raise SetupError(
                msg("The sandbox must be an address on this machine."),
                hint=msg("Use an address like http://127.0.0.1:8787."),
            )
        # The name is left out of it: what "localhost" means is up to files others may edit.
        return address.replace("//localhost:", "//127.0.0.1:")
    if address not in REST_ORIGINS:
        raise SetupError(
            msg("This is not the address of a Braze instance."),
            hint=msg(
                "Copy the REST endpoint from Braze, Settings, APIs and Identifiers. It looks like "
                "{example}.",
                example="https://rest.iad-01.braze.com",
            ),
        )
    return address


def is_loopback(origin: str) -> bool:
    """Whether an origin is `http://` on this machine with a port in range."""
    found = _LOOPBACK.fullmatch(origin)
    return found is not None and int(found.group(2)) <= MAX_PORT
