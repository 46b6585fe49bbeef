"""What a request must look like before anybody handles it, and what every answer carries."""

from __future__ import annotations

import gzip
import re
import uuid
from email.utils import parsedate_to_datetime

import httpx
import pytest
from sandbox_wire import Wire

NOT_JSON = {"error": "Error while parsing request body. Please check your syntax."}
MOST_BYTES = 10 * 1024 * 1024


def raw(wire: Wire, content: bytes, kind: str | None = "application/json") -> httpx.Response:
    headers = {"Authorization": f"Bearer {wire.key}"}
    if kind is not None:
        headers["Content-Type"] = kind
    return wire.client.post("/users/track", content=content, headers=headers)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"{'attributes': []}",
        b'{"attributes": [],}',
        b'{"attributes": [] // none\n}',
        b'{{"attributes": []}}',
        b'{"attributes": NaN}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        gzip.compress(b'{"attributes": []}', mtime=0),
    ],
)
def test_a_body_that_is_no_json_object_comes_back_under_error(shared: Wire, content: bytes):
    answer = raw(shared, content)
    assert answer.status_code == 400
    assert answer.json() == NOT_JSON


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json; charset=utf-8", 400),
        ("Application/JSON", 400),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonp", 415),
        (None, 415),
    ],
)
def test_only_json_is_read(shared: Wire, kind: str | None, status: int):
    answer = raw(shared, b"{}", kind)
    assert answer.status_code == status
    assert ("Valid data" if status == 400 else "Unsupported Media Type") in answer.json()["message"]


def test_ten_megabytes_are_read_and_one_byte_more_is_too_large(shared: Wire):
    def padded(size: int) -> bytes:
        return b'{"note": "' + b"x" * (size - 12) + b'"}'

    assert raw(shared, padded(MOST_BYTES)).status_code == 400  # read, and found wanting
    too_large = raw(shared, padded(MOST_BYTES + 1))
    assert (too_large.status_code, too_large.json()) == (413, {"message": "Payload Too Large"})
    assert shared.get("/segments/list").status_code == 200  # the connection goes on


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/segments/list", "/users/track"])
def test_a_wrong_method_is_no_such_path(shared: Wire, method: str, path: str):
    headers = {"Authorization": f"Bearer {shared.key}"}
    answer = shared.client.request(method, path, headers=headers)
    assert answer.status_code == 404
    assert int(answer.headers["x-ratelimit-remaining"]) > 0


def test_checks_come_in_the_documented_order(wire: Wire):
    """Each request is wrong in everything from some check on: the first check answers."""
    track = "/users/track"
    limited = wire.control("keys", permissions=["users.track"], addresses=["203.0.113.9"])["key"]
    without = wire.control("keys", permissions=["segments.list"])["key"]
    wire.control("limits", family="track", allowance=0)

    def status(key: str, path: str = track) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return wire.client.post(path, content=b"{", headers=headers).status_code

    assert status("nobody", "/nowhere") == 401
    assert wire.client.post(track, content=b"{", headers={}).status_code == 401
    assert wire.post(track, {}, key=limited).json() == {"message": "Invalid whitelisted IPs"}
    assert status(without) == 403
    assert status(wire.key, "/nowhere") == 404
    assert status(wire.key) == 429
    wire.control("limits", family="track", allowance=9)
    assert status(wire.key) == 415
    assert raw(wire, b"{").status_code == 400


def test_every_answer_says_which_it_is_how_long_it_took_and_when(shared: Wire):
    for answer in (shared.get("/segments/list"), shared.get("/nowhere"), raw(shared, b"{")):
        uuid.UUID(answer.headers["x-request-id"])
        assert float(answer.headers["x-runtime"]) < 60
        assert answer.headers["content-type"] == "application/json"
        assert parsedate_to_datetime(answer.headers["date"])
        assert "server" not in answer.headers
        assert "set-cookie" not in answer.headers


def test_the_same_list_has_the_same_etag(shared: Wire):
    first, second = (shared.get("/segments/list").headers["etag"] for _ in range(2))
    assert first == second
    assert re.fullmatch(r'W/"[0-9a-f]{32}"', first)
    assert first != shared.get("/campaigns/list").headers["etag"]


def test_null_counts_as_absent_and_unknown_fields_and_parameters_as_nothing(shared: Wire):
    body = {"segment_id": None, "nobody_knows": {"x": 1}}
    refused = shared.post("/users/export/segment", body)
    assert refused.status_code == 400
    assert "segment_id" in refused.json()["message"]
    assert shared.get("/segments/list", nobody_knows="x").status_code == 200
