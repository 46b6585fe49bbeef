"""A sandbox in a child process, for the demo and for tests."""

from __future__ import annotations

import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.errors import Locked, SetupError
from services.messages import msg
from services.sandbox import FOLDER
from services.sandbox.routing.keys import CONSOLE_FILE, EVERYTHING_FILE

READY = "ready "
START_WAIT_S = 300.0  # a million people take half a minute of an idle core
STOP_WAIT_S = 10.0


@dataclass
class SandboxProcess:
    """A running sandbox: its base URL, its keys and the child behind it.

    `key` has the permissions the console needs; `full_key` has every one there is.
    """

    url: str
    key: str
    full_key: str
    port: int
    child: subprocess.Popen[str]

    def stop(self) -> None:
        """Ask it to end, and end it where it does not."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(STOP_WAIT_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self._close()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.child.kill()
        self.child.wait()
        self._close()

    def _close(self) -> None:
        for stream in (self.child.stdout, self.child.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def running(
    home: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    world: str = "coffee",
    people: int = 5_000,
    seed: int = 0,
    history_days: int = 60,
    start: datetime | None = None,
    export_delay_s: float = 0.05,
    mixed_zones: bool = False,
    wait_s: float = START_WAIT_S,
) -> Iterator[SandboxProcess]:
    """Start a sandbox on a home, wait until it answers, and stop it at the end.

    The options are those of `server.serve`. Raises Locked where the port or the home is taken,
    SetupError where it does not start within `wait_s`.
    """
    sandbox = launch(
        home,
        host=host,
        port=port,
        world=world,
        people=people,
        seed=seed,
        history_days=history_days,
        start=start,
        export_delay_s=export_delay_s,
        mixed_zones=mixed_zones,
        wait_s=wait_s,
    )
    try:
        yield sandbox
    finally:
        sandbox.stop()


def launch(
    home: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    world: str = "coffee",
    people: int = 5_000,
    seed: int = 0,
    history_days: int = 60,
    start: datetime | None = None,
    export_delay_s: float = 0.05,
    mixed_zones: bool = False,
    wait_s: float = START_WAIT_S,
) -> SandboxProcess:
    """As `running`, for callers that call `stop` themselves."""
    options: dict[str, object] = {
        "home": home,
        "host": host,
        "port": port,
        "world": world,
        "people": people,
        "seed": seed,
        "history-days": history_days,
        "export-delay-s": export_delay_s,
    }
    if start is not None:
        options["start"] = start.isoformat()
    command = [sys.executable, "-m", "services.sandbox"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    if mixed_zones:
        command.append("--mixed-zones")
    child = subprocess.Popen(  # noqa: S603 (our own module, no shell)
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    line = _first_line(child, wait_s)
    if not line.startswith(READY):
        _give_up(child)
    bound = int(line.removeprefix(READY))
    key, full_key = (
        (home / FOLDER / name).read_text(encoding="ascii").strip()
        for name in (CONSOLE_FILE, EVERYTHING_FILE)
    )
    return SandboxProcess(f"http://{host}:{bound}", key, full_key, bound, child)


def _first_line(child: subprocess.Popen[str], wait_s: float) -> str:
    """The child's first line, or nothing where it ended or took too long."""
    if child.stdout is None:
        return ""
    deadline = time.monotonic() + wait_s
    with selectors.DefaultSelector() as waiting:
        waiting.register(child.stdout, selectors.EVENT_READ)
        if waiting.select(max(0.0, deadline - time.monotonic())):
            return child.stdout.readline()
    return ""


def _give_up(child: subprocess.Popen[str]) -> None:
    ended = child.poll() is not None or child.stdout is None
    child.kill()
    _, said = child.communicate()
    reason = said.strip().splitlines()[-1] if said.strip() else ""
    what = msg("The sandbox did not start: {reason}", reason=reason or "no answer in time")
    raise (Locked if "cannot be used" in reason or "is running" in reason else SetupError)(
        what, hint=None if ended or reason else msg("Start it with fewer people.")
    )
