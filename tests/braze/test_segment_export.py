"""A segment's export from asking to the last line, and the files that must not be read."""

from __future__ import annotations

import io
import json
import struct
import time
import zipfile

import pytest
from pydantic import SecretStr

from services.braze import archive, ndjson
from services.braze.export_origins import ExportOrigins
from services.braze.profiles import Tally
from services.braze.segment_export import export_segment
from services.errors import BrazeBroken, DataError

FIELDS = ("external_id", "country", "custom_events")


def packed(*contents: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for i, content in enumerate(contents):
            z.writestr(f"../../{i}.txt", content)
    return out.getvalue()


def people(*ids: str) -> bytes:
    return b"".join(
        json.dumps({"external_id": i, "email": "a@b.example"}).encode() + b"\n" for i in ids
    )


def ready(line, file: bytes, waits: int = 1) -> None:
    line.says(
        201, {"message": "success", "object_prefix": "x-1", "url": f"{line.url}/f/secret.zip"}
    )
    for _ in range(waits):
        line.says(403, b"<Error><Code>AccessDenied</Code></Error>", content_type="application/xml")
    line.says(200, file, content_type="application/zip")


def ids_of(line, **more) -> list[str]:
    return [p["external_id"] for p in export_segment(line.client(), "s-1", FIELDS, **more)]


def test_the_file_is_waited_for_and_read_without_the_key(line):
    ready(line, packed(people("a", "b"), people("c")), waits=3)
    assert ids_of(line) == ["a", "b", "c"]
    assert line.body(0) == {"segment_id": "s-1", "fields_to_export": list(FIELDS)}
    for asked in line.asked[1:]:
        assert b"authorization" not in asked.lower()
        assert line.key.encode() not in asked


def test_only_agreed_attributes_are_asked_for_and_let_in(line):
    profile = {"external_id": "a", "custom_attributes": {"tier": "gold", "secret": "x"}}
    ready(line, packed(json.dumps(profile).encode()))
    found = list(export_segment(line.client(), "s-1", FIELDS, ["tier"]))
    assert found == [{"external_id": "a", "custom_attributes": {"tier": "gold"}}]
    assert line.body(0)["custom_attributes_to_export"] == ["tier"]


def test_personal_fields_cannot_even_be_asked_for(line):
    for name in ("email", "phone", "first_name", "custom_attributes", "devices", "user_aliases"):
        with pytest.raises(DataError):
            list(export_segment(line.client(), "s-1", ["external_id", name]))
    assert line.asked == []


def test_a_broken_file_is_asked_for_anew(line):
    whole = packed(people("a"))
    ready(line, whole[:-30])
    ready(line, whole)
    assert ids_of(line) == ["a"]


def test_a_file_that_stays_broken_is_given_up_with_nothing_read(line):
    for _ in range(3):
        ready(line, b"PK not really")
    with pytest.raises(DataError, match="broken"):
        ids_of(line)


def test_a_running_export_of_the_same_segment_is_waited_for(line):
    line.says(429, {"message": "busy"}, retry_after="3600")
    ready(line, packed(people("a")))
    assert ids_of(line) == ["a"]


def test_an_export_that_never_comes_ends_at_its_deadline(line):
    ready(line, b"", waits=0)
    line.script.pop()
    line.says_always(404, b"")
    started = time.monotonic()
    with pytest.raises(DataError, match="in time"):
        ids_of(line, deadline_s=0.2)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/f.zip",
        "file:///etc/passwd",
        "//evil.example/f.zip",
        "",
        7,
    ],
)
def test_a_file_from_elsewhere_is_not_fetched(line, url):
    line.says_always(201, {"message": "success", "url": url})
    with pytest.raises(DataError):
        ids_of(line)
    assert len(line.asked) == 1


def test_a_redirected_download_is_not_followed(line):
    line.says(201, {"message": "success", "url": f"{line.url}/f.zip"})
    line.says_always(302, b"", location=f"{line.url}/g.zip")
    with pytest.raises((BrazeBroken, DataError)):
        ids_of(line)
    assert "/g.zip" not in line.targets()


@pytest.mark.parametrize(
    ("address", "answers"),
    [
        ("https://files.example/x.zip", ["127.0.0.1"]),
        ("https://files.example/x.zip", ["93.184.216.34", "10.0.0.1"]),
        ("https://files.example/x.zip", ["100.64.0.1"]),
        ("https://files.example/x.zip", ["64:ff9b::7f00:1"]),
        ("https://files.example/x.zip", ["::ffff:127.0.0.1"]),
        ("https://files.example/x.zip", ["169.254.169.254"]),
        ("https://files.example/x.zip", []),
        ("http://files.example/x.zip", ["93.184.216.34"]),
        ("https://files.example:8443/x.zip", ["93.184.216.34"]),
        ("https://files.example@evil.example/x.zip", ["93.184.216.34"]),
        ("https://evil.example\\@files.example/x.zip", ["93.184.216.34"]),
        ("https://FILES.example/x.zip", ["93.184.216.34"]),
        ("https://fıles.example/x.zip", ["93.184.216.34"]),
    ],
)
def test_allowed_names_must_lead_to_public_addresses(address, answers):
    origins = ExportOrigins(
        ["https://files.example"], sandbox=False, resolve=lambda _host, _port: answers
    )
    with pytest.raises(DataError):
        origins.checked(address)


