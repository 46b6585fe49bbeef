"""The tables of the state database. `*_at` is epoch seconds in UTC, `day` an ISO date in the
experiment's zone; JSON columns hold what is shown or audited, never what a guard decides on."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, Boolean, Column, Float, Integer, String, Table, Text

from services.database.approving_schema import tables_of_approving
from services.database.checking_schema import tables_of_checking

metadata = sa.MetaData()
ACTIVE = sa.text("ended = 0")  # one active experiment a person
BigKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _keys(*names: str) -> list[Column[str]]:
    return [Column(name, String(120), primary_key=True) for name in names]


installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("epoch", String(64), nullable=False),
    Column("created_at", Float, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("email", String(320), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("language", String(8)),
    Column("created_at", Float, nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("person", BigKey, primary_key=True, autoincrement=True),
    Column("external_id", String(987), nullable=False, unique=True),
    Column("created_at", Float, nullable=False),
    sqlite_autoincrement=True,  # a number is never used twice
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("keyed_hash", String(64), primary_key=True),
    Column("at", Float, nullable=False),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("person", BigKey, primary_key=True, autoincrement=False),
    Column("reason", String(64), nullable=False),
    Column("at", Float, nullable=False),
)

experiments = Table(
    "experiments",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("use_case", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("version", Integer),
    Column("hash", String(64)),
    Column("created_by", String(320), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("launched_at", Float),
    Column("first_day", String(10)),
    Column("ended_at", Float),
    Column("status_reason", JSON),
    Column("watched", Boolean, nullable=False, default=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("experiment_id", String(36), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("document", JSON, nullable=False),
    Column("step", String(16), nullable=False, default="audience"),
    Column("updated_by", String(320), nullable=False),
    Column("updated_at", Float, nullable=False),
)

experiment_versions = Table(
    "experiment_versions",
    metadata,
    Column("experiment_id", String(36), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("created_by", String(320), nullable=False),
    Column("created_at", Float, nullable=False),
)

approvals, approved_contents = tables_of_approving(metadata)

intents = Table(
    "intents",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("kind", String(40), nullable=False),
    Column("experiment_id", String(36)),
    Column("payload", JSON, nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("progress", Float),
    Column("note", JSON),
    Column("result", JSON),
    Column("error", JSON),
    Column("filed_by", String(320), nullable=False),
    Column("filed_at", Float, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
)

assignments = Table(
    "assignments",
    metadata,
    Column("experiment_id", String(36), primary_key=True),
    Column("person", BigKey, primary_key=True, autoincrement=False),
    Column("grp", String(16), nullable=False),
    Column("entered_on", String(10), nullable=False),
    Column("ended", Integer, nullable=False, default=0),
    sa.Index("one_active", "person", unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE),
)

cycles = Table(
    "cycles",
    metadata,
    *_keys("experiment_id", "day", "stage"),
    Column("state", String(12), nullable=False),
    Column("n_done", Integer, nullable=False, default=0),
    Column("n_total", Integer, nullable=False, default=0),
    Column("started_at", Float),
    Column("finished_at", Float),
    Column("note", JSON),
    Column("error", JSON),
)

batches = Table(
    "batches",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("experiment_id", String(36), nullable=False),
    Column("day", String(10), nullable=False),
    Column("target_kind", String(16), nullable=False),
    Column("target_id", String(120), nullable=False),
    Column("state", String(20), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("n_people", Integer, nullable=False),
    Column("claimed_at", Float, nullable=False),
    Column("lease_until_mono", Float, nullable=False),
    Column("sent_at", Float),
    Column("answered_at", Float),
    Column("dispatch_id", String(64)),
    Column("request_id", String(64)),
    Column("error", JSON),
    Column("body_digest", String(64)),
    sa.Index("ix_batches_day", "experiment_id", "day"),
    sqlite_autoincrement=True,  # a number is never used twice
)

ledger = Table(
    "ledger",
    metadata,
    Column("workspace", String(64), primary_key=True),
    Column("person", BigKey, primary_key=True, autoincrement=False),
    Column("day", String(10), primary_key=True),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("experiment_id", String(36), nullable=False),
    Column("decision_id", String(32), nullable=False),
    Column("grp", String(16), nullable=False),
    Column("target_kind", String(16), nullable=False),
    Column("target_id", String(120), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("combination", Text, nullable=False),
    Column("properties", Text, nullable=False),
    Column("send_at", Float, nullable=False),
    Column("cost", Float, nullable=False, default=0.0),
    Column("state", String(20), nullable=False),
    Column("reason", String(40)),
    Column("batch_id", BigKey),
    Column("fence", Integer, nullable=False, default=0),
    Column("tries", Integer, nullable=False, default=0),
    Column("updated_at", Float, nullable=False),
    Column("settled_at", Float),
    Column("next_look_at", Float),
    Column("looks", Integer, nullable=False, default=0),
    sa.Index("ix_ledger_due", "experiment_id", "state", "send_at"),
    sa.Index("ix_ledger_day", "experiment_id", "day", "state", "reason"),
    sa.Index("ix_ledger_batch", "batch_id"),
)

pauses = Table(
    "pauses",
    metadata,
    Column("scope", String(160), primary_key=True),
    Column("paused", Boolean, nullable=False),
    Column("by", String(320), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("automatic", Boolean, nullable=False, default=False),
)

breakers = Table(
    "breakers",
    metadata,
    Column("workspace", String(64), primary_key=True),
    Column("unknown_in_row", Integer, nullable=False, default=0),
    Column("failed_in_row", Integer, nullable=False, default=0),
    Column("open_since", Float),
)

rate_buckets = Table(
    "rate_buckets",
    metadata,
    *_keys("workspace", "family"),
    Column("window_end", Float, nullable=False),
    Column("allowance", Integer, nullable=False),
    Column("used", Integer, nullable=False, default=0),
    Column("provider_remaining", Integer),
    Column("provider_reset", Float),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigKey, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("actor", String(320), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(120), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    sqlite_autoincrement=True,  # a number is never used twice
)

manifest = Table(
    "manifest",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("kind", String(24), nullable=False),
    Column("experiment", String(64), nullable=False),
    Column("day", String(10), nullable=False),
    Column("key", String(120), nullable=False, default=""),
    Column("path", String(400), nullable=False),
    Column("n_rows", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("meta", JSON, nullable=False),
    Column("committed_at", Float, nullable=False),
    sa.UniqueConstraint("kind", "experiment", "day", "key"),
    sqlite_autoincrement=True,  # a number is never used twice
)

catalogue = Table(
    "catalogue",
    metadata,
    *_keys("kind", "id"),
    Column("name", String(400), nullable=False),
    Column("document", JSON, nullable=False),
    Column("content_digest", String(64)),
    Column("refreshed_at", Float, nullable=False),
)

permissions, reconciliations, provider_alarms = tables_of_checking(metadata)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("process", String(32), primary_key=True),
    Column("pid", Integer, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("at", Float, nullable=False),
    Column("virtual_at", Float, nullable=False),
    Column("detail", JSON),
)
