"""Run the sandbox: one process, one port, one home."""

from __future__ import annotations

import fcntl
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from services.errors import Locked, SetupError
from services.messages import msg
from services.sandbox import FOLDER
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.routing.application import application
from services.sandbox.routing.cutting import CuttableProtocol
from services.sandbox.routing.keys import Keys
from services.sandbox.world.worlds import WORLDS, in_mixed_zones

STOP_WAIT_S = 2


def serve(
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
    ready: Callable[[int], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serve a world until SIGTERM or SIGINT. Blocks.

    start           virtual moment at which the simulated history ends and the clock stands still
                    (rate 0) until /_sandbox/clock moves it; None: now, and time runs (rate 1).
                    A home that has a sandbox goes on where it was.
    export_delay_s  real seconds a segment export takes at least
    mixed_zones     people live in five time zones instead of UTC
    ready           called with the port once requests are answered
    stop            set from another thread, it ends the server as SIGTERM does

    Raises Locked where the port or the home is taken, SetupError where the home holds another
    world.
    """
    if world not in WORLDS:
        raise SetupError(
            msg("There is no sandbox world called {world}.", world=world),
            hint=msg("Choose one of: {worlds}.", worlds=", ".join(sorted(WORLDS))),
        )
    folder = home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _listening(host, port) as listener, _only_one(folder):
        began = start.astimezone(UTC) if start is not None else datetime.now(UTC)
        space = Workspace(
            folder,
            in_mixed_zones(WORLDS[world]) if mixed_zones else WORLDS[world],
            n_people=people,
            seed=seed,
            start_s=began.timestamp(),
            live=start is None,
            history_days=history_days,
        )
        try:
            app = application(space, Keys(folder), export_delay_s)
            _run(app, listener, ready, stop or threading.Event())
        finally:
            space.close()


class _Server(uvicorn.Server):
    """Tells when it answers, and leaves signals to `_run`."""

    def __init__(
        self, config: uvicorn.Config, started: Callable[[], None], stop: threading.Event
    ) -> None:
        super().__init__(config)
        self._tell = started
        self._stop = stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell()

    async def on_tick(self, counter: int) -> bool:
        return self._stop.is_set() or await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own version raises the signal again at the end, past every `finally`
        yield


def _run(
    app: Starlette,
    listener: socket.socket,
    ready: Callable[[int], None] | None,
    stop: threading.Event,
) -> None:
    port: int = listener.getsockname()[1]
    config = uvicorn.Config(
        app,
        http=CuttableProtocol,
        ws="none",
        lifespan="off",
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,  # routing/dates.py writes it
        timeout_graceful_shutdown=STOP_WAIT_S,
    )
    server = _Server(config, lambda: ready(port) if ready is not None else None, stop)

    def end(_signal: int, _frame: object) -> None:
        stop.set()

    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {s: signal.signal(s, end) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    # asyncio turns Nagle off only where the protocol is named; else each answer waits 40 ms
    listener = socket.socket(
        socket.AF_INET6 if ":" in host else socket.AF_INET, proto=socket.IPPROTO_TCP
    )
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as problem:
            raise Locked(
                msg("Port {port} of {host} cannot be used.", port=str(port), host=host),
                hint=msg("Stop the program that uses it, or choose another port."),
            ) from problem
        yield listener
    finally:
        listener.close()


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Two servers on one journal would each forget what the other accepted."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise Locked(
                msg("Another sandbox is running on this home."),
                hint=msg("Stop it first, or use another home."),
            ) from problem
        yield
