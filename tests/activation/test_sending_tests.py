"""A test to an address: a profile is made for it, written to, and gone afterwards in any case."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from studio import ADDRESS, Studio

from services.activation.pausing import pause
from services.bootstrap import Workplace, open_workplace
from services.braze.temporary import is_temporary
from services.database import schema
from services.errors import BrazeError, Rejected
from services.experiment.audit.store import history
from services.experiment.model import Channel
from services.intents.model import IntentKind, IntentState
from services.intents.store import file_intent, rewrite, take_next
from services.settings import load_settings, write_connection
from services.worker import Worker
from services.workflow import sending_tests
from services.workflow.acting import act_on_next
from services.workflow.sending_tests import address_refused, is_address
from services.workflow.test_profiles import (
    ASK_AGAIN_AFTER_S,
    DELETE_AFTER_S,
    clear_up,
)
from tests.stage import on_stage

AN_HOUR = timedelta(seconds=DELETE_AFTER_S + 1)
A_WHILE = timedelta(seconds=ASK_AGAIN_AFTER_S + 1)


@pytest.fixture(scope="module")
def playing(played: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One sandbox for all tests here: each makes its own profile."""
    home = tmp_path_factory.mktemp("studio") / "home"
    shutil.copytree(played, home)
    with on_stage(home) as stage:
        full = SecretStr(stage.sandbox.full_key)
        write_connection(home, endpoint=stage.sandbox.url, key=full, sandbox=True)
        place = open_workplace(load_settings({}, home=home, with_keys=True))
        yield Studio(stage, place)
        place.reading.close()
        place.sending.close()
        place.console.database.close()


@pytest.fixture
def studio(playing: Studio) -> Studio:
    playing.clear()
    return playing


def test_one_message_goes_to_a_profile_that_is_gone_afterwards(studio: Studio):
    done = studio.send()
    assert done.state is IntentState.DONE
    profile = str(done.payload["profile"])
    assert is_temporary(profile)
    assert [len(m) for m in studio.stage.control.messages_of([profile]).values()] == [1]
    clear_up(studio.place)
    assert dict(studio.now(done).result or {})["received"] is True
    assert not studio.is_there(profile)
    assert clear_up(studio.place) == 0  # Braze is asked a while later whether it is really gone
    studio.later(A_WHILE)
    assert clear_up(studio.place) == 1
    closed = studio.now(done)
    assert "profile" not in closed.payload
    assert closed.payload["gone"] is True
    assert clear_up(studio.place) == 0


def test_the_address_is_nowhere_once_the_worker_has_read_it(
    studio: Studio, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
):
    studio.ask()
    assert ADDRESS.encode() in studio.kept_bytes()  # it has to come to the worker somehow
    assert act_on_next(studio.place)
    clear_up(studio.place)
    assert ADDRESS.encode() not in studio.kept_bytes()
    said = capsys.readouterr()
    assert ADDRESS not in caplog.text + said.out + said.err


def test_it_is_on_record_before_it_goes_out_and_counts_as_ours(studio: Studio):
    done = studio.send()
    sent = history(studio.console.database, subject=studio.draft, limit=1)[0]
    assert (sent.action, sent.actor, sent.detail["people"]) == ("test.sent", "me", 1)
    assert sent.detail["profile"] == done.payload["profile"]


def test_a_worker_that_dies_between_making_and_sending_leaves_it_to_the_next(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sending_tests, "_wait_until_there", die)
    key = studio.ask()
    with pytest.raises(KeyboardInterrupt):
        act_on_next(studio.place)
    profile = str(studio.found(key).payload["profile"])
    assert studio.is_there(profile)
    Worker(studio.place).step()
    assert not studio.is_there(profile)
    assert studio.found(key).state is IntentState.FAILED
    assert studio.stage.control.messages_of([profile])[profile] == []
    studio.later(A_WHILE)
    assert clear_up(studio.place) == 1


def test_an_address_whose_worker_died_at_once_is_forgotten_by_the_next(studio: Studio):
    studio.ask()
    take_next(studio.console.database, studio.console.clock)
    Worker(studio.place).step()
    assert ADDRESS.encode() not in studio.kept_bytes()


def test_without_a_receipt_the_profile_stays_an_hour_and_no_longer(studio: Studio):
    studio.faults({"path": "/campaigns/trigger/send", "kind": "500_before", "count": 1})
    failed = studio.send()
    assert failed.state is IntentState.FAILED  # it may have gone out: nobody knows
    profile = str(failed.payload["profile"])
    clear_up(studio.place)
    assert studio.is_there(profile)
    studio.later(AN_HOUR)
    clear_up(studio.place)
    assert not studio.is_there(profile)
    assert dict(studio.now(failed).result or {})["received"] is False


@pytest.mark.parametrize("kind", ["500_before", "500_after", "cut_before", "cut_after"])
def test_a_deletion_that_fails_or_whose_answer_is_lost_is_made_again(studio: Studio, kind: str):
    done = studio.send()
    profile = str(done.payload["profile"])
    studio.faults({"path": "/users/delete", "kind": kind, "count": 1})
    with pytest.raises(BrazeError):
        clear_up(studio.place)
    assert studio.now(done).payload["profile"] == profile
    clear_up(studio.place)
    assert not studio.is_there(profile)
    assert dict(studio.now(done).result or {})["received"] is True
    studio.later(A_WHILE)
    assert clear_up(studio.place) == 1


