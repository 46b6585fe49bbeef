"""A real sandbox server and a client of it, for the tests of this folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from services.sandbox.server import serve

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday


class Wire:
    """One sandbox and a client of it."""

    def __init__(self, home: Path, url: str, key: str) -> None:
        self.home = home
        self.url = url
        self.key = key
        self.client = httpx.Client(base_url=url, timeout=20)
        self.world = self.client.get("/_sandbox/world").json()

    def get(self, path: str, *, key: str | None = None, **query: object) -> httpx.Response:
        return self.client.get(path, params=query, headers=self._headers(key))

    def post(self, path: str, body: object, key: str | None = None) -> httpx.Response:
        return self.client.post(path, json=body, headers=self._headers(key))

    def control(self, path: str, **body: object) -> dict:
        answer = self.client.post(f"/_sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def campaign(self, name: str) -> str:
        return next(c["id"] for c in self.world["all_campaigns"] if c["key"] == name)

    def canvas(self, name: str) -> str:
        return next(c["id"] for c in self.world["all_canvases"] if c["key"] == name)

    def segment(self, name: str) -> str:
        return next(s["id"] for s in self.world["segments"] if s["key"] == name)

    def trigger(
        self, people: list[str], properties: dict | None = None, campaign: str = "offer_email"
    ) -> httpx.Response:
        recipients = [{"external_user_id": p, "send_to_existing_only": True} for p in people]
        for recipient in recipients:
            recipient["trigger_properties"] = properties or {}
        return self.post(
            "/campaigns/trigger/send",
            {"campaign_id": self.campaign(campaign), "broadcast": False, "recipients": recipients},
        )

    def truth(self) -> dict:
        return self.client.get("/_sandbox/truth").json()

    def profiles(self, people: list[str], *fields: str) -> dict[str, dict]:
        body = {"external_ids": people, "fields_to_export": ["external_id", *fields]}
        users = self.post("/users/export/ids", body).json()["users"]
        return {user["external_id"]: user for user in users}

    def reachable(self, n: int, channel: str = "email") -> list[str]:
        """The first `n` people who can get a message on a channel."""
        ids = [f"coffee-{i:07d}" for i in range(400)]
        answer = self.control("truth/values", external_ids=ids, combinations=[])
        return [i for i, ok in zip(ids, answer["reachable"][channel], strict=True) if ok][:n]

    def _headers(self, key: str | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key if key is None else key}"}


@contextmanager
def serving(home: Path, **options: object) -> Iterator[Wire]:
    """Serve a small world in a thread of this process: real HTTP without the start of a child."""
    chosen = {"people": 600, "history_days": 10, "start": START, **options}
    answering, stop, ports, problems = threading.Event(), threading.Event(), [], []

    def ready(port: int) -> None:
        ports.append(port)
        answering.set()

    def run() -> None:
        try:
            serve(home, ready=ready, stop=stop, **chosen)
        except Exception as problem:
            problems.append(problem)
            answering.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert answering.wait(60)
    if problems:
        thread.join()
        raise problems[0]
    wire = Wire(home, f"http://127.0.0.1:{ports[0]}", (home / "sandbox/key").read_text())
    try:
        yield wire
    finally:
        wire.client.close()
        stop.set()
        thread.join(20)
