"""Faults on demand, each over real HTTP: what the caller sees, and what was accepted anyway."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from itertools import islice

import httpx
import pytest
from sandbox_wire import Wire, serving

from services.sandbox.routing.faults import Kind, kinds

SEND = "/campaigns/trigger/send"
KEYS = {"path", "kind", "count", "probability", "skip", "delay_s", "skew_s", "seed", "struck"}


@pytest.fixture
def line(shared: Wire) -> Iterator[Wire]:
    """The common sandbox, without the faults of the test before."""
    if not hasattr(shared, "unused"):
        shared.unused = iter(shared.reachable(400))
    shared.control("faults", faults=[])
    yield shared
    shared.control("faults", faults=[])


def fresh(wire: Wire, n: int) -> list[str]:
    """People whom no test has written to."""
    return list(islice(wire.unused, n))


def script(wire: Wire, kind: str, path: str = SEND, **more: object) -> None:
    wire.control("faults", faults=[{"path": path, "kind": kind, "count": 1, **more}])


def received(wire: Wire, people: list[str]) -> int:
    """How many of them have received the campaign, as Braze tells."""
    found = wire.profiles(people, "campaigns_received")
    campaign = wire.campaign("offer_email")
    return sum(
        any(c["api_campaign_id"] == campaign for c in person.get("campaigns_received", []))
        for person in found.values()
    )


def test_the_table_of_faults_names_every_kind_once_and_is_shown(shared: Wire):
    shown = shared.client.get("/_sandbox/faults").json()
    assert shown["kinds"] == kinds()
    assert sorted(row["kind"] for row in kinds()) == sorted(kind.value for kind in Kind)
    assert {row["accepted"] for row in kinds()} == {"nothing", "everything", "something"}
    script(shared, "503", path="/nowhere")
    assert set(shared.client.get("/_sandbox/faults").json()["faults"][0]) == KEYS


@pytest.mark.parametrize(
    ("kind", "status", "body", "accepted"),
    [
        ("429", 429, r'\{"message":"Rate Limited"\}', 0),
        ("500_before", 500, r'\{"message":"Internal Server Error"\}', 0),
        ("500_after", 500, r'\{"message":"Internal Server Error"\}', 3),
        ("503", 503, "", 0),
        ("504", 504, "<html>.*504 Gateway.*", 0),
        ("504_after", 504, "<html>.*504 Gateway.*", 3),
        ("html_before", 502, "<html>.*502 Bad Gateway.*", 0),
        ("html_after", 502, "<html>.*502 Bad Gateway.*", 3),
        ("html_ok", 201, "<html>.*", 3),
        ("truncated", 201, r"\{.*[^}]", 3),
        ("late", 201, r'\{.*"message":"success".*\}', 3),
        ("slow", 201, r'\{.*"message":"success".*\}', 3),
        ("clock_skew", 201, r'\{.*"message":"success".*\}', 3),
    ],
)
def test_an_answer_goes_wrong_once_and_the_next_is_right(
    line: Wire, kind: str, status: int, body: str, accepted: int
):
    people, before = fresh(line, 3), line.truth()["accepted"]
    script(line, kind, delay_s=0.1)
    answer = line.trigger(people)
    assert answer.status_code == status
    assert re.fullmatch(body, answer.text)
    assert line.truth()["accepted"] - before == received(line, people) == accepted
    assert line.trigger(people).status_code == 201


@pytest.mark.parametrize(
    ("kind", "accepted"), [("cut_before", 0), ("cut_after", 4), ("cut_body", 4), ("half", 2)]
)
def test_a_reset_connection_tells_nothing_about_what_was_accepted(
    line: Wire, kind: str, accepted: int
):
    people, before = fresh(line, 4), line.truth()["accepted"]
    script(line, kind)
    with pytest.raises(httpx.TransportError):
        line.trigger(people)
    assert line.truth()["accepted"] - before == received(line, people) == accepted


@pytest.mark.parametrize(("kind", "accepted"), [("504", 0), ("slow", 2), ("late", 2)])
def test_what_takes_its_time_outlasts_an_impatient_client(line: Wire, kind: str, accepted: int):
    people, before = fresh(line, 2), line.truth()["accepted"]
    script(line, kind, delay_s=4)
    line.client.timeout = httpx.Timeout(20, read=0.3)
    with pytest.raises(httpx.ReadTimeout):
        line.trigger(people)
    line.client.timeout = httpx.Timeout(20)
    assert line.truth()["accepted"] - before == accepted


def test_what_maintenance_queued_is_carried_out_afterwards_and_once(line: Wire):
    people, before = fresh(line, 3), line.truth()["accepted"]
    script(line, "202", delay_s=3600)
    queued = line.trigger(people)
    assert (queued.status_code, queued.json()) == (202, {"message": "queued"})
    assert line.truth()["accepted"] == before
    line.control("faults", faults=[])
    assert received(line, people) == 3
    assert [line.truth()["accepted"] - before for _ in range(2)] == [3, 3]


def test_what_was_queued_is_not_forgotten_when_the_time_is_up(line: Wire):
    people = fresh(line, 2)
    script(line, "202", delay_s=0.05)
    line.trigger(people)
    time.sleep(0.06)
    assert received(line, people) == 2


def test_a_read_in_maintenance_is_told_to_wait_and_leaves_nothing_behind(line: Wire):
    script(line, "202", path="/segments/list", delay_s=0)
    queued = line.get("/segments/list")
    assert (queued.status_code, queued.json()) == (202, {"message": "queued"})
    assert line.get("/segments/list").json()["message"] == "success"


def test_maintenance_still_turns_away_who_may_not_come_in(line: Wire):
    script(line, "202", count=2)
    assert line.post(SEND, {}, key="nobody").status_code == 401
    assert line.client.post(SEND, headers=line._headers(None)).status_code == 415


def test_429_says_when_the_window_ends(line: Wire):
    script(line, "429", delay_s=30)
    answer = line.trigger(fresh(line, 1))
    now_s = line.client.get("/_sandbox/clock").json()["now_s"]
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert 0 < int(answer.headers["x-ratelimit-reset"]) - now_s < 60


@pytest.mark.parametrize("skew_s", [-7200, 7200])
def test_a_clock_that_is_off_shows_in_date_and_reset_and_nowhere_else(line: Wire, skew_s: int):
    def clock(answer: httpx.Response) -> tuple[float, int]:
        date = parsedate_to_datetime(answer.headers["date"]).timestamp()
        return date, int(answer.headers["x-ratelimit-reset"])

    right = clock(line.get("/segments/list"))
    script(line, "clock_skew", path="*", skew_s=skew_s, count=2)
    off = clock(line.get("/segments/list"))
    assert abs(off[0] - right[0] - skew_s) < 5
    assert (off[1] - right[1] - skew_s) % 3600 == 0
    refused = line.get("/segments/details", segment_id="none")
    assert refused.status_code == 400
    assert abs(clock(refused)[0] - right[0] - skew_s) < 5
    assert len(refused.headers.get_list("date")) == 1


def test_an_expired_export_never_opens_though_it_was_accepted(line: Wire):
    script(line, "export_expired", path="/users/export/segment")
    body = {"segment_id": line.segment("regulars"), "fields_to_export": ["external_id"]}
    answer = line.post("/users/export/segment", body)
    assert answer.status_code == 201
    deadline = time.monotonic() + 10
    while "ExpiredToken" not in (found := httpx.get(answer.json()["url"])).text:
        assert found.status_code == 403
        assert time.monotonic() < deadline
    again = line.post("/users/export/segment", body)
    assert again.status_code == 201


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("503", 503),
        ("html_before", 502),
        ("expired_before", 403),
        ("html_ok", 200),
        ("truncated", 200),
        ("slow", 200),
        ("cut_body", None),
        ("cut_before", None),
    ],
)
def test_a_download_goes_wrong_once(line: Wire, kind: str, seen: int | None):
    body = {"segment_id": line.segment("app"), "fields_to_export": ["external_id"]}
    url = line.post("/users/export/segment", body).json()["url"]
    deadline = time.monotonic() + 10
    while (whole := httpx.get(url)).status_code == 403:
        assert time.monotonic() < deadline
    script(line, kind, path="/exports", delay_s=0.1)
    if seen is None:
        with pytest.raises(httpx.TransportError):
            httpx.get(url)
    else:
        answer = httpx.get(url)
        assert answer.status_code == seen
        good = zipfile.is_zipfile(io.BytesIO(answer.content))
        assert good == (kind == "slow")
    assert httpx.get(url).content == whole.content


def test_another_sender_moves_braze_numbers_and_not_the_truth_of_ours(wire: Wire):
    people = wire.reachable(5)
    script(wire, "other_too")
    assert wire.trigger(people).status_code == 201
    truth = wire.truth()
    assert (truth["accepted"], truth["sent_by_others"], truth["duplicates"]) == (5, 5, 0)
    series = wire.get(
        "/campaigns/data_series", campaign_id=wire.campaign("offer_email"), length=1
    ).json()["data"][0]
    assert series["messages"]["email"][0]["sent"] == 10


def test_another_sender_can_make_a_lost_request_look_received(tmp_path):
    with serving(tmp_path) as wire:
        people = wire.reachable(5)
        script(wire, "other_instead")
        with pytest.raises(httpx.TransportError):
            wire.trigger(people)
        assert wire.truth()["accepted"] == 0
        assert received(wire, people) == 5
    with serving(tmp_path) as again:  # what another sender did is on disk like everything else
        assert again.truth()["sent_by_others"] == 5
        assert received(again, people) == 5


def test_faults_let_some_pass_and_strike_by_chance_alike_for_the_same_seed(line: Wire):
    def struck(**more: object) -> list[int]:
        script(line, "503", path="/segments/list", **more)
        return [n for n in range(24) if line.get("/segments/list").status_code == 503]

    assert struck(skip=2, count=3) == [2, 3, 4]
    by_chance = struck(count=None, probability=0.4, seed=7)
    assert by_chance == struck(count=None, probability=0.4, seed=7)
    assert by_chance != struck(count=None, probability=0.4, seed=8)
    assert 0 < len(by_chance) < 24


@pytest.mark.parametrize(
    "given",
    [{"kind": "earthquake"}, {"kind": "503", "often": 1}, {}, 7, {"kind": "503", "seed": "x"}],
)
def test_a_script_that_cannot_be_read_is_refused_and_changes_nothing(line: Wire, given: object):
    script(line, "503", path="/segments/list")
    assert line.client.post("/_sandbox/faults", json={"faults": [given]}).status_code == 400
    assert line.get("/segments/list").status_code == 503
