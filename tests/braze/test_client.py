"""The client on a real line: what is put on it, how often, and what comes of each way it breaks."""

from __future__ import annotations

import socket
import struct
import time
import traceback

import pytest
from pydantic import SecretStr

from services.braze.campaigns import list_campaigns
from services.braze.client import BrazeClient
from services.braze.limits import Family
from services.braze.origins import REST_ORIGINS, allowed_endpoint
from services.braze.segments import segment_details
from services.braze.sending import Recipient, trigger_campaign
from services.errors import (
    BrazeBroken,
    BrazeError,
    NeverConnected,
    NoAnswer,
    NothingHappened,
    RateLimited,
    Rejected,
    SetupError,
)

OK = {"message": "success", "dispatch_id": "4be7d20c3f9a4f0e8d1c55b7a9066e21"}


def send(client, guard=lambda: None):
    return trigger_campaign(client, "c-1", [Recipient("p-1", {"offer": "A"})], guard=guard)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    for _ in range(200):
        connection.sendall(b" ")
        time.sleep(0.01)


def test_a_request_carries_the_key_in_its_header_and_nowhere_else(line):
    line.says(200, {"message": "success", "name": "All"})
    segment_details(line.client(), "s-1")
    head = line.asked[0].decode()
    assert f"authorization: Bearer {line.key}" in head.replace("Authorization", "authorization")
    assert head.count(line.key) == 1
    assert line.targets() == ["/segments/details?segment_id=s-1"]


def test_each_request_has_a_connection_of_its_own(line):
    line.says_always(200, {"message": "success", "campaigns": []})
    client = line.client()
    for _ in range(3):
        list(list_campaigns(client))
    assert len(line.asked) == 3


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_read_is_tried_again_after_a_fault_of_braze(line, status):
    line.says(status, {"message": "Internal Server Error"})
    line.answers(b"", reset)
    line.says(200, {"message": "success", "name": "All"})
    assert segment_details(line.client(), "s-1").name == "All"
    assert len(line.asked) == 4


