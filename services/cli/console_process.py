"""The console as a child process: Streamlit, bound to loopback unless told otherwise."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import services
from services.errors import Locked, SetupError
from services.messages import msg

DEFAULT_PORT = 8501
START_LIMIT_S = 60.0
STOP_LIMIT_S = 10.0
ASK_AGAIN_S = 0.1
PRIVATE = ("ANNEAL_KEY", "ANNEAL_READ_KEY", "ANNEAL_SEND_KEY")
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class RunningConsole:
    """A console that answers at `url`, once `wait_until_up` has returned."""

    url: str
    process: subprocess.Popen[bytes]

    def wait_until_up(self) -> None:
        """Return when it answers. Raises SetupError where it ends or takes too long."""
        _wait_until_up(self)

    def wait(self) -> None:
        """Return when the console has ended."""
        self.process.wait()


@contextmanager
def console_process(
    home: Path, *, port: int = DEFAULT_PORT, address: str = "127.0.0.1", wait: bool = True
) -> Iterator[RunningConsole]:
    """Run the console until the block ends. Its environment holds no key.

    `wait` False does not wait until it answers.

    Raises Locked where the port is in use, SetupError where it does not start.
    """
    _refuse_taken(address, port)
    root = Path(services.__file__).resolve().parents[1]
    environment = {k: v for k, v in os.environ.items() if k not in PRIVATE}
    process = subprocess.Popen(  # noqa: S603
        [
            sys.executable,
            *("-m", "streamlit", "run", str(root / "app.py")),
            *("--server.port", str(port), "--server.address", address),
            *("--server.headless", "true"),
        ],
        cwd=root,
        env=environment | {"ANNEAL_HOME": str(home)},
        stdout=subprocess.DEVNULL,
    )
    running = RunningConsole(f"http://{address}:{port}", process)
    try:
        if wait:
            running.wait_until_up()
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _refuse_taken(address: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as problem:
            raise Locked(
                msg("Port {port} is in use by another program.", port=str(port)),
                hint=msg("Stop that program, or choose another port with --port."),
            ) from problem


def _wait_until_up(running: RunningConsole) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            break
        try:
            with NO_PROXY.open(f"{running.url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(ASK_AGAIN_S)
    raise SetupError(
        msg("The console did not start."),
        hint=msg("Its last words stand above. Run: anneal console."),
    )
