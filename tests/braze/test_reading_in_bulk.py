"""By blocks or line by line: the same is let in, held back and refused."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.braze.blocks import BlockReader
from services.braze.bulk import Bulk, bulk_of
from services.braze.ndjson import MAX_LINE_BYTES, blocks, lines, strict_object
from services.braze.profiles import ProfileFilter, Tally
from services.braze.scanning import certain_lines
from services.braze.segment_bulk import FIELDS
from services.errors import DataError

KINDS = {"tenure": "number", "tier": "text", "member": "truth"}
TEXTS = st.sampled_from(
    ["SE", "gold", "", "jo@example.com", "+46 70 123 45 67", "2026-03-04", "é", "x" * 300, 'a"b\\c']
)
MOMENTS = st.sampled_from(
    ["2026-03-04T09:15:22.417Z", "2026-03-04 09:15:22 UTC", "2026-03-04T09:15:22", "then", ""]
)
NUMBERS = st.one_of(
    st.integers(-5, 5),
    st.floats(-1e6, 1e6),
    st.sampled_from([10**9, 10**10, 467012345678, 10**15, 2**63, 1.5e11, 0.0]),
)
ODD = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none(), st.just([1]), st.just({"a": 1}))


def entry(**more):
    return st.fixed_dictionaries({}, optional={"first": MOMENTS, "last": MOMENTS, **more})


def profiles(usual: bool):
    """`usual` ones have values of the expected kinds only."""
    text = TEXTS if usual else ODD
    number = NUMBERS if usual else ODD
    truth = st.booleans() if usual else ODD
    counted = st.lists(entry(name=text, count=st.integers(-1, 9) if usual else ODD), max_size=3)
    sent = entry(api_campaign_id=text, last_received=MOMENTS, in_control=truth, name=text)
    entered = entry(
        api_canvas_id=text, last_entered=MOMENTS, last_received_message=MOMENTS, in_control=truth
    )
    own = st.fixed_dictionaries(
        {}, optional={"tenure": number, "tier": text, "member": truth, "other": ODD}
    )
    fields = {
        "external_id": st.sampled_from(["a", "b-1", "jo@example.com", "", "x" * 990, "n\0ul"]),
        "created_at": MOMENTS,
        "country": text,
        "random_bucket": st.integers(-1, 10_000) if usual else ODD,
        "total_revenue": number,
        "custom_attributes": own,
        "custom_events": counted,
        "purchases": counted,
        "campaigns_received": st.lists(sent, max_size=3),
        "canvases_received": st.lists(entered, max_size=2),
        "email": ODD,
        "unknown_to_us": st.just([{"a": {"b": [None]}}]),
    }
    return st.fixed_dictionaries({}, optional=fields)


def line_by_line(block: bytes) -> tuple[Bulk, Tally]:
    tally = Tally()
    let_in = ProfileFilter(FIELDS, list(KINDS), tally)
    found = [strict_object(line) for line in lines([block])]
    return bulk_of([let_in(raw) for raw in found if raw is not None], KINDS), tally


def by_block(block: bytes) -> tuple[Bulk, Tally] | None:
    return BlockReader(tuple(KINDS), KINDS).read(block)


def content(bulk: Bulk) -> tuple[object, ...]:
    attributes = {
        name: {
            k: a.cast(pa.string()).to_pylist() for k, a in kinds.items() if a.null_count < len(a)
        }
        for name, kinds in bulk.attributes.items()
    }
    receipts = sorted(map(repr, bulk.received.to_pylist()))
    return (
        bulk.people.to_pylist(),
        attributes,
        sorted(map(repr, bulk.counted.to_pylist())),
        receipts,
    )


def ndjson(people: list[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(p).encode() + b"\n" for p in people)


@settings(max_examples=150, deadline=None)
@given(st.lists(profiles(usual=True), min_size=1, max_size=6))
def test_usual_profiles_come_out_the_same_both_ways(people):
    block = ndjson(people)
    found = by_block(block)
    if found is not None:
        slow, tally = line_by_line(block)
        assert content(found[0]) == content(slow)
        assert found[1] == tally


@settings(max_examples=150, deadline=None)
@given(st.lists(profiles(usual=False), min_size=1, max_size=3))
def test_odd_profiles_are_left_to_the_careful_way_or_come_out_the_same(people):
    block = ndjson(people)
    found = by_block(block)
    if found is not None:
        slow, tally = line_by_line(block)
        assert content(found[0]) == content(slow)
        assert found[1] == tally


def test_an_ordinary_block_is_read_as_one():
    profile = {"external_id": "a", "custom_attributes": {"tenure": 3, "tier": "+46 70 123 45 67"}}
    bulk, tally = by_block(ndjson([profile, {"external_id": "b", "country": "SE"}]))
    assert tally == Tally(n_people=2, held_back={"tier": 1})
    assert bulk.people["country"].to_pylist() == [None, "SE"]
    assert bulk.attributes["tenure"]["number"].to_pylist() == [3.0, None]
    assert b"123 45" not in b"".join(
        bytes(b) for b in bulk.attributes["tier"]["text"].dictionary.buffers() if b
    )


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"x":{"c":1,"c":1}}',
        b'{"email":1,"email":2}',
        b'{"a\\u0062":1,"ab":2}',
        b'{"a":1}{"b":2}',
        b'{"a":1} {"b":2}',
        b'{"a" :1}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b"[1]",
        b"null",
        b"{",
        b'{"a":"',
        b'{"a":"\\',
        b'{"a":[}]',
        b'{"a":"\xff"}',
        b'{"a":"\x01"}',
        b"",
        b'{"a":' + b"[" * 60 + b"]" * 60 + b"}",
        b"[" * 100_000,
        b'{"a":"' + b"x" * MAX_LINE_BYTES + b'"}',
    ],
)
def test_what_could_be_read_in_two_ways_is_never_called_certain(text):
    assert certain_lines(b'{"external_id":"a"}\n' + text + b"\n") is None
    assert by_block(b'{"external_id":"a"}\n' + text + b"\n") is None


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([b'"', b"a", b":", b",", b"{", b"}", b"[", b"]", b"1", b"\\", b"\n"]))
)
def test_no_garbage_is_read_as_more_than_the_careful_way_would(pieces):
    block = b'{"external_id":"a"}\n' + b"".join(pieces) + b"\n"
    if by_block(block) is not None:
        assert all(strict_object(line) is not None for line in block.splitlines())


def test_blocks_end_where_lines_end_whatever_the_chunks_are(monkeypatch):
    monkeypatch.setattr("services.braze.ndjson.BLOCK_BYTES", 100)
    text = b"".join(b'{"n":%d}\n' % i for i in range(200)) + b'{"n":200}'
    for size in (1, 7, 4096):
        cut = list(blocks(text[i : i + size] for i in range(0, len(text), size)))
        assert b"".join(cut) == text
        assert all(block.endswith(b"\n") for block in cut[:-1])
    with pytest.raises(DataError, match="longer than"):
        list(blocks(b"x" * 65_536 for _ in range(100)))
