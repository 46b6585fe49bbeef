"""Times as clients write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# Braze's own examples have offsets such as -5:00, and profile times such as "... 09:15:22.417 UTC"
_SHORT_OFFSET = re.compile(r"([+-])(\d)(:?\d\d)$")
_ZONE_WORD = re.compile(r"\s*UTC$")


def moment_s(text: object) -> float:
    """Epoch seconds of an ISO 8601 time; without a zone it is UTC. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("a time is text")
    plain = _ZONE_WORD.sub("Z", text.strip())
    if "T" in plain or " " in plain:
        plain = _SHORT_OFFSET.sub(r"\g<1>0\2\3", plain)
    moment = datetime.fromisoformat(plain)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except OverflowError as problem:
        raise ValueError("a time beyond the calendar") from problem
