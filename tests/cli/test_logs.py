"""The log goes to standard error, a JSON object a line, and never holds a key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from services.bootstrap import open_workplace
from services.braze.retrying import read_again
from services.errors import NeverConnected
from services.messages import msg
from services.settings import load_settings, write_connection

KEY = "k-5a1f-secret"


@pytest.fixture
def opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_connection(tmp_path, endpoint="http://127.0.0.1:9", key=SecretStr(KEY), sandbox=True)
    before = structlog.get_config()
    place = open_workplace(load_settings({}, home=tmp_path, with_keys=True))
    yield
    place.reading.close()
    place.sending.close()
    place.console.database.close()
    structlog.configure(**before)


def test_a_key_is_blanked_in_whatever_sentence_it_stands(
    opened: None, capsys: pytest.CaptureFixture[str]
):
    log = structlog.get_logger()
    try:
        raise ValueError(f"Braze answered: invalid key {KEY}")
    except ValueError:
        log.exception("refused", answer={"message": f"Bad {KEY}"}, seen=[KEY, 3, None])
    out, err = capsys.readouterr()
    assert out == ""
    assert KEY not in err
    assert err.count("[key removed]") == 3
    entry = json.loads(err)
    assert entry["event"] == "refused"
    assert entry["seen"] == ["[key removed]", 3, None]


def test_a_repeated_read_says_so_beside_the_answer_and_not_in_it(
    opened: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("services.braze.retrying.FIRST_WAIT_S", 0.001)
    tries = iter((NeverConnected(msg("Nobody there.")), None))

    def read() -> str:
        problem = next(tries)
        if problem is not None:
            raise problem
        return "read"

    assert read_again(read) == "read"
    out, err = capsys.readouterr()
    assert out == ""
    assert [json.loads(line)["event"] for line in err.splitlines()]
