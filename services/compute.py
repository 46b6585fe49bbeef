"""The seam to scale: the same pure functions on one core, on all, or on a cluster.

`decide`, `learn` and `aggregate` are pure functions over partitions. Which executor maps them
changes how long it takes and nothing else: results come back in the order of the items.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Compute(Protocol):
    """Maps a picklable pure function over partitions."""

    def map(self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Results in the order of `items`."""
        ...


class Serial:
    """One partition after the other, in this process."""

    def map(self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Results in the order of `items`."""
        return [work(item) for item in items]


class OnExecutor:
    """Any `concurrent.futures.Executor`, such as `dask.distributed`'s `Client.get_executor()`."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def map(self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Results in the order of `items`."""
        return list(self._executor.map(work, items))


def processes(n: int | None = None) -> OnExecutor:
    """A pool of `n` processes (default: one a core), started fresh so that no lock is inherited."""
    workers = n or os.cpu_count() or 1
    return OnExecutor(ProcessPoolExecutor(workers, mp_context=get_context("spawn")))
