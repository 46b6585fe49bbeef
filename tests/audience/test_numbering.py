"""Everybody has one number for ever, whichever way it is looked up."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.audience import store
from services.audience.store import erase, numbers, surrogates
from services.database.engine import Database

IDS = st.lists(st.sampled_from([f"c{i}" for i in range(12)]), max_size=20)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("numbering") / "state.sqlite3"
    Database.temporary(path).close()
    return path


@settings(max_examples=40, deadline=None)
@given(known=IDS, erased=IDS, asked=IDS, share=st.sampled_from([0.0, 1e9]), part=st.integers(1, 7))
def test_reading_everybody_and_looking_each_up_give_the_same_numbers(
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    known: list[str],
    erased: list[str],
    asked: list[str],
    share: float,
    part: int,
):
    path = tmp_path_factory.mktemp("state") / "state.sqlite3"
    path.write_bytes(template.read_bytes())
    database = Database(f"sqlite:///{path}")
    with pytest.MonkeyPatch.context() as patch, database.write() as connection:
        patch.setattr(store, "SCAN_SHARE", share)
        patch.setattr(store, "IDS_A_PART", part)
        patch.setattr(store, "IDS_A_QUERY", 3)
        before = surrogates(connection, known, at=1.0)
        gone = [n for i, n in before.items() if i in erased]
        erase(connection, gone, at=2.0)
        found = numbers(connection, pa.array(asked, pa.string()), at=3.0).to_pylist()
        again = numbers(connection, pa.array(asked, pa.string()), at=4.0).to_pylist()
    database.close()
    assert found == again
    by_id = dict(zip(asked, found, strict=True))
    assert [by_id[i] for i in asked] == found  # the same id, the same number
    for i, number in by_id.items():
        if i in before:
            assert number == (None if i in erased else before[i])
        else:
            assert number is not None
            assert number > max(before.values(), default=0)  # never one that was used before
    alive = [n for n in by_id.values() if n is not None]
    assert len(set(alive)) == len(alive)
