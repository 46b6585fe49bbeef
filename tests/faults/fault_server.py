"""A server that says exactly the bytes it is told to, as slowly as it is told to."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable

Script = Callable[[socket.socket, str, int], None]  # connection, path asked, how many before it


class FaultServer:
    """Listens on loopback; `script` answers every connection; `n_asked` counts them."""

    def __init__(self) -> None:
        self.script: Script = lambda connection, path, n: None
        self.n_asked = 0
        self.paths: list[str] = []
        self.heads: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def begin(self, script: Script) -> None:
        """Forget what was asked and answer with `script` from now on."""
        self.script, self.n_asked, self.paths, self.heads = script, 0, [], []

    def close(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, ValueError):
            connection.settimeout(3)
            head = _whole_request(connection)
            path = head.split(b" ", 2)[1].split(b"?")[0].decode()
            self.heads.append(head)
            self.paths.append(path)
            n, self.n_asked = self.n_asked, self.n_asked + 1
            self.script(connection, path, n)


def drip(connection: socket.socket, data: bytes, gap_s: float, for_s: float) -> None:
    """Send `data` again and again, a byte at a time, for at most `for_s` seconds."""
    until = time.monotonic() + for_s
    while time.monotonic() < until:
        for i in range(len(data)):
            connection.sendall(data[i : i + 1])
            time.sleep(gap_s)
            if time.monotonic() > until:
                return


def _whole_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65_536)
        if not chunk:
            raise ValueError("no request")
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    size = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            size = int(line.split(b":")[1])
    while len(body) < size:
        chunk = connection.recv(65_536)
        if not chunk:
            raise ValueError("cut off")
        body += chunk
    return head
