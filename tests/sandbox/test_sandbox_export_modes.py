"""The ways a segment export can go: a file, a bucket, cancelled, expired, called back."""

from __future__ import annotations

import gzip
import http.server
import io
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import orjson
import pytest
from sandbox_wire import Wire


def start(wire: Wire, segment: str = "everyone", **more: object) -> httpx.Response:
    body = {"segment_id": wire.segment(segment), "fields_to_export": ["external_id"], **more}
    return wire.post("/users/export/segment", body)


def until(found, seconds: float = 15):
    """The first true answer of `found`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = found()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError("it never came")


def ready(url: str) -> bytes:
    def fetched() -> bytes | None:
        answer = httpx.get(url)
        return answer.content if answer.status_code == 200 else None

    return until(fetched)


def objects(wire: Wire) -> list[str]:
    state = wire.client.get("/_sandbox/exports").json()
    return state["bucket"] if not state["running"] else []


def ids(content: bytes) -> set[str]:
    return {orjson.loads(line)["external_id"] for line in content.splitlines()}


def test_even_a_small_segment_comes_in_several_files(shared: Wire):
    with zipfile.ZipFile(io.BytesIO(ready(start(shared).json()["url"]))) as archive:
        parts = [ids(archive.read(name)) for name in archive.namelist()]
    assert len(parts) > 1
    assert len(set().union(*parts)) == sum(map(len, parts)) == 600


def test_with_a_bucket_of_its_own_there_is_no_url_and_one_object_a_file(wire: Wire):
    wire.control("exports", own_bucket=True)
    answer = start(wire).json()
    assert set(answer) == {"object_prefix", "message"}
    keys = until(lambda: objects(wire))
    prefix, segment = re.escape(answer["object_prefix"]), wire.segment("everyone")
    form = rf"segment-export/{segment}/2026-03-02/{prefix}/[0-9a-f]+\.zip"
    assert all(re.fullmatch(form, key) for key in keys)
    found = set()
    for key in keys:
        with zipfile.ZipFile(wire.home / "sandbox/bucket" / key) as archive:
            found |= ids(archive.read(archive.namelist()[0]))
    assert len(found) == 600


def test_gzip_matters_in_a_bucket_only(wire: Wire):
    assert ready(start(wire, output_format="gzip").json()["url"])[:2] == b"PK"
    wire.control("exports", own_bucket=True)
    start(wire, output_format="gzip")
    keys = until(lambda: objects(wire))
    assert all(key.endswith(".gz") for key in keys)
    whole = [gzip.decompress((wire.home / "sandbox/bucket" / key).read_bytes()) for key in keys]
    assert len(set().union(*map(ids, whole))) == 600


def test_the_prefix_ends_in_the_second_of_the_request(shared: Wire):
    now_s = shared.client.get("/_sandbox/clock").json()["now_s"]
    assert start(shared, "app").json()["object_prefix"].rsplit("-", 1)[1] == str(int(now_s))


def test_a_cancelled_export_never_comes_and_makes_room_for_the_next(wire: Wire):
    wire.control("exports", delay_s=30)
    url = start(wire).json()["url"]
    assert start(wire).status_code == 429
    cancelled = wire.post("/export/segment/cancel", {"segment_id": wire.segment("everyone")})
    assert (cancelled.status_code, cancelled.json()) == (201, {"message": "success"})
    wire.control("exports", delay_s=0)
    again = until(lambda: (a := start(wire)).status_code == 201 and a)
    assert ready(again.json()["url"])
    assert "AccessDenied" in httpx.get(url).text
    assert not list((wire.home / "sandbox/exports").glob("*.part"))


def test_cancelling_what_does_not_run_is_no_error_but_an_unknown_segment_is(shared: Wire):
    idle = shared.post("/export/segment/cancel", {"segment_id": shared.segment("gold_city")})
    assert idle.status_code == 201
    unknown = shared.post("/export/segment/cancel", {"segment_id": "nothing"})
    assert unknown.status_code == 400


def test_before_its_time_access_is_denied_and_afterwards_the_token_has_expired(wire: Wire):
    url = start(wire).json()["url"]
    ready(url)
    wire.control("exports", delay_s=30)
    assert "<Code>AccessDenied</Code>" in httpx.get(start(wire).json()["url"]).text
    wire.control("clock", advance_s=4 * 3600 + 1)
    late = httpx.get(url)
    assert late.status_code == 403
    assert late.headers["content-type"].startswith("application/xml")
    assert "<Code>ExpiredToken</Code>" in late.text


@contextmanager
def listening() -> Iterator[tuple[str, list[dict]]]:
    got: list[dict] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append({"path": self.path, **orjson.loads(body)})
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_whoever_asks_to_be_called_back_is_called_once_with_the_address(wire: Wire):
    with listening() as (base, got):
        url = start(wire, callback_endpoint=f"{base}/ready?for=x").json()["url"]
        until(lambda: got)
        assert got == [{"path": "/ready?for=x", "success": True, "url": url}]
        wire.control("exports", own_bucket=True)
        start(wire, "app", callback_endpoint=f"{base}/bucket")
        until(lambda: len(got) == 2)
        assert got[1] == {"path": "/bucket", "success": True}


@pytest.mark.parametrize("endpoint", ["https://example.com/x", "ftp://127.0.0.1/x", "http://[", ""])
def test_a_callback_to_elsewhere_is_noted_and_not_made(wire: Wire, endpoint: str):
    ready(start(wire, callback_endpoint=endpoint).json()["url"])
    noted = until(lambda: wire.client.get("/_sandbox/exports").json()["callbacks"])
    assert [(n["endpoint"], n["status"]) for n in noted] == [(endpoint, None)]


@pytest.mark.parametrize(
    "more",
    [
        {"fields_to_export": None},
        {"fields_to_export": "email"},
        {"output_format": "csv"},
        {"callback_endpoint": 7},
        {"custom_attributes_to_export": "tier"},
        {"custom_attributes_to_export": [f"a{i}" for i in range(501)]},
        {"segment_id": "nothing"},
        {"segment_id": None},
    ],
)
def test_a_request_that_cannot_be_meant_is_refused(shared: Wire, more: dict):
    assert start(shared, **more).status_code == 400


def test_all_custom_attributes_beat_single_ones_and_unknown_fields_are_ignored(shared: Wire):
    fields = ["external_id", "custom_attributes", "no_such_field"]
    url = start(
        shared, "regulars", fields_to_export=fields, custom_attributes_to_export=["tier"]
    ).json()["url"]
    with zipfile.ZipFile(io.BytesIO(ready(url))) as archive:
        people = [orjson.loads(x) for n in archive.namelist() for x in archive.read(n).splitlines()]
    assert {name for one in people for name in one} == {"external_id", "custom_attributes"}
    assert max(len(one["custom_attributes"]) for one in people) > 5
