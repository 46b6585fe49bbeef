"""A real console server over a home, for tests and harnesses that look at it in a browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pages.components.routes import HOME

ROOT = Path(__file__).parents[1]
START_LIMIT_S = 60.0
STOP_LIMIT_S = 10.0
STILL = '[data-testid="stApp"][data-test-script-state="notRunning"]'
SKELETON = '[data-testid="stSkeleton"]'  # stands where a part's own script is still on its way
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NotStarted(Exception):
    """The console did not answer in time, or ended. The text is the end of its log."""


@contextmanager
def served(home: Path, log: Path, *, secrets_file: Path | None = None) -> Iterator[str]:
    """Start a console over `home`, yield its address, stop it. Raises NotStarted."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
    command += ["--server.headless=true", f"--server.port={port}"]
    if secrets_file is not None:
        command.append(f"--secrets.files={secrets_file}")
    environment = os.environ | {"ANNEAL_HOME": str(home)}
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/_stcore/health", process, log)
        yield address
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and end it where it does not."""
    process.terminate()
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def link_to(address: str, key: str, experiment: str | None = None) -> str:
    """Where a page lies. The first one lies at the root: `/experiments` is no page."""
    path = "" if key == HOME else key
    return f"{address}/{path}" + (f"?experiment={experiment}" if experiment else "")


def drawn(page: Any, address: str) -> None:
    """Open an address and wait until the page stands still."""
    page.goto(address)
    page.wait_for_selector(STILL)
    page.wait_for_selector("h1")
    page.wait_for_selector(SKELETON, state="detached")


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if status_of(address) == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise NotStarted(log.read_text()[-2000:])


def status_of(address: str) -> int:
    """HTTP status of a GET, asked directly."""
    try:
        with DIRECT.open(address, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
