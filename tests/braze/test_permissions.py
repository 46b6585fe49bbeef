"""The doctor: it names exactly what is missing and what is too much, and touches nobody."""

from __future__ import annotations

from email.utils import formatdate
from time import time

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pretend_braze import body_of, client_of
from pydantic import SecretStr

from services.braze import probes
from services.braze.endpoints import NEEDED, OTHERS, PERMISSIONS
from services.braze.limits import Family, RateWindow
from services.braze.line import instance_of, line_of
from services.braze.notes import AnswerNote
from services.braze.origins import REST_ORIGINS
from services.braze.permissions import ADVICE, SENDING, STEPS, Result, check_permissions
from services.errors import NeverConnected, Rejected

NINETEEN, REST = sorted(NEEDED.values()), sorted(OTHERS.values())
DENIED = {"message": "You do not have permission to access this resource"}


class KeyedBraze:
    """Knows what a key holds; refuses values it cannot work with, after the permission."""

    def __init__(self, *held: str) -> None:
        self.held = set(held)
        self.asked: list[httpx.Request] = []

    def __call__(self, asked: httpx.Request) -> httpx.Response:
        self.asked.append(asked)
        if PERMISSIONS[asked.url.path] not in self.held:
            return httpx.Response(403, json=DENIED)
        if asked.method == "POST" and asked.url.path != "/users/export/ids":
            return httpx.Response(400, json={"message": "No Recipients"})
        return httpx.Response(200, json={"campaigns": [{"id": "c"}], "message": "success"})


def named(results, result: Result) -> set[str]:
    return {r.name for r in results if r.result is result}


@settings(max_examples=25, deadline=None)
@given(missing=st.sets(st.sampled_from(NINETEEN)), excess=st.sets(st.sampled_from(REST)))
def test_exactly_what_is_missing_and_too_much_is_named(missing, excess):
    braze = KeyedBraze(*(set(NINETEEN) - missing), *excess)
    results = check_permissions(client_of(braze))
    assert named(results, Result.MISSING) == missing
    assert named(results, Result.EXCESS) == excess
    assert named(results, Result.NOT_TRIED) == set()
    assert len(results) == 19 + len(excess)
    assert {PERMISSIONS[a.url.path] for a in braze.asked} == set(PERMISSIONS.values())


def test_no_call_of_the_doctor_names_anybody_or_could_do_anything():
    braze = KeyedBraze(*PERMISSIONS.values())
    check_permissions(client_of(braze))
    posts = [a for a in braze.asked if a.method == "POST"]
    assert len({a.url.path for a in posts}) == len(posts) == 17  # once each, never repeated
    for asked in posts:
        body = body_of(asked)
        people = body.pop("external_ids", []) if asked.url.path == "/users/export/ids" else []
        assert people in ([], [probes.NOBODY])
        assert body.get("broadcast", False) is False
        meant = {k: v for k, v in body.items() if v not in ([], {}, False, probes.NOTHING)}
        assert meant in ({}, {"fields_to_export": ["external_id"]})
    for asked in braze.asked:
        assert "email" not in asked.url.params
        assert asked.url.params.get("length", "1") == "1"


def test_every_permission_has_its_reason_why_trying_it_is_harmless():
    for name in PERMISSIONS.values():
        assert name in probes.__doc__
    assert set(STEPS) == set(NINETEEN)
    assert set(ADVICE) == set(REST)
    assert set(NINETEEN) > SENDING


def test_what_a_broken_braze_says_of_a_permission_is_not_believed():
    def broken(asked: httpx.Request) -> httpx.Response:
        return httpx.Response(500, text="")

    results = check_permissions(client_of(broken))
    assert named(results, Result.NOT_TRIED) == set(PERMISSIONS.values())


def test_a_path_that_an_instance_does_not_have_is_not_one_right_too_many():
    def older(asked: httpx.Request) -> httpx.Response:
        if asked.url.path.startswith("/kpi"):
            return httpx.Response(404, json={"message": "Not Found"})
        return KeyedBraze(*NINETEEN)(asked)

    assert named(check_permissions(client_of(older)), Result.EXCESS) == set()


