"""Personal data of the sandbox gives itself away wherever it turns up: it must turn up nowhere."""

from __future__ import annotations

import logging
import tempfile
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import SecretStr

from services.audience.catalogue import refresh_catalogue
from services.audience.discovery import discover_attributes
from services.audience.loading import refresh
from services.braze.client import BrazeClient
from services.braze.profiles import ALLOWED_FIELDS
from services.braze.segment_bulk import export_segment_in_bulk
from services.braze.segment_export import export_segment
from services.braze.segments import list_segments
from services.braze.track import Attributes, track_users
from services.braze.users import export_by_ids
from services.errors import DataError
from services.sandbox.handling.canaries import DIRECT, TRACE
from services.sandbox.process import running

START = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)
DAY = date(2026, 3, 4)
PERSONAL_FIELDS = sorted(
    {*DIRECT, "email", "phone", "user_aliases", "push_tokens", "braze_id", "appboy_id", "apps"}
    | {
        "last_coordinates",
        "attributed_campaign",
        "uninstalled_at",
        "custom_attributes",
        "",
        "EMAIL",
    }
)
PERSONAL = {"jo.canary@person.invalid", "+46 70 765 43 21"}


@pytest.fixture(scope="module")
def braze(tmp_path_factory):
    home = tmp_path_factory.mktemp("sandbox")
    with (
        running(home, people=400, history_days=10, start=START) as sandbox,
        BrazeClient(
            sandbox.url,
            SecretStr(sandbox.key),
            sandbox=True,
            export_origins=[sandbox.url],
            poll_s=0.02,
        ) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def segment(braze):
    return next(iter(list_segments(braze))).id


@pytest.mark.parametrize("field", PERSONAL_FIELDS)
def test_a_personal_field_cannot_even_be_asked_for(braze, field):
    assert field not in ALLOWED_FIELDS
    with pytest.raises(DataError, match="not a profile field"):
        next(iter(export_segment(braze, "s", ["external_id", field])))
    with pytest.raises(DataError, match="not a profile field"):
        export_by_ids(braze, ["a"], ["external_id", field])


def test_after_whole_exports_no_canary_is_in_the_home_the_spool_or_the_log(
    braze, segment, database, lake, clock, tmp_path, monkeypatch, caplog
):
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spool))
    caplog.set_level(logging.DEBUG)
    refresh_catalogue(braze, database, clock)
    found = discover_attributes(braze, [segment]).attributes
    usable = [a.name for a in found if a.usable]
    assert usable
    for n in range(2):  # line by line, then in bulk
        day = DAY + timedelta(days=n)
        loaded = refresh(braze, database, lake, "e", [segment], usable, [], day, clock=clock)
        assert loaded.n_people > 200
    files = [f for f in tmp_path.rglob("*") if f.is_file()]
    assert len(files) > 6  # the database and three tables a day
    kept = b"".join(f.read_bytes() for f in files)
    assert TRACE.search(kept) is None
    assert list(spool.iterdir()) == []
    tables = [lake.read(kind, "e") for kind in ("snapshots", "counters", "received")]
    for text in (*(str(c.to_pylist()) for t in tables for c in t.columns), caplog.text):
        assert TRACE.search(text.encode()) is None


def test_what_looks_personal_is_held_back_and_reported_by_name_and_number_only(
    braze, segment, database, lake, clock, tmp_path, caplog
):
    caplog.set_level(logging.DEBUG)
    bulks = export_segment_in_bulk(braze, segment)
    some = bulks[0].people["external_id"].to_pylist()[:3]
    said = [*sorted(PERSONAL), "gold"]
    track_users(braze, [Attributes(i, {"nickname": v}) for i, v in zip(some, said, strict=True)])
    for n in range(2):
        day = DAY + timedelta(days=10 + n)
        loaded = refresh(braze, database, lake, "f", [segment], ["nickname"], [], day, clock=clock)
        assert dict(loaded.held_back) == {"nickname": 2}
    table = lake.read("snapshots", "f")
    assert set(table["attr:nickname"].to_pylist()) == {None, "gold"}
    kept = b"".join(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())
    assert not any(value.encode() in kept or value in caplog.text for value in PERSONAL)


def test_an_attribute_nobody_agreed_to_is_not_asked_for_and_not_let_in(braze, segment):
    (bulk, *_) = export_segment_in_bulk(braze, segment, ["loyalty_tier"])
    assert set(bulk.attributes) == {"loyalty_tier"}
    assert TRACE.search(str(bulk.people.to_pydict()).encode()) is None
