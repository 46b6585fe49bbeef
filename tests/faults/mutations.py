"""Answers of Braze as they should not be: one wrong thing each, drawn by a seeded generator.

Every answer repeats the key in a header and marks its body, so that either can be looked for.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import socket
import struct
import time
import zipfile
from collections.abc import Callable
from copy import deepcopy

from tests.faults.fault_server import Script, drip

KEY = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
MARK = "BODY-MARK-7c1f"  # stands in bodies, and never in the sentence Braze says itself
SLOW_S = 1.5  # longer than the suite's time-outs
ENTRY = {
    "id": "id-1",
    "email_template_id": "id-1",
    "name": MARK,
    "time": "2026-03-04",
    "size": 5,
    "external_id": "id-1",
    "country": MARK,
    "tags": [MARK],
    "template_name": MARK,
}
LISTS = ("segments", "campaigns", "canvases", "templates", "users", "data")
SOUND = {
    "message": "success",
    **{name: [ENTRY] for name in LISTS},
    "name": MARK,
    "description": MARK,
    "dispatch_id": "d-1",
    "send_id": "s-1",
    "deleted": 1,
    "schedule_id": "x-1",
    "email_template_id": "id-1",
    "attributes_processed": 1,
    "variants": [{"id": "v", "name": MARK}],
    "steps": [{"id": "s", "messages": {}}],
}
WRONG = (None, True, 7, -1, 1.5, 10**30, "", MARK, "\u202e" + MARK, [], [MARK], {}, {"a": MARK})
SECOND_HALF = KEY[len(KEY) // 2 :]
Maker = Callable[[random.Random], Script]


def mutation(seed: int) -> tuple[str, Script]:
    """The name and the script of one mutation; the same for the same seed."""
    draw = random.Random(seed)
    name, maker = draw.choice(MAKERS)
    return name, maker(draw)


def answer(status: int, body: bytes, *headers: str, typed: str = "application/json") -> bytes:
    """One whole answer. A header given again stands twice."""
    lines = [
        f"HTTP/1.1 {status} X",
        f"content-type: {typed}",
        f"x-echo: Bearer {KEY}",
        *headers,
    ]
    if not any(h.lower().startswith(("content-length", "transfer-encoding")) for h in headers):
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def sound_body(path: str, url: str) -> dict[str, object]:
    """A whole answer that suits every endpoint."""
    data: object = [ENTRY]
    if path == "/canvas/data_series":
        data = {"name": MARK, "stats": [{"time": "2026-03-04", "total_stats": {"revenue": 1.0}}]}
    elif path == "/canvas/data_summary":
        data = {"name": MARK, "total_stats": {"revenue": 1.0, "entries": 3}}
    return deepcopy({**SOUND, "data": data, "url": f"{url}/file.zip"})


def whole(body: bytes, *, status: int = 200, headers: tuple[str, ...] = ()) -> Script:
    """The same answer to everything."""
    return lambda connection, path, n: connection.sendall(answer(status, body, *headers))


def _statuses(draw: random.Random) -> Script:
    status = draw.choice([100, 101, 199, 201, 202, 204, 206, 299, 300, 301, 302, 304, 307, 308])
    status = draw.choice([status, 400, 401, 403, 404, 405, 408, 409, 413, 418, 422, 429, 500, 599])
    said = {"message": draw.choice(["no", f"Invalid API key: {KEY}", KEY, SECOND_HALF, 7, None])}
    headers = (f"location: http://127.0.0.1:9/{KEY}",) if 300 <= status < 400 else ()
    return whole(json.dumps({**said, "data": MARK}).encode(), status=status, headers=headers)


def _wrong_values(draw: random.Random) -> Script:
    n_changes, seed = draw.randint(1, 4), draw.random()

    def script(connection: socket.socket, path: str, n: int) -> None:
        body = sound_body(path, "http://127.0.0.1:9")
        again = random.Random(seed)
        for _ in range(n_changes):
            _spoil(body, again)
        if MARK in str(body.get("message")):
            body["message"] = "no"  # Braze's own sentence is repeated, and meant to be
        connection.sendall(answer(201 if path.startswith("/users") else 200, _json(body)))

    return script


def _spoil(value: object, draw: random.Random) -> None:
    """Put something wrong somewhere inside a JSON value."""
    while True:
        places = list(value) if isinstance(value, dict) else list(range(len(value)))  # type: ignore[arg-type]
        if not places:
            return
        place = draw.choice(places)
        inner = value[place]  # type: ignore[index]
        if not isinstance(inner, dict | list) or draw.random() < 0.4:
            value[place] = deepcopy(draw.choice(WRONG))  # type: ignore[index]
            return
        value = inner


def _texts(draw: random.Random) -> Script:
    deep = draw.choice([40, 1_000, 200_000])
    return whole(
        draw.choice(
            [
                b"",
                b"null",
                b"[]",
                b'"' + MARK.encode() + b'"',
                b"\xff\xfe" + MARK.encode(),
                b'{"message":"success","data":NaN,"x":"' + MARK.encode() + b'"}',
                b'{"message":"success","name":"x","name":"' + MARK.encode() + b'"}',
                b'{"message":"success","data":' + b"[" * deep + b"]" * deep + b"}",
                b'{"message":"success","data":' + b'{"a":' * deep + b"1" + b"}" * deep + b"}",
                b'{"message":"success","size":' + b"9" * 5_000 + b"}",
                b'{"message":"success","size":1e400}',
                b'{"message":"success","name":"\\ud800' + MARK.encode() + b'"}',
                b"<html>" + MARK.encode() + KEY.encode() + b"</html>",
                b"\0" * 100,
                _json({**SOUND, "errors": [MARK] * 3, "key": KEY})[: draw.randint(1, 300)],
                _json(SOUND) + _json(SOUND),
                json.dumps({**SOUND, "key": KEY}).encode("utf-16"),
            ]
        ),
        status=draw.choice([200, 201, 400, 500]),
    )


def _headers(draw: random.Random) -> Script:
    absurd = draw.choice(["", "-1", "1e9", "9" * 40, "٣", "NaN", KEY, "0", "soon", "4102444800"])
    headers = draw.choice(
        [
            tuple(f"x-ratelimit-{n}: {absurd}" for n in ("limit", "remaining", "reset")),
            (f"x-ratelimit-reset: {int(time.time()) - 10**6}", "x-ratelimit-remaining: 5"),
            (f"retry-after: {absurd}",),
            (f"x-request-id: {absurd}'{{}}",),
            ("content-length: 5", "content-length: 6"),
            (f"content-length: {absurd}",),
            ("transfer-encoding: chunked",),
            ("date: yesterday",),
            ("set-cookie: a=" + "b" * 5_000,),
            tuple(f"x-{i}: {'y' * 1_000}" for i in range(200)),
            ("no colon here",),
            ("x-bad: \x01\x02",),
            ("content-encoding: br",),
            ("content-encoding: gzip",),
        ]
    )
    return whole(_json(SOUND), status=draw.choice([200, 201, 429, 429]), headers=headers)


def _packed(draw: random.Random) -> Script:
    body = gzip.compress(b" " * draw.choice([10**3, 60_000_000]) + _json(SOUND), 1)
    times = draw.choice([1, 1, 2, 3])
    for _ in range(times - 1):
        body = gzip.compress(body, 1)
    named = ", ".join(["gzip"] * times)
    cut = draw.choice([None, len(body) // 2])
    return whole(body[:cut], headers=(f"content-encoding: {named}",))


def _lines_cut(draw: random.Random) -> Script:
    data = answer(200, _json({**SOUND, "key": KEY}))
    cut = draw.choice([0, 1, 10, data.index(b"\r\n\r\n") + 4, len(data) - 1, draw.randint(1, 400)])
    reset = draw.random() < 0.5

    def script(connection: socket.socket, path: str, n: int) -> None:
        connection.sendall(data[:cut])
        if reset:  # closing with this option set sends a reset instead of an end
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return script


def _slow(draw: random.Random) -> Script:
    data = answer(200, _json({**SOUND, "key": KEY}))
    kind = draw.randrange(4)

    def script(connection: socket.socket, path: str, n: int) -> None:
        if kind == 0:
            time.sleep(SLOW_S)
        elif kind == 1:
            drip(connection, data, 0.02, SLOW_S)
        elif kind == 2:
            drip(connection, b"HTTP/1.1 103 X\r\n\r\n", 0.01, SLOW_S)
        else:
            connection.sendall(data[: data.index(b"\r\n\r\n") + 4])
            drip(connection, b" ", 0.02, SLOW_S)

    return script


def _not_http(draw: random.Random) -> Script:
    said = draw.choice([b"SSH-2.0-x\r\n", b"HTTP/9.9 200 X\r\n\r\n", b"\x16\x03\x01", b"\r\n" * 9])
    return lambda connection, path, n: connection.sendall(said + MARK.encode() + KEY.encode())


def _files(draw: random.Random) -> Script:
    """An export whose request is answered well and whose file is not."""
    profile = _json({"external_id": "id-1", "country": MARK}) + b"\n"
    lines = draw.choice([profile, MARK.encode() + b"\n", b"[" * 5_000, b"\xff" + profile])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("../../x", lines * draw.randint(1, 50))
    file = out.getvalue()
    file = draw.choice([file, file[:-9], b"PK" + file, MARK.encode(), b"", file[: len(file) // 2]])
    status = draw.choice([200, 200, 200, 302, 403, 500])
    typed = draw.choice(["application/zip", "text/html"])

    def script(connection: socket.socket, path: str, n: int) -> None:
        if path == "/file.zip":
            connection.sendall(answer(status, file, typed=typed))
        else:
            port = connection.getsockname()[1]
            body = sound_body(path, f"http://127.0.0.1:{port}")
            connection.sendall(answer(201, _json(body)))

    return script


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


MAKERS: tuple[tuple[str, Maker], ...] = (
    ("status", _statuses),
    ("wrong values", _wrong_values),
    ("wrong values", _wrong_values),
    ("text", _texts),
    ("headers", _headers),
    ("packed", _packed),
    ("cut off", _lines_cut),
    ("slow", _slow),
    ("not http", _not_http),
    ("export file", _files),
)
