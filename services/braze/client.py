"""The one place that speaks HTTP. Everything it learns is worked out in `wire`, without a network.

Reads are retried, with growing waits. Sends and `users/track` are put on the wire once: Braze has
no idempotency key for them, so that only the caller, who keeps the ledger, may ask again. No
connection is kept open between requests: a stale one would turn certain failures into doubtful
ones.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import IO, Any, TypeVar

import httpx
import orjson
from pydantic import SecretStr

from services.braze.deadline import TimelyBackend, answered_by
from services.braze.export_origins import ExportOrigins
from services.braze.limits import Family, RateWindow, family_of, read_window
from services.braze.notes import take_note
from services.braze.opaque import bare
from services.braze.origins import allowed_endpoint
from services.braze.retrying import read_again
from services.braze.silence import (
    EXPORT_FILE,
    checked_key,
    never_connected,
    no_answer,
)
from services.braze.unpacking import body
from services.braze.wire import decipher, redact
from services.clock import Clock
from services.errors import BrazeError

CONNECT_S = 5.0
READ_S = 60.0  # a short one manufactures doubts: Braze may have accepted and be slow to say so
WAIT_FOR_SLOT_S = 10.0
MAX_REQUESTS_AT_ONCE = 32
MAX_ANSWER_BYTES = 32 * 1024 * 1024  # fifty whole profiles are far below; protects the worker

NOT_READY = frozenset({403, 404})  # of an export's file: S3 says 403, others 404

T = TypeVar("T")


class BrazeClient:
    """Speaks to one workspace of one instance with one key. Safe to share between threads.

    `export_origins` are the origins (`https://host`) export files may be fetched from; in the
    sandbox that is the sandbox itself. `on_window` is told what each answer says about its rate
    window.

    Raises SetupError where the address is not Braze's or there is no usable key.
    """

    def __init__(
        self,
        base_url: str,
        key: SecretStr | None,
        *,
        export_origins: Sequence[str] = (),
        sandbox: bool = False,
        poll_s: float = 2.0,
        on_window: Callable[[Family, RateWindow], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.base_url = allowed_endpoint(base_url, sandbox=sandbox)
        self.sandbox = sandbox
        self.poll_s = poll_s
        self.export_origins = ExportOrigins(export_origins, sandbox=sandbox)
        self._key = checked_key(key)
        self._on_window = on_window
        self._clock = clock
        for chatty in ("httpx", "httpcore"):  # they log headers, and with them what Braze echoes
            logging.getLogger(chatty).setLevel(logging.WARNING)
        self._http = httpx.Client(
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S, pool=WAIT_FOR_SLOT_S),
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": "anneal", "Accept-Encoding": "identity"},
            transport=_timely_transport(),
        )

    def __repr__(self) -> str:
        return f"BrazeClient({self.base_url})"

    def __enter__(self) -> BrazeClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def shares_key_with(self, other: BrazeClient) -> bool:
        """Whether two clients are the same caller for Braze."""
        return self._key == other._key

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def get(self, path: str, **parameters: object) -> dict[str, Any]:
        """Read with GET, retried. Parameters that are None are left out; booleans become
        true/false.

        Raises BrazeError.
        """
        query = {name: _in_query(v) for name, v in parameters.items() if v is not None}
        return read_again(lambda: self._once("GET", path, query=query))

    def read(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Read with POST, as exports are, retried. Raises BrazeError."""
        return read_again(lambda: self._once("POST", path, body=body))

    def write(
        self,
        path: str,
        body: Mapping[str, object],
        *,
        guard: Callable[[], None] | None = None,
        must_confirm: bool = True,
    ) -> dict[str, Any]:
        """Change something with POST: once, never retried. `guard` runs just before the first byte.

        Raises BrazeError, and whatever `guard` raises to call the request off.
        """
        return self._once("POST", path, body=body, guard=guard, must_confirm=must_confirm)

    def download(self, url: str, into: IO[bytes], *, deadline_s: float, max_bytes: int) -> bool:
        """Fetch an export's file. False where it is not there yet.

        Neither the key nor a redirect goes along. `deadline_s` is on the monotonic clock.

        Raises DataError where the address is not an allowed one, BrazeError where fetching fails.
        """
        place = self.export_origins.checked(url)
        request = self._http.build_request(
            "GET", place.url, headers={"Host": place.host}, extensions=place.extensions
        )

        def keep(answer: httpx.Response) -> int:
            if answer.status_code == 200:
                for chunk in _body(answer, EXPORT_FILE, max_bytes):
                    into.write(chunk)
            return answer.status_code

        until_s = max(deadline_s, time.monotonic() + CONNECT_S)
        answer, _ = self._fetch(request, EXPORT_FILE, keep, until_s)
        if answer.status_code in NOT_READY:
            return False
        if answer.status_code != 200:
            self._deciphered(answer, b"", EXPORT_FILE)
        return True

    def _once(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        guard: Callable[[], None] | None = None,
        must_confirm: bool = False,
    ) -> dict[str, Any]:
        request = self._http.build_request(
            method,
            self.base_url + path,
            params=query or None,
            content=None if body is None else orjson.dumps(body),
            headers={} if body is None else {"Content-Type": "application/json"},
        )
        if guard is not None:
            request.extensions = {**request.extensions, "trace": _before_first_byte(guard)}
        began_s = time.monotonic()
        answer, content = self._fetch(
            request,
            path,
            lambda found: self._without_key(b"".join(_body(found, path, MAX_ANSWER_BYTES))),
            began_s + CONNECT_S + READ_S,
            auth=_Bearer(self._key),
        )
        window = read_window(answer.headers, now_s=self._now_s())
        if self._on_window is not None:
            self._on_window(family_of(path), window)
        take_note(path, answer.status_code, answer.headers, window, took_s=_since(began_s))
        try:
            return self._deciphered(answer, content, path, must_confirm=must_confirm)
        finally:
            del content  # where this raises, reporters of errors print the variables

    def _deciphered(
        self, answer: httpx.Response, content: bytes, path: str, *, must_confirm: bool = False
    ) -> dict[str, Any]:
        headers = {name: redact(value, self._key) for name, value in answer.headers.items()}
        try:
            return decipher(
                answer.status_code,
                headers,
                content,
                now_s=self._now_s(),
                endpoint=path,
                must_confirm=must_confirm,
                key=self._key,
            )
        except BrazeError as problem:
            refusal = bare(problem)
        finally:
            del content
        raise refusal

    def _fetch(
        self,
        request: httpx.Request,
        endpoint: str,
        consume: Callable[[httpx.Response], T],
        until_s: float,
        auth: httpx.Auth | None = None,
    ) -> tuple[httpx.Response, T]:
        """Put one request on the wire and read its answer, by `until_s` at the latest.

        Only our own errors come out.
        """
        try:
            with answered_by(until_s):
                answer = self._http.send(request, stream=True, auth=auth)
                with closing(answer):
                    return answer, consume(answer)
        except BrazeError as problem:
            raise bare(problem) from None
        except httpx.RequestError as problem:
            # A copy without the original's frames and request: both hold the key.
            cause = type(problem)(redact(str(problem), self._key))
        except httpx.StreamError as problem:
            cause = httpx.ReadError(str(problem))
        # Raised out of the handler: inside it the original would stay attached as the context.
        raise self._translated(cause, endpoint) from cause

    def _translated(self, cause: httpx.RequestError, endpoint: str) -> BrazeError:
        if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
            return never_connected(endpoint, self.base_url, sandbox=self.sandbox)
        return no_answer(endpoint, slow=isinstance(cause, httpx.TimeoutException))

    def _without_key(self, content: bytes) -> bytes:
        if self._key.get_secret_value().encode() not in content:
            return content
        return redact(content.decode("utf-8", "replace"), self._key).encode()

    def _now_s(self) -> float:
        return time.time() if self._clock is None else self._clock.now().timestamp()


class _Bearer(httpx.Auth):
    """Adds the key at the last moment, so that no request we hold carries it before."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        yield request


def _body(answer: httpx.Response, endpoint: str, max_bytes: int) -> Iterator[bytes]:
    return body(answer.iter_raw(), answer.headers.get("content-encoding", ""), endpoint, max_bytes)


def _timely_transport() -> httpx.HTTPTransport:
    """Connections are httpx's own, but for how long they may take in all."""
    transport = httpx.HTTPTransport(
        limits=httpx.Limits(max_connections=MAX_REQUESTS_AT_ONCE, max_keepalive_connections=0),
        trust_env=False,
    )
    transport._pool._network_backend = TimelyBackend()  # httpx has no argument for it
    return transport


def _before_first_byte(guard: Callable[[], None]) -> Callable[[str, object], None]:
    """Run `guard` when the connection stands and before anything of the request is on it."""

    def watch(event: str, _info: object) -> None:
        if event.endswith("send_request_headers.started"):
            guard()

    return watch


def _since(began_s: float) -> float:
    return time.monotonic() - began_s


def _in_query(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
