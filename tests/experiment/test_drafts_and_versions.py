"""Drafts lose nothing, versions never change, and every change is on record."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from services.clock import FixedClock
from services.database import schema
from services.database.engine import Database
from services.errors import ConflictError, DataError, ExperimentError
from services.experiment import store
from services.experiment.approvals.store import approval, approve, revoke, standing_approvals
from services.experiment.audit.store import check_chain, history
from services.experiment.model import Experiment, Status
from services.experiment.records import ApprovalKind, DraftConflict
from services.experiment.use_cases import USE_CASES, starting_document
from services.messages import msg

ME, YOU = "me@example.com", "you@example.com"


@pytest.fixture
def clock():
    return FixedClock(datetime(2026, 11, 2, 9, tzinfo=UTC))


@pytest.fixture
def database(tmp_path):
    made = Database.temporary(tmp_path / "state.sqlite")
    yield made
    made.close()


def finished_document():
    document = starting_document("referral")
    document["audience"]["segment_ids"] = ["segment-1"]
    document["targets"] = [{"id": "campaign-1", "channel": "email"}]
    return document


@pytest.fixture
def finished(database, clock):
    return store.create_draft(database, clock, document=finished_document(), by=ME)


def save(database, clock, id, revision, by=ME, **changes):
    document = store.load_draft(database, id).document | changes
    return store.save_draft(database, clock, id, document, expected_revision=revision, by=by)


def test_a_draft_comes_back_as_it_was_typed(database, clock):
    id = store.create_draft(database, clock, use_case="winback", by=ME)
    odd = [{"key": "", "options": "not even a list"}]
    save(database, clock, id, 1, dimensions=odd, _echo={"tab": 2})
    draft = store.load_draft(database, id)
    assert draft.revision == 2
    assert draft.document["dimensions"] == odd
    assert draft.document["_echo"] == {"tab": 2}


def test_the_second_of_two_editors_gets_the_work_of_the_first(database, clock):
    id = store.create_draft(database, clock, use_case="custom", by=ME)
    save(database, clock, id, 1, by=YOU, name="Theirs")
    with pytest.raises(DraftConflict) as conflict:
        save(database, clock, id, 1, name="Mine")
    assert conflict.value.document["name"] == "Theirs"
    assert (conflict.value.revision, conflict.value.by) == (2, YOU)
    assert store.load_draft(database, id).document["name"] == "Theirs"


def test_saving_the_same_again_is_no_new_revision(database, clock, finished):
    assert save(database, clock, finished, 1) == 1


def test_an_audience_is_watched_from_the_moment_it_is_saved(database, clock):
    id = store.create_draft(database, clock, use_case="custom", by=ME)
    assert not store.experiment_row(database, id).watched
    save(database, clock, id, 1, audience={"segment_ids": ["s"]})
    assert store.experiment_row(database, id).watched


def test_versions_count_up_and_keep_the_salt(database, clock, finished):
    first = store.freeze(database, clock, finished, ME)
    again = store.freeze(database, clock, finished, ME)
    save(database, clock, finished, 1, name="Another name")
    second = store.freeze(database, clock, finished, ME)
    assert again == first
    assert (first.version, second.version) == (1, 2)
    assert first.salt == second.salt
    assert len(first.salt) >= 32
    assert store.load_version(database, finished, 1) == first
    assert store.load_version(database, finished) == second
    row = store.experiment_row(database, finished)
    assert (row.version, row.hash) == (2, second.configuration_hash())


def test_two_experiments_never_share_a_salt(database, clock, finished):
    other = store.create_draft(database, clock, document=finished_document(), by=ME)
    salts = {store.freeze(database, clock, id, ME).salt for id in (finished, other)}
    assert len(salts) == 2


def test_an_unfinished_draft_makes_no_version(database, clock):
    id = store.create_draft(database, clock, use_case="referral", by=ME)
    with pytest.raises(ExperimentError, match="Nobody is chosen yet"):
        store.freeze(database, clock, id, ME)
    with pytest.raises(ExperimentError):
        store.load_version(database, id)


def test_a_version_changed_behind_our_back_is_refused(database, clock, finished):
    store.freeze(database, clock, finished, ME)
    table = schema.experiment_versions
    with database.write() as connection:
        text = connection.scalar(sa.select(table.c.document))
        connection.execute(table.update().values(document=text.replace("0.1", "0.2")))
    with pytest.raises(DataError, match="was changed after it was made"):
        store.load_version(database, finished)


def test_what_has_started_cannot_be_edited(database, clock, finished):
    store.freeze(database, clock, finished, ME)
    store.set_status(database, clock, finished, Status.RUNNING, by=ME, first_day=date(2026, 11, 3))
    with pytest.raises(ConflictError):
        save(database, clock, finished, 1, name="Too late")
    with pytest.raises(ConflictError):
        store.freeze(database, clock, finished, ME)


def test_an_experiment_without_a_version_does_not_run(database, clock, finished):
    with pytest.raises(ExperimentError):
        store.set_status(database, clock, finished, Status.RUNNING, by=ME)


def test_statuses_move_only_along_the_allowed_ways(database, clock, finished):
    store.freeze(database, clock, finished, ME)

    def to(status, **more):
        return store.set_status(database, clock, finished, status, by=ME, **more)

    to(Status.WAITING)
    running = to(Status.RUNNING, first_day=date(2026, 11, 3))
    assert (running.launched_at, running.first_day) == (clock.now(), date(2026, 11, 3))
    stopped = to(Status.STOPPED, reason=msg("{n} messages in doubt.", n=60))
    assert str(stopped.status_reason) == "60 messages in doubt."
    resumed = to(Status.RUNNING)
    assert resumed.first_day == date(2026, 11, 3)
    assert resumed.status_reason is None
    to(Status.ENDED)
    with pytest.raises(ConflictError):
        to(Status.RUNNING)


def test_every_change_is_on_record_and_the_chain_holds(database, clock, finished):
    store.freeze(database, clock, finished, ME)
    store.set_status(database, clock, finished, Status.WAITING, by=YOU)
    actions = [row.action for row in history(database, subject=finished)]
    assert actions == ["status.changed", "version.made", "draft.created"]
    assert check_chain(database).broken_at is None


def test_a_record_changed_later_breaks_the_chain(database, clock, finished):
    store.freeze(database, clock, finished, ME)
    with database.write() as connection:
        first = sa.select(sa.func.min(schema.audit.c.seq)).scalar_subquery()
        forged = schema.audit.update().where(schema.audit.c.seq == first)
        connection.execute(forged.values(actor=YOU))
    assert check_chain(database).broken_at == 1


def test_a_change_that_fails_leaves_no_record(database, clock, finished):
    before = len(history(database))
    with pytest.raises(DraftConflict):
        save(database, clock, finished, 7, name="x")
    assert len(history(database)) == before


def test_an_approval_stands_for_one_digest_only(database, clock):
    kind, subject = ApprovalKind.CONTENT, "campaign:1"
    first = approve(database, clock, kind, subject, "a" * 64, ME)
    assert approve(database, clock, kind, subject, "a" * 64, YOU) == first
    second = approve(database, clock, kind, subject, "b" * 64, YOU)
    assert approval(database, kind, subject) == second
    assert standing_approvals(database, kind) == {subject: second}
    assert revoke(database, clock, kind, subject, ME)
    assert not revoke(database, clock, kind, subject, ME)
    assert approval(database, kind, subject) is None
    assert approval(database, ApprovalKind.CONFIGURATION, subject) is None


@pytest.mark.parametrize("use_case", [u.key for u in USE_CASES])
def test_each_use_case_lacks_only_segments_and_targets(database, clock, use_case):
    document = starting_document(use_case)
    document["audience"]["segment_ids"] = ["s"]
    channels = [
        option["value"]
        for dimension in document["dimensions"]
        if dimension["kind"] == "channel"
        for option in dimension["options"]
    ]
    document["targets"] = [{"when": {"channel": c}, "id": c, "channel": c} for c in channels] or [
        {"id": "c"}
    ]
    id = store.create_draft(database, clock, document=document, by=ME)
    assert isinstance(store.freeze(database, clock, id, ME), Experiment)


def test_a_starting_point_belongs_to_the_one_who_starts():
    starting_document("upsell")["dimensions"].clear()
    assert starting_document("upsell")["dimensions"]
