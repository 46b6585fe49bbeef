"""`python -m services.sandbox`: run a sandbox in this process; `process.py` starts it this way."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from services.errors import ConsoleError
from services.sandbox.server import serve

READY = "ready "  # followed by the port, alone on a line of standard output


def main() -> int:
    """Read the options, serve, and say `ready <port>` on standard output."""
    parser = argparse.ArgumentParser(prog="python -m services.sandbox", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--world", default="coffee")
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--history-days", type=int, default=60)
    parser.add_argument("--start", type=_moment, default=None, help="ISO 8601; freezes the clock")
    parser.add_argument("--export-delay-s", type=float, default=0.05)
    parser.add_argument("--mixed-zones", action="store_true")
    options = parser.parse_args()
    try:
        serve(**vars(options), ready=_say_ready)
    except ConsoleError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _say_ready(port: int) -> None:
    sys.stdout.write(f"{READY}{port}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