def test_the_connection_goes_to_the_address_that_was_checked():
    origins = ExportOrigins(
        ["https://files.example"], sandbox=False, resolve=lambda _h, _p: ["93.184.216.34"]
    )
    place = origins.checked("https://files.example/x.zip?sig=1")
    assert place.url == "https://93.184.216.34:443/x.zip?sig=1"
    assert place.host == place.extensions["sni_hostname"] == "files.example"


def read_all(file: bytes) -> bytes:
    return b"".join(c for member in archive.members(io.BytesIO(file)) for c in member)


def test_a_zip_bomb_is_refused_before_and_while_unpacking():
    bomb = packed(b"0" * 30_000_000)
    with pytest.raises(DataError, match="far more"):
        read_all(bomb)
    lying = bytearray(bomb)
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        struct.pack_into("<I", lying, bytes(lying).index(mark) + offset, 1000)
    with pytest.raises(DataError):
        read_all(bytes(lying))


def test_members_that_share_their_bytes_are_refused():
    file = packed(b"x" * 5000, method=zipfile.ZIP_STORED)
    start, end = file.index(b"PK\x01\x02"), file.index(b"PK\x05\x06")
    entry, tail = file[start:end], bytearray(file[end:])
    struct.pack_into("<HHI", tail, 8, 2, 2, 2 * len(entry))
    with pytest.raises(DataError, match="overlap"):
        read_all(file[:start] + 2 * entry + bytes(tail))


def test_links_archives_and_locked_members_are_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        link = zipfile.ZipInfo("l")
        link.external_attr = 0o120777 << 16
        z.writestr(link, "/etc/passwd")
    with pytest.raises(DataError, match="link"):
        read_all(out.getvalue())
    with pytest.raises(DataError, match="another archive"):
        read_all(packed(packed(b"{}")))
    locked = bytearray(packed(b"{}"))
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        locked[bytes(locked).index(mark) + offset] |= 1
    with pytest.raises(DataError, match="encrypted"):
        read_all(bytes(locked))


def test_too_many_members_and_too_much_in_all_are_refused(monkeypatch):
    monkeypatch.setattr(archive, "MAX_MEMBERS", 2)
    with pytest.raises(DataError, match="too many"):
        read_all(packed(b"a", b"b", b"c"))
    monkeypatch.setattr(archive, "MAX_TOTAL_BYTES", 10)
    with pytest.raises(DataError, match="more than it may"):
        read_all(packed(b"abcdefgh", b"abcdefgh"))


def test_damage_anywhere_is_noticed():
    file = bytearray(packed(people(*(f"p{i}" for i in range(500)))))
    file[200] ^= 0xFF
    with pytest.raises(DataError):
        read_all(bytes(file))


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": 1, "a": 2}',
        b'{"a":1,"a":2}',
        b'{"x": {"a": 1, "b": {"c": 1, "c": 1}}}',
        b'{"a\\u0062":1,"ab":2}',
        b'{"q":":x","a":1,"a":1}',
        b'{"a" :1,"b":2,"b":2}',
        b'{"a\\\\":1,"b":1,"b":2}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"[1]",
        b"null",
        b"{",
        b"\xff\xfe",
        b'{"a":' + b"[" * 60 + b"]" * 60 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_a_line_that_could_be_read_in_two_ways_is_no_profile(text):
    assert ndjson.strict_object(text) is None


@pytest.mark.parametrize(
    "text", [b'{"a" : ":", "b": "\\":\\":", "c": {"a": 1}}', b"{}", b'{"a":"x\\\\","b":[{"a":1}]}']
)
def test_a_proper_line_is_read_as_json_reads_it(text):
    assert ndjson.strict_object(text) == json.loads(text)


def test_lines_are_cut_whatever_the_chunks_are():
    text = b"".join(b'{"n":%d}\n' % i for i in range(50)) + b"\n" + b'{"n":50}'
    for size in (1, 7, 4096):
        chunks = [text[i : i + size] for i in range(0, len(text), size)]
        assert len(list(ndjson.lines(chunks))) == 51


def test_an_endless_line_is_refused():
    with pytest.raises(DataError, match="longer than"):
        list(ndjson.lines(b"x" * 65_536 for _ in range(100)))


def test_a_few_bad_lines_are_left_out_and_counted_many_void_the_export(line):
    good = people(*(f"p{i}" for i in range(2000)))
    ready(line, packed(good + b"garbage\n"))
    tally = Tally()
    assert len(ids_of(line, tally=tally)) == 2000
    assert tally.n_quarantined == 1
    ready(line, packed(good + b"garbage\n" * 3))
    with pytest.raises(DataError, match="3 of"):
        ids_of(line)


def test_a_workspace_with_its_own_storage_is_told_so(line):
    line.says(201, {"message": "success", "object_prefix": "x-1"})
    with pytest.raises(DataError, match="storage of its own"):
        ids_of(line)


def test_the_client_keeps_the_key_to_itself(line):
    assert SecretStr(line.key).get_secret_value() not in repr(vars(line.client()))
