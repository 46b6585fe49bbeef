"""When a read is asked again, and after how long. Writes never come here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import stamina
from stamina.instrumentation import get_on_retry_hooks, set_on_retry_hooks

from services.errors import BrazeBroken, NeverConnected, NoAnswer, RateLimited

READ_TRIES = 4
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 8.0
LONGEST_RATE_WAIT_S = 65.0  # a minute window may be waited for inside a read, an hour window not

T = TypeVar("T")


def read_again(read: Callable[[], T]) -> T:
    """Call `read` until it answers, at most `READ_TRIES` times with growing, jittered waits.

    Raises what the last try raised, and at once what another try would not change.
    """
    for attempt in stamina.retry_context(
        on=_worth_another_try,
        attempts=READ_TRIES,
        timeout=None,
        wait_initial=FIRST_WAIT_S,
        wait_max=LONGEST_WAIT_S,
    ):
        with attempt:
            return read()
    raise AssertionError("stamina ends with an answer or an error")


@contextmanager
def quiet_retries() -> Iterator[None]:
    """Retry without a line in the log, for commands whose standard output is their answer."""
    hooks = get_on_retry_hooks()
    set_on_retry_hooks(())
    try:
        yield
    finally:
        set_on_retry_hooks(hooks)


def _worth_another_try(problem: Exception) -> bool | float:
    """Whether a read is repeated; a number is the seconds to wait first."""
    if isinstance(problem, RateLimited):
        return problem.retry_after_s if problem.retry_after_s <= LONGEST_RATE_WAIT_S else False
    if isinstance(problem, NeverConnected | NoAnswer):
        return True
    return isinstance(problem, BrazeBroken) and (problem.status or 0) >= 408
