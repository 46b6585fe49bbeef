"""An export large enough to be read in blocks from its first day on: everybody, everything."""

from __future__ import annotations

import json

from services.braze.blocks import BlockReader
from tests.benchmarks.ingest import DAY, serving, with_anneal
from tests.benchmarks.ingest_profiles import n_personal, write_export

N_PEOPLE = 12_000


def test_a_large_export_is_read_in_blocks_and_nobody_and_nothing_is_missing(tmp_path, monkeypatch):
    read = []
    by_block = BlockReader.read

    def counted(reader, block):
        found = by_block(reader, block)
        read.append(0 if found is None else len(found[0]))
        return found

    monkeypatch.setattr(BlockReader, "read", counted)
    plain, packed = write_export(tmp_path, N_PEOPLE)
    with serving(packed) as url:
        found = with_anneal(url, tmp_path)
    assert found["people"] == N_PEOPLE
    assert found["held_back"] == n_personal(N_PEOPLE)
    assert sum(read) > N_PEOPLE / 2
    profiles = [json.loads(line) for line in plain.read_bytes().splitlines()]
    events = [e for p in profiles for k in ("custom_events", "purchases") for e in p.get(k, ())]
    receipts = [r for p in profiles for r in p.get("campaigns_received", ())]
    receipts += [r for p in profiles for r in p.get("canvases_received", ())]
    revenue = sum(p.get("total_revenue", 0.0) for p in profiles)
    assert found["counters"] == len(events)
    assert found["counted"] == sum(e["count"] for e in events)
    assert found["received"] == len(receipts)
    assert abs(found["revenue"] - revenue) < 1e-6 * revenue
    assert DAY.isoformat() in str(next(tmp_path.rglob("*.parquet")))
