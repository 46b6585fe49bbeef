"""A time by which a whole answer must be there, however slowly its bytes drip.

Time-outs of HTTP libraries begin anew with every byte. Here each wait for the line is cut to what
is left of the time for the whole request, head and body.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore

_until_s: ContextVar[float | None] = ContextVar("until_s", default=None)


@contextmanager
def answered_by(until_s: float) -> Iterator[None]:
    """Whatever is asked in this block of this thread ends by `until_s` on the monotonic clock."""
    before = _until_s.set(until_s)
    try:
        yield
    finally:
        _until_s.reset(before)


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    until_s = _until_s.get()
    if until_s is None:
        return timeout
    left_s = until_s - time.monotonic()
    if left_s <= 0:
        raise late
    return left_s if timeout is None else min(timeout, left_s)


class TimelyBackend(httpcore.NetworkBackend):
    """Connects as httpcore does, and lets no connection outlast its deadline."""

    def __init__(self) -> None:
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """One connection."""
        timeout = _left(timeout, httpcore.ConnectTimeout)
        return _Timely(self._plain.connect_tcp(host, port, timeout, local_address, socket_options))


class _Timely(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        timeout = _left(timeout, httpcore.ConnectTimeout)
        return _Timely(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