def test_a_deletion_that_braze_took_and_did_not_carry_out_is_made_again(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    done = studio.send()
    profile = str(done.payload["profile"])
    asked: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(
            "services.workflow.test_profiles.delete_users", lambda _c, ids: asked.extend(ids)
        )
        clear_up(studio.place)
    assert asked == [profile]
    assert studio.is_there(profile)
    studio.later(A_WHILE)
    assert clear_up(studio.place) == 0
    assert not studio.is_there(profile)
    studio.later(A_WHILE)
    assert clear_up(studio.place) == 1


def test_a_key_that_may_not_delete_makes_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(studio, "place", studio.stage.place)  # its key is for the daily work only
    failed = studio.send()
    assert failed.state is IntentState.FAILED
    assert "users.delete" in str(failed.error)
    assert failed.payload == {"combination": studio.combination()}
    assert ADDRESS.encode() not in studio.kept_bytes()


@pytest.mark.parametrize("address", ["me", "a@b", "a b@shop.example", "a@shop.example, b@x.org"])
def test_what_is_no_address_is_refused_and_forgotten(studio: Studio, address: str):
    failed = studio.send(address=address)
    assert failed.state is IntentState.FAILED
    assert failed.payload == {"combination": studio.combination()}
    assert not is_address(address)


def test_while_sending_is_paused_no_profile_is_made(studio: Studio):
    pause(studio.console.database, studio.console.clock, "*", by="me", reason="look")
    failed = studio.send()
    assert failed.state is IntentState.FAILED
    assert "profile" not in failed.payload


def test_a_pause_that_comes_while_the_profile_is_made_stops_the_message(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    real = sending_tests._wait_until_there

    def press(place: Workplace, profile: str) -> None:
        real(place, profile)
        pause(place.console.database, place.console.clock, "*", by="me", reason="look")

    monkeypatch.setattr(sending_tests, "_wait_until_there", press)
    failed = studio.send()
    profile = str(failed.payload["profile"])
    assert studio.stage.control.messages_of([profile])[profile] == []
    clear_up(studio.place)
    assert not studio.is_there(profile)


def test_what_goes_out_by_push_needs_a_customer_id(studio: Studio):
    failed = studio.send(Channel.PUSH)
    assert failed.state is IntentState.FAILED
    assert "do not go out by email" in str(failed.error)
    said = address_refused(studio.console, studio.experiment, studio.combination(Channel.PUSH))
    assert said is not None
    assert "customer ID" in str(said)


def test_brazes_own_words_are_not_passed_on_where_they_repeat_the_address(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object) -> None:
        raise Rejected(f"Braze says: {ADDRESS.upper()} is on a list.", status=400)

    monkeypatch.setattr(sending_tests, "create_temporary", refuse)
    failed = studio.send()
    assert failed.state is IntentState.FAILED
    assert ADDRESS not in str(failed.error).lower()


def test_a_profile_that_never_comes_is_not_sent_to_and_deleted(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sending_tests, "VISIBLE_WITHIN_S", 0.05)
    studio.faults({"path": "/users/track", "kind": "202", "count": 1, "delay_s": 60})
    failed = studio.send()
    assert failed.state is IntentState.FAILED
    clear_up(studio.place)
    profile = str(failed.payload["profile"])
    studio.later(A_WHILE)
    clear_up(studio.place)
    assert not studio.is_there(profile)


def test_what_another_worker_has_taken_over_is_not_rewritten(studio: Studio):
    key = studio.ask()
    console = studio.console
    mine = take_next(console.database, console.clock)
    assert mine is not None
    with console.database.write() as c:
        c.execute(schema.intents.update().values(state="waiting"))
    theirs = take_next(console.database, console.clock)
    assert theirs is not None
    assert not rewrite(console.database, mine, {"combination": {}})
    assert rewrite(console.database, theirs, {"combination": {}})
    assert studio.found(key).payload == {"combination": {}}


def test_the_page_offers_an_address_only_to_keys_that_may_delete(studio: Studio):
    said = address_refused(studio.console, studio.experiment, studio.combination())
    assert said is not None
    assert "users.delete" in str(said)
    with studio.console.database.write() as c:
        c.execute(schema.permissions.delete().where(schema.permissions.c.name == "users.delete"))
        c.execute(
            schema.permissions.insert().values(name="users.delete", result="excess", checked_at=0.0)
        )
    assert address_refused(studio.console, studio.experiment, studio.combination()) is None


def test_ids_of_ones_own_still_get_a_test(studio: Studio):
    table = studio.console.lake.load(
        studio.console.lake.parts("snapshots", studio.experiment.id)[-1:], ["person"]
    )
    person = table["person"][0].as_py()
    with studio.console.database.read() as c:
        id = c.execute(schema.people.select().where(schema.people.c.person == person)).one()
    before = len(studio.stage.control.messages_of([id.external_id])[id.external_id])
    database, clock = studio.console.database, studio.console.clock
    payload = {"external_ids": [id.external_id], "combination": studio.combination()}
    file_intent(database, clock, IntentKind.TEST_SEND, "ids", payload, "me", studio.draft)
    assert act_on_next(studio.place)
    assert studio.found("ids").state is IntentState.DONE
    assert len(studio.stage.control.messages_of([id.external_id])[id.external_id]) == before + 1
    assert clear_up(studio.place) == 0
