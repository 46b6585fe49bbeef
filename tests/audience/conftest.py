"""A workspace on paper: profiles by segment, exported over real HTTP."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from services.braze.client import BrazeClient
from services.clock import FixedClock
from services.database.engine import Database
from services.lake import Lake


class PaperBraze:
    """`segments`: id → profiles; `gone`: profiles in no segment. Answers exports only."""

    def __init__(self) -> None:
        self.segments: dict[str, list[dict[str, Any]]] = {}
        self.gone: list[dict[str, Any]] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def client(self) -> BrazeClient:
        return BrazeClient(
            self.url, SecretStr("k-1"), sandbox=True, export_origins=[self.url], poll_s=0.01
        )

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _zip_of(self, segment_id: str) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("0.txt", "".join(json.dumps(p) + "\n" for p in self.segments[segment_id]))
        return out.getvalue()

    def _everybody(self) -> dict[str, dict[str, Any]]:
        rows = [p for some in self.segments.values() for p in some] + self.gone
        return {p["external_id"]: p for p in rows}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        paper = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                paper.asked.append((self.path, body))
                if self.path == "/users/export/segment":
                    self._say(201, {"url": f"{paper.url}/{body['segment_id']}.zip"})
                else:
                    known = paper._everybody()
                    found = [known[i] for i in body["external_ids"] if i in known]
                    self._say(201, {"users": found})

            def do_GET(self) -> None:
                self._send(200, paper._zip_of(self.path[1:].removesuffix(".zip")))

            def _say(self, status: int, answer: dict[str, Any]) -> None:
                self._send(status, json.dumps({**answer, "message": "success"}).encode())

            def _send(self, status: int, content: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def paper() -> Iterator[PaperBraze]:
    found = PaperBraze()
    yield found
    found.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database.temporary(tmp_path / "state.sqlite")
    yield found
    found.close()


@pytest.fixture
def lake(tmp_path: Path, database: Database) -> Lake:
    return Lake(tmp_path / "facts", database)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 4, 6, 0, tzinfo=UTC))