@pytest.mark.parametrize("said", ["Invalid API key: x", "Error authenticating credentials"])
def test_an_unknown_key_is_said_once_and_not_nineteen_times(said):
    with pytest.raises(Rejected, match="does not know this key"):
        check_permissions(client_of({"message": said}, status=401))


def test_an_address_that_is_not_allowed_is_not_a_missing_permission():
    with pytest.raises(Rejected, match="address of this machine"):
        check_permissions(client_of({"message": "Invalid whitelisted IPs"}, status=403))


def test_where_nothing_answers_nothing_is_said_about_permissions():
    def nobody(asked: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(NeverConnected):
        check_permissions(client_of(nobody))


def test_with_two_keys_each_permission_counts_where_it_is_used():
    reading, sending = KeyedBraze(*(set(NINETEEN) - SENDING)), KeyedBraze(*SENDING, "users.delete")
    other = client_of(sending)
    other._key = SecretStr("another-key-0123456789")
    results = check_permissions(client_of(reading), other)
    assert named(results, Result.MISSING) == set()
    excess = [r for r in results if r.result is Result.EXCESS]
    assert [(r.name, str(r.detail)) for r in excess] == [
        ("users.delete", "The sending key holds it.")
    ]


def test_one_key_in_two_clients_is_asked_once():
    braze = KeyedBraze(*NINETEEN)
    check_permissions(client_of(braze), client_of(braze))
    posts = [a.url.path for a in braze.asked if a.method == "POST"]
    assert len(posts) == len(set(posts))


def test_speed_rate_and_clock_come_from_the_calls_themselves():
    ahead_s, reset_s = 90.0, int(time()) + 600

    def skewed(asked: httpx.Request) -> httpx.Response:
        answer = KeyedBraze(*NINETEEN)(asked)
        answer.headers["Date"] = formatdate(time() + ahead_s, usegmt=True)
        answer.headers["X-RateLimit-Limit"] = "250000"
        answer.headers["X-RateLimit-Remaining"] = "249000"
        answer.headers["X-RateLimit-Reset"] = str(reset_s)
        return answer

    line = line_of(r.answer for r in check_permissions(client_of(skewed)))
    assert line.n_answers == 19
    assert 0 < line.latency_s < 5
    assert line.clock_ahead_s == pytest.approx(ahead_s, abs=1.5)
    assert not line.clocks_agree
    assert line.windows[Family.SHARED] == RateWindow(250_000, 249_000, reset_s)


def note(took_s: float, ahead_s: float | None, remaining: int | None) -> AnswerNote:
    return AnswerNote("/segments/list", 200, took_s, RateWindow(10, remaining, None), ahead_s)


def test_a_slow_answer_or_a_missing_header_does_not_spoil_the_picture():
    line = line_of([note(0.1, 0.2, 9), note(9.0, None, None), note(0.2, 0.4, 7)])
    assert line.latency_s == 0.2
    assert line.clock_ahead_s == pytest.approx(0.3)
    assert line.windows[Family.SHARED].remaining == 7
    nothing = line_of([])
    assert (nothing.latency_s, nothing.clock_ahead_s, nothing.clocks_agree) == (None, None, True)


@pytest.mark.parametrize(("ahead_s", "agree"), [(60.0, True), (-60.0, True), (61.0, False)])
def test_a_minute_between_the_clocks_is_the_most(ahead_s, agree):
    assert line_of([note(0.1, ahead_s, 1)]).clocks_agree is agree


@pytest.mark.parametrize("said", ["", "soon", "Mon, 99 Foo 2026", "0", "\x00"])
def test_a_date_that_is_none_says_nothing_of_the_clocks(said):
    client = client_of(
        lambda _: httpx.Response(200, json={"message": "success"}, headers={"Date": said})
    )
    results = check_permissions(client)
    assert line_of(r.answer for r in results if r.answer).clock_ahead_s is None


def test_every_instance_has_the_name_braze_gives_it():
    names = {instance_of(origin) for origin in REST_ORIGINS}
    assert names == {
        *(f"US-0{n}" for n in range(1, 9)),
        "US-10",
        "EU-01",
        "EU-02",
        "AU-01",
        "ID-01",
    }
    assert instance_of("http://127.0.0.1:8787") is None
