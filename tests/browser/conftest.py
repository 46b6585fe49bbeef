"""A real console server and a real Chromium. Without one, every test here skips and says why."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
START_LIMIT_S = 60.0
STOP_LIMIT_S = 10.0
DRAW_LIMIT_MS = 30_000
STILL = '[data-testid="stApp"][data-test-script-state="notRunning"]'
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def page(chromium: object) -> Iterator[object]:
    """A fresh tab: 1280 wide, light, English."""
    context = chromium.new_context(  # type: ignore[attr-defined]
        viewport={"width": 1280, "height": 900}, color_scheme="light", locale="en-US"
    )
    context.set_default_timeout(DRAW_LIMIT_MS)
    yield context.new_page()
    context.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start a console over a home; returns its address. Stops it after the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(home: Path, *, secrets: str = "") -> str:
        port = free_port()
        command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
        command += ["--server.headless=true", f"--server.port={port}"]
        if secrets:
            file = tmp_path / "secrets.toml"
            file.write_text(secrets)
            command.append(f"--secrets.files={file}")
        environment = os.environ | {"ANNEAL_HOME": str(home)}
        with (tmp_path / "console.log").open("wb") as log:
            running.append(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
            )
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/_stcore/health", running[-1], tmp_path / "console.log")
        return address

    yield start
    for process in running:
        process.terminate()
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server answers, or it has ended, or the limit is over."""
    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if status_of(address) == 200:
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the console did not start: {log.read_text()[-2000:]}")


def status_of(address: str) -> int:
    """HTTP status of a GET, asked directly."""
    try:
        with DIRECT.open(address, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