def test_a_read_waits_out_a_short_rate_limit_and_gives_up_on_a_long_one(line):
    line.says(429, {"message": "Rate Limited"}, retry_after="1")
    line.says(200, {"message": "success", "name": "All"})
    assert segment_details(line.client(), "s-1").name == "All"
    line.says(429, {"message": "Rate Limited"}, retry_after="3600")
    with pytest.raises(RateLimited):
        segment_details(line.client(), "s-1")
    assert len(line.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refused_read_is_not_repeated(line, status):
    line.says_always(status, {"message": "no"})
    with pytest.raises(Rejected):
        segment_details(line.client(), "s-1")
    assert len(line.asked) == 1


@pytest.mark.parametrize(
    "step", [b"", reset, b"HTTP/1.1 200", b"HTTP/1.1 201 X\r\ncontent-length: 9\r\n\r\n{"]
)
def test_a_send_whose_answer_is_lost_is_in_doubt_and_on_the_wire_once(line, step):
    line.answers(step)
    line.says_always(201, OK)
    with pytest.raises(NoAnswer):
        send(line.client())
    assert len(line.asked) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_send_is_never_repeated_by_the_client(line, status):
    line.says_always(status, {"message": "busy"})
    with pytest.raises(BrazeError):
        send(line.client())
    assert len(line.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(line, status):
    line.says_always(status, {"message": "success"}, location=f"{line.url}/elsewhere")
    with pytest.raises(BrazeBroken):
        send(line.client())
    assert line.targets() == ["/campaigns/trigger/send"]


def test_nothing_listening_is_certain_and_names_the_sandbox(line):
    client = line.client()
    line.close()
    with pytest.raises(NeverConnected, match="sandbox is gone"):
        send(client)


def test_silence_ends_at_the_time_limit(line, monkeypatch):
    monkeypatch.setattr("services.braze.client.READ_S", 0.2)
    line.answers(lambda _: time.sleep(1.0))
    with pytest.raises(NoAnswer, match="in time"):
        send(line.client())


def test_an_answer_that_drips_ends_at_the_time_limit_too(line, monkeypatch):
    monkeypatch.setattr("services.braze.client.READ_S", 0.2)
    monkeypatch.setattr("services.braze.client.CONNECT_S", 0.1)
    line.answers(drip)
    started = time.monotonic()
    with pytest.raises(NoAnswer):
        send(line.client())
    assert time.monotonic() - started < 1.5


def test_an_endless_answer_is_cut_off(line, monkeypatch):
    monkeypatch.setattr("services.braze.client.MAX_ANSWER_BYTES", 1000)
    line.says(200, {"message": "success", "name": "x" * 5000})
    with pytest.raises(BrazeBroken, match="larger than"):
        segment_details(line.client(), "s-1")


def test_the_guard_runs_once_after_connecting_and_before_the_first_byte(line):
    seen = []
    line.says(201, OK)
    accepted = send(line.client(), guard=lambda: seen.append(len(line.asked)))
    assert seen == [0]
    assert accepted.dispatch_id == OK["dispatch_id"]


def test_a_guard_that_objects_keeps_the_request_off_the_wire(line):
    def paused() -> None:
        raise SetupError("Paused.")

    client = line.client()
    with pytest.raises(SetupError, match="Paused"):
        send(client, guard=paused)
    assert line.asked == []
    line.says(201, OK)
    assert send(client).dispatch_id  # and the client still works


def test_windows_are_reported_with_their_family(line):
    seen = []
    soon = str(int(time.time()) + 50)
    line.says(
        201, OK, x_ratelimit_limit="250000", x_ratelimit_remaining="9", x_ratelimit_reset=soon
    )
    send(line.client(on_window=lambda family, window: seen.append((family, window.remaining))))
    assert seen == [(Family.SHARED, 9)]


@pytest.mark.parametrize(
    "step",
    [
        lambda key: answer_with(401, f'{{"message": "Invalid API key: {key}"}}'),
        lambda key: answer_with(500, f'{{"message": "{key}"}}'),
        lambda key: answer_with(200, f"{key}"),
        lambda key: answer_with(200, "{}", f"x-request-id: {key}"),
        lambda key: answer_with(302, "{}", f"location: http://evil.example/{key}"),
        lambda key: f"HTTP/1.1 {key}\r\n\r\n".encode(),
        lambda key: f"garbage {key}\r\n\r\n".encode(),
        lambda key: answer_with(200, "{}", f"bad header {key}"),
        lambda _: b"",
    ],
)
def test_the_key_is_in_no_error_whatever_braze_does_with_it(line, step, caplog):
    caplog.set_level(0)
    line.always = step(line.key)
    client = line.client()
    with pytest.raises(BrazeError) as caught:
        send(client)
    shown = "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    )
    links, problem = [], caught.value
    while problem is not None:
        links.append(f"{problem!r} {vars(problem)}")
        problem = problem.__cause__ or problem.__context__
    mine = shown[shown.index("services/braze") :]
    assert line.key not in mine + "".join(links) + caplog.text + repr(client) + repr(vars(client))


def answer_with(status: int, body: str, *headers: str) -> bytes:
    lines = "".join(f"{h}\r\n" for h in (f"content-length: {len(body)}", *headers))
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n{body}".encode()


@pytest.mark.parametrize(
    "key", [None, SecretStr(""), SecretStr("a b"), SecretStr("a\nb"), SecretStr("ключ")]
)
def test_a_key_that_cannot_be_one_is_refused_without_being_repeated(key):
    with pytest.raises(SetupError) as refusal:
        BrazeClient("https://rest.iad-01.braze.com", key)
    assert (
        key is None
        or not key.get_secret_value()
        or key.get_secret_value() not in str(refusal.value)
    )


@pytest.mark.parametrize("address", sorted(REST_ORIGINS))
def test_every_published_instance_may_be_used(address):
    BrazeClient(address, SecretStr("k")).close()
    assert allowed_endpoint(address) == address
    assert allowed_endpoint(address + "/") == address


@pytest.mark.parametrize(
    "address",
    [
        "https://rest.iad-09.braze.com",
        "http://rest.iad-01.braze.com",
        "https://rest.iad-01.braze.com\n",
        "https://rest.iad-01.braze.com:443",
        "https://rest.iad-01.braze.com@evil.example",
        "https://evil.example/https://rest.iad-01.braze.com",
        "https://rest.iad-01.braze.com.evil.example",
        "https://rest.iad-01.braze.com/prefix",
        "https://REST.iad-01.braze.com",
        "https://rest.iad‑01.braze.com",
        "http://127.0.0.1:8000",
        "",
    ],
)
def test_no_other_address_gets_the_key(address):
    with pytest.raises(SetupError):
        BrazeClient(address, SecretStr("k"))


@pytest.mark.parametrize(
    "address",
    [
        "https://rest.iad-01.braze.com",
        "http://127.0.0.1",
        "http://127.0.0.1:0",
        "http://127.0.0.1:70000",
        "http://0.0.0.0:8000",
        "http://127.0.0.1:8000/x",
        "http://2130706433:8000",
        "http://127.0.0.1:80@evil.example:80",
    ],
)
def test_the_sandbox_is_only_ever_on_this_machine(address):
    with pytest.raises(SetupError):
        BrazeClient(address, SecretStr("k"), sandbox=True)


def test_proxies_of_the_environment_do_not_get_the_key(line, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    line.says(201, OK)
    assert send(line.client()).dispatch_id


def test_refusals_are_certain_and_lost_answers_are_not():
    assert issubclass(Rejected, NothingHappened)
    assert not issubclass(NoAnswer, NothingHappened)
