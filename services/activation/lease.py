"""How long a claim may be acted on, in real time that no sleep and no virtual clock bends."""

from __future__ import annotations

import time

START_WITHIN_S = 30.0  # claim to first byte; a later start could overtake the recovery
ANSWER_WITHIN_S = 65.0  # connect 5 s and read 60 s: RELIABILITY 2.1
LEASE_S = START_WITHIN_S + ANSWER_WITHIN_S + 25.0  # after this the claim counts as lost

# CLOCK_BOOTTIME goes on while a laptop or a virtual machine sleeps; monotonic time stands still.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def boot_s() -> float:
    """Seconds since the machine started, sleep included where the system counts it."""
    return time.clock_gettime(_CLOCK)


def wall_s() -> float:
    """Real seconds since the epoch, never the sandbox's."""
    return time.time()
