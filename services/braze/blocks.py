"""Thousands of lines of an export at once, through the same border as `ProfileFilter` is.

Only text that is certainly proper and as expected comes this way. Where anything in a block is
not (a value of another kind, a number as long as a phone number, a name that stands twice) the
whole block is doubtful; whoever asked reads it line by line, and each profile is judged alone.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from services.braze.bulk import (
    COUNTED,
    MAX_BUCKET,
    MAX_COUNT,
    NUMBER,
    PEOPLE,
    RECEIVED,
    TEXT,
    TEXTS,
    TRUTH,
    Bulk,
)
from services.braze.moments import moments
from services.braze.profiles import (
    MAX_ID_BYTES,
    PHONE_LIKE,
    Tally,
    is_plain_text,
    is_safe_value,
    looks_personal,
    names_nobody,
)
from services.braze.scanning import certain_lines

MOST_DOUBTFUL = 4  # blocks in a row; from then on trying first only costs time

_STRING = pa.string()
_READ_AS = {NUMBER: pa.float64(), TEXT: _STRING, TRUTH: pa.bool_()}
_HAPPENED = pa.list_(
    pa.struct([("name", _STRING), ("first", _STRING), ("last", _STRING), ("count", pa.int64())])
)
_TRUTH = ("in_control", pa.bool_())
_CAMPAIGNS = pa.list_(pa.struct([("api_campaign_id", _STRING), ("last_received", _STRING), _TRUTH]))
_CANVASES = pa.list_(
    pa.struct(
        [
            ("api_canvas_id", _STRING),
            ("last_entered", _STRING),
            ("last_received_message", _STRING),
            _TRUTH,
        ]
    )
)


class Doubtful(Exception):
    """Something in a block is not as expected. Never leaves this module."""


class BlockReader:
    """Reads blocks of one export whose agreed attributes are `attributes`.

    What kind an attribute is of (`kinds`, where it is known) is learnt from profiles that were
    read one by one: in JSON's eyes 1 and "1" and true have nothing in common.
    """

    def __init__(self, attributes: tuple[str, ...], kinds: Mapping[str, str]) -> None:
        self._attributes = attributes
        self._seen = {n: Counter([kinds[n]] if n in kinds else []) for n in attributes}
        self._n_doubtful = 0

    @property
    def promising(self) -> bool:
        """Whether blocks have been read lately, so that trying is worth the time."""
        return self._n_doubtful < MOST_DOUBTFUL

    def learn(self, bulk: Bulk) -> None:
        """Take the kinds of attributes from profiles that were read one by one."""
        for name, kinds in bulk.attributes.items():
            for kind, values in kinds.items():
                self._seen[name][kind] += len(values) - values.null_count

    def read(self, block: bytes) -> tuple[Bulk, Tally] | None:
        """The profiles on the lines of `block`, and what was held back; None where it is doubtful.

        May run in several threads at once.
        """
        n_lines = certain_lines(block)
        if n_lines is None:
            self._n_doubtful += 1
            return None
        kinds = {name: self._kind(name) for name in self._attributes}
        tally = Tally()
        try:
            table = _parsed(block, kinds, n_lines)
            bulk = Bulk(
                _people(table, tally),
                _attributes(table, kinds, tally),
                _counted(table),
                _received(table),
            )
        except (Doubtful, pa.ArrowInvalid, pa.ArrowNotImplementedError):
            self._n_doubtful += 1
            return None
        self._n_doubtful = 0
        return bulk, tally

    def _kind(self, name: str) -> str:
        common = self._seen[name].most_common(1)
        return common[0][0] if common else TEXT


def _parsed(block: bytes, kinds: Mapping[str, str], n_lines: int) -> pa.Table:
    own = pa.struct([(name, _READ_AS[kind]) for name, kind in kinds.items()])
    schema = pa.schema(
        [
            *((name, _STRING) for name in ("external_id", "created_at", *TEXTS)),
            ("random_bucket", pa.int64()),
            ("total_revenue", pa.float64()),
            *([("custom_attributes", own)] if kinds else []),
            ("custom_events", _HAPPENED),
            ("purchases", _HAPPENED),
            ("campaigns_received", _CAMPAIGNS),
            ("canvases_received", _CANVASES),
        ]
    )
    table = pj.read_json(
        io.BytesIO(block),
        pj.ReadOptions(use_threads=False, block_size=len(block) + 1),
        pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    )
    if table.num_rows != n_lines:
        raise Doubtful
    return table.combine_chunks()


def _people(table: pa.Table, tally: Tally) -> pa.Table:
    ids = _whole(table, "external_id")
    ids = pc.if_else(pc.equal(ids, ""), pa.scalar(None, _STRING), ids)
    odd = pc.or_(pc.greater(pc.binary_length(ids), MAX_ID_BYTES), pc.match_substring(ids, "\0"))
    if pc.any(odd).as_py():
        raise Doubtful
    tally.n_people = len(ids) - ids.null_count
    tally.n_without_id = ids.null_count
    addressed = ids.filter(pc.fill_null(pc.match_substring(ids, "@"), False))
    tally.n_personal_ids = sum(looks_personal(i, digits=False) for i in addressed.to_pylist())
    buckets = _whole(table, "random_bucket")
    usable = pc.and_(pc.greater_equal(buckets, 0), pc.less_equal(buckets, MAX_BUCKET))
    return pa.table(
        [
            ids,
            moments(_whole(table, "created_at")),
            *(_words(_whole(table, name), is_plain_text) for name in TEXTS),
            pc.if_else(usable, buckets, pa.scalar(None, pa.int64())).cast(pa.int32()),
            # Sparse answers leave zero out: no revenue is said by saying nothing.
            pc.fill_null(_whole(table, "total_revenue"), 0.0),
        ],
        schema=PEOPLE,
    )


def _attributes(
    table: pa.Table, kinds: Mapping[str, str], tally: Tally
) -> dict[str, dict[str, pa.Array]]:
    if not kinds:
        return {}
    found = {}
    columns = _whole(table, "custom_attributes").flatten()
    for (name, kind), values in zip(kinds.items(), columns, strict=True):
        if kind == TEXT:
            n_given = len(values) - values.null_count
            values = _words(values, is_safe_value)
            if held := n_given - (len(values) - values.null_count):
                tally.held_back[name] = held
        elif kind == NUMBER:
            _check_numbers(values)
        found[name] = {kind: values}
    return found


def _check_numbers(values: pa.Array) -> None:
    """Whole numbers as long as a phone number are held back, others as long are not. Which of the
    two a number is, is seen in its text only.
    """
    known = np.abs(values.drop_null().to_numpy())
    low, high = PHONE_LIKE
    if not np.isfinite(known).all() or ((known >= low) & (known < high)).any():
        raise Doubtful


def _counted(table: pa.Table) -> pa.Table:
    parts = []
    for source, field in (("event", "custom_events"), ("purchase", "purchases")):
        rows, entries = _entries(table, field)
        name, first, last, count = entries.flatten()
        name = _words(name, names_nobody)
        usable = pc.and_(pc.greater_equal(count, 0), pc.less(count, MAX_COUNT))
        parts.append(
            _kept(
                pc.and_(pc.is_valid(name), pc.fill_null(usable, False)),
                [rows, _same(source, len(rows)), name, count, moments(first), moments(last)],
                COUNTED,
            )
        )
    return pa.concat_tables(parts)


def _received(table: pa.Table) -> pa.Table:
    rows, entries = _entries(table, "campaigns_received")
    target, last, in_control = entries.flatten()
    parts = [_receipts("campaign", rows, target, last, in_control)]
    rows, entries = _entries(table, "canvases_received")
    target, entered, message, in_control = entries.flatten()
    message = pc.if_else(pc.equal(message, ""), pa.scalar(None, _STRING), message)
    last = pc.coalesce(message, entered)
    return pa.concat_tables([*parts, _receipts("canvas", rows, target, last, in_control)])


def _receipts(
    kind: str, rows: pa.Array, target: pa.Array, last: pa.Array, in_control: pa.Array
) -> pa.Table:
    target = _words(target, names_nobody)
    columns = [
        *(rows, _same(kind, len(rows)), target),
        *(moments(last), pc.fill_null(in_control, False)),
    ]
    return _kept(pc.is_valid(target), columns, RECEIVED)


def _entries(table: pa.Table, field: str) -> tuple[pa.Array, pa.StructArray]:
    """Row and entry of everything in the lists of one column."""
    lists = _whole(table, field)
    return pc.list_parent_indices(lists).cast(pa.int32()), pc.list_flatten(lists)


def _kept(mask: pa.Array, columns: list[pa.Array], schema: pa.Schema) -> pa.Table:
    table = pa.table(columns, schema=schema)
    return table if pc.all(mask).as_py() in (True, None) else table.filter(mask)


def _words(texts: pa.Array, allowed: Callable[[str], bool]) -> pa.DictionaryArray:
    """Texts as WORD, null where a text is not allowed. Each different one is looked at once."""
    coded = texts.dictionary_encode()
    words = coded.dictionary.to_pylist()
    refused = [i for i, word in enumerate(words) if not allowed(word)]
    if not refused:
        return coded
    # Encoded anew: the refused words must not live on in the dictionary.
    out = pc.is_in(texts, value_set=pa.array([words[i] for i in refused], _STRING))
    return pc.if_else(out, pa.scalar(None, _STRING), texts).dictionary_encode()


def _same(word: str, n: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([word]))


def _whole(table: pa.Table, name: str) -> pa.Array:
    column = table[name]
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
