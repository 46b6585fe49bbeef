"""How soon the demo is there, and how fast one moves about in it.

python -m tests.benchmarks.demo [--json] [--days 45] [--people 5000] [--switches 3]

Starts `anneal demo` as a person would, waits for its console and for its history, then walks
through every page of the running experiment in Chromium by clicking the links at the top, and times
each from the click until the page stands still.
"""

from __future__ import annotations

import argparse
import json
import queue
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

from tests.chromium import CHROMIUM, CHROMIUM_ARGUMENTS

OPEN_WITHIN_S = 20.0
HISTORY_WITHIN_S = 120.0
SWITCH_WITHIN_S = 1.0
GIVE_UP_S = 900.0
COMPLETE = "History complete"
STILL = '[data-testid="stApp"][data-test-script-state="notRunning"]'
LINKS = '[data-testid="stTopNavLink"]'
LOOK_EVERY_MS = 10
RUN = "from services.cli.main import run; run()"


def main() -> int:
    """Measure, print, and say by the exit status whether every target is met."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--json", action="store_true")
    asked.add_argument("--days", type=int, default=45)
    asked.add_argument("--people", type=int, default=5_000)
    asked.add_argument("--switches", type=int, default=3, help="rounds through all pages")
    options = asked.parse_args()
    home = Path(tempfile.mkdtemp())
    try:
        figures = measure(home, options.days, options.people, options.switches)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    holds = (
        figures["open_s"] <= OPEN_WITHIN_S
        and figures["history_s"] <= HISTORY_WITHIN_S
        and figures["switch_median_s"] <= SWITCH_WITHIN_S
        and figures["switch_slowest_page_s"] <= SWITCH_WITHIN_S
    )
    result = {
        "name": "demo",
        "figures": figures,
        "targets": {
            "open_s": OPEN_WITHIN_S,
            "history_s": HISTORY_WITHIN_S,
            "switch_median_s": SWITCH_WITHIN_S,
            "switch_slowest_page_s": SWITCH_WITHIN_S,
        },
        "holds": holds,
    }
    print(json.dumps(result) if options.json else json.dumps(result, indent=2))
    return 0 if holds else 1


def measure(home: Path, days: int, people: int, rounds: int) -> dict[str, Any]:
    """Seconds to the open console and to the end of history, and those of each page switch."""
    port = _free_port()
    begun = time.monotonic()
    command = [sys.executable, "-c", RUN, "demo", "--home", str(home / "demo")]
    command += ["--port", str(port), "--days", str(days), "--people", str(people)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        try:
            lines = _lines(demo.stdout)
            _wait_open(port, begun)
            opened = time.monotonic() - begun
            _wait_said(lines, COMPLETE, begun)
            complete = time.monotonic() - begun
            pages = walk(f"http://127.0.0.1:{port}", rounds)
        finally:
            demo.send_signal(signal.SIGINT)
            try:
                demo.wait(30)
            except subprocess.TimeoutExpired:
                demo.kill()
    medians = {name: statistics.median(seconds) for name, seconds in pages.items()}
    return {
        "open_s": round(opened, 2),
        "history_s": round(complete, 1),
        "switch_median_s": round(statistics.median(medians.values()), 3),
        "switch_slowest_page_s": round(max(medians.values()), 3),
        "pages": {name: round(seconds, 3) for name, seconds in medians.items()},
    }


def walk(address: str, rounds: int) -> dict[str, list[float]]:
    """Seconds of each switch by page; the first round warms the caches and does not count."""
    from playwright.sync_api import sync_playwright

    found: dict[str, list[float]] = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address)
        page.wait_for_selector("h1", timeout=30_000)
        page.wait_for_selector(STILL, timeout=30_000)
        for turn in range(rounds + 1):
            for i in range(page.locator(LINKS).count()):
                link = page.locator(LINKS).nth(i)
                name = link.inner_text().strip().splitlines()[-1]
                before = page.url.split("?")[0]
                if page.evaluate("a => a.href.split('?')[0]", link.element_handle()) == before:
                    continue
                begun = time.monotonic()
                link.click()
                page.wait_for_function(
                    "before => location.href.split('?')[0] !== before", arg=before
                )
                page.wait_for_timeout(LOOK_EVERY_MS)
                page.wait_for_selector(f"{STILL} h1", timeout=30_000)
                if turn:
                    found.setdefault(name, []).append(time.monotonic() - begun)
        browser.close()
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _lines(stream: IO[str] | None) -> queue.Queue[str]:
    said: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in stream or ():
            said.put(line)

    threading.Thread(target=read, daemon=True).start()
    return said


def _wait_open(port: int, begun: float) -> None:
    while time.monotonic() - begun < GIVE_UP_S:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit("the console did not open")


def _wait_said(lines: queue.Queue[str], what: str, begun: float) -> None:
    while time.monotonic() - begun < GIVE_UP_S:
        try:
            if what in lines.get(timeout=1.0):
                return
        except queue.Empty:
            continue
    raise SystemExit("the history was not completed")


if __name__ == "__main__":
    sys.exit(main())
