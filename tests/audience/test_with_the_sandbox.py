"""Catalogue, discovery and export against the sandbox, which shares no code with this side."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from services.audience.catalogue import content_digest, refresh_catalogue
from services.audience.discovery import discover_attributes, summarise
from services.audience.features import fit, matrix
from services.audience.loading import refresh
from services.audience.model import Kind
from services.audience.store import catalogue_documents
from services.braze.campaigns import list_campaigns
from services.braze.client import BrazeClient
from services.braze.permissions import Result, check_permissions
from services.braze.segments import list_segments
from services.braze.sending import Recipient, trigger_campaign
from services.braze.users import export_by_ids
from services.database.schema import catalogue
from services.errors import NeverConnected
from services.sandbox.process import running

START = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    home = tmp_path_factory.mktemp("sandbox")
    with (
        running(home, people=300, history_days=20, start=START) as sandbox,
        BrazeClient(
            sandbox.url,
            SecretStr(sandbox.key),
            sandbox=True,
            export_origins=[sandbox.url],
            poll_s=0.02,
        ) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def segment(client):
    return next(iter(list_segments(client))).id


def test_the_key_of_the_sandbox_may_do_what_the_console_needs(client):
    results = {r.name: r.result for r in check_permissions(client)}
    assert set(results.values()) <= {Result.WORKS, Result.PROBABLY}
    assert len(results) == 19


def test_the_catalogue_holds_everything_with_its_content(client, database, clock):
    done = []
    found = refresh_catalogue(client, database, clock, lambda n, known: done.append((n, known)))
    assert found.problems == ()
    assert set(found.counts) == {"segment", "campaign", "canvas", "template"}
    assert done[-1][0] == done[-1][1] == sum(found.counts.values())
    with database.read() as connection:
        rows = connection.execute(sa.select(catalogue)).mappings().all()
        segments = catalogue_documents(connection, "segment")
    for row in rows:
        assert (row["content_digest"] is None) == (row["kind"] == "segment")
    sized = [s for s in segments.values() if s["analytics_tracking_enabled"]]
    assert all(s["size"] == s["sizes"][-1]["size"] for s in sized)
    assert all(s["size"] is None for s in segments.values() if s not in sized)
    before = {r["id"]: r["content_digest"] for r in rows}
    refresh_catalogue(client, database, clock)
    with database.read() as connection:
        again = dict(
            connection.execute(sa.select(catalogue.c.id, catalogue.c.content_digest)).all()
        )
    assert again == before


def test_a_digest_changes_with_what_people_see_and_with_nothing_else():
    campaign = {"name": "A", "messages": {"v": {"subject": "Hi", "body": "x"}}}
    digest = content_digest("campaign", campaign)
    assert content_digest("campaign", {**campaign, "name": "B"}) == digest
    assert content_digest("campaign", {"messages": {"v": {"body": "x", "subject": "Hi"}}}) == digest
    assert content_digest("campaign", {"messages": {"v": {"subject": "Hi", "body": "y"}}}) != digest


def test_attributes_are_found_by_name_kind_and_coverage_only(client, segment):
    found = discover_attributes(client, [segment], n_people=60)
    assert found.n_people == 60
    kinds = {a.name: a.kind for a in found.attributes if a.usable}
    assert {Kind.NUMBER, Kind.TEXT, Kind.TRUTH} <= set(kinds.values())
    assert all(0 < a.coverage_share <= 1 for a in found.attributes)


def test_attributes_that_name_people_cannot_be_agreed_on():
    rows = [{"contactEmail": "x", "note": "jo@example.com", "tier": "gold", "filename": "a"}] * 20
    found = {
        a.name: a for a in summarise([*rows, {"list": [1], "when": "2026-01-01"}], 21).attributes
    }
    assert found["contactEmail"].personal
    assert found["note"].personal
    assert found["tier"].usable
    cards = summarise([{"card": f"K-{i}", "city": "abc"[i % 3]} for i in range(40)], 40).attributes
    assert {a.name: a.personal for a in cards} == {"card": True, "city": False}
    assert found["filename"].usable
    assert not found["list"].usable
    assert found["when"].kind is Kind.TIME


def test_an_export_of_the_sandbox_becomes_features(client, segment, database, lake, clock):
    usable = [a.name for a in discover_attributes(client, [segment]).attributes if a.usable]
    day = date(2026, 3, 4)
    loaded = refresh(client, database, lake, "e", [segment], usable, [], day, clock=clock)
    assert loaded.drift == ()
    table = lake.read("snapshots", "e")
    assert table.num_rows == loaded.n_people > 200
    assert table["created_at"].null_count == 0
    spec = fit(table)
    assert matrix(spec, table).shape == (table.num_rows, len(spec.names))
    assert lake.read("counters", "e").num_rows > 0


def test_a_send_is_seen_in_the_receipts_of_the_person(client, segment, database, lake, clock):
    campaign = next(c for c in list_campaigns(client) if "email" in c.tags)
    refresh(client, database, lake, "e", [segment], [], [], date(2026, 3, 4), clock=clock)
    with database.read() as connection:
        ids = list(connection.scalars(sa.text("SELECT external_id FROM people LIMIT 50")))
    taken = trigger_campaign(client, campaign.id, [Recipient(i) for i in ids], guard=lambda: None)
    assert len(taken.dispatch_id) == 32
    found = export_by_ids(client, [*ids[:3], "nobody"], ["campaigns_received"])
    assert found.unknown == ["nobody"]
    assert {u["external_id"] for u in found.users} == set(ids[:3])


def test_a_sandbox_that_is_gone_is_said_in_a_sentence():
    nobody = BrazeClient("http://127.0.0.1:9", SecretStr("k"), sandbox=True)
    with nobody, pytest.raises(NeverConnected, match="sandbox is gone"):
        nobody.write("/campaigns/trigger/send", {})
