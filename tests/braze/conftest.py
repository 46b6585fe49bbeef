"""A line to a pretend Braze: real sockets, and exactly the bytes a test wants on them."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import stamina
from pydantic import SecretStr

from services.braze.client import BrazeClient

KEY = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
Script = bytes | Callable[[socket.socket], None]


def answer(status: int, body: object, **headers: str) -> bytes:
    """One whole HTTP answer. `body` is JSON, or bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = {"content-type": "application/json", "content-length": str(len(content)), **headers}
    lines = "".join(f"{n.replace('_', '-')}: {v}\r\n" for n, v in head.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + content


class Line:
    """Gives the next scripted answer to each connection and keeps what it was asked."""

    key = KEY

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.script: list[Script] = []
        self.always: Script | None = None
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def answers(self, *script: Script) -> None:
        """What the next connections get."""
        self.script += script

    def says(self, status: int, body: object, **headers: str) -> None:
        """One more whole answer."""
        self.script.append(answer(status, body, **headers))

    def says_always(self, status: int, body: object, **headers: str) -> None:
        """What every connection gets once the script is done."""
        self.always = answer(status, body, **headers)

    def client(self, **more: object) -> BrazeClient:
        kept = {"export_origins": [self.url], "sandbox": True, "poll_s": 0.02, **more}
        return BrazeClient(self.url, SecretStr(KEY), **kept)

    def body(self, n: int = -1) -> dict[str, object]:
        return json.loads(self.asked[n].split(b"\r\n\r\n", 1)[1])

    def targets(self) -> list[str]:
        return [a.split(b" ", 2)[1].decode() for a in self.asked]

    def close(self) -> None:
        # Closing alone does not wake a thread that waits in accept.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                asked = self._whole_request(connection)
                if not asked:
                    continue
                self.asked.append(asked)
                step = self.script.pop(0) if self.script else self.always
                if callable(step):
                    step(connection)
                elif step is not None:
                    connection.sendall(step)

    @staticmethod
    def _whole_request(connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            if not chunk:
                return data
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        size = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        while len(body) < size:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body


@pytest.fixture
def line() -> Iterator[Line]:
    found = Line()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """Retries happen, their waits do not."""
    with stamina.set_testing(True, attempts=4, cap=True):
        yield
