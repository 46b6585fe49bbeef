"""What one answer means, from bytes and a number."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from services.braze.limits import (
    DEFAULT_WAIT_S,
    MAX_RESET_AHEAD_S,
    MIN_WAIT_S,
    Family,
    RateWindow,
    family_of,
    read_window,
)
from services.braze.wire import decipher
from services.errors import (
    BrazeBroken,
    BrazeError,
    MayHaveHappened,
    NothingHappened,
    Queued,
    RateLimited,
    Rejected,
)

NOW_S = 1_772_611_200.0
KEY = SecretStr("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0")


def said(status: int, body: object = None, **more: object) -> dict[str, object]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = more.pop("headers", {})
    return decipher(status, headers, content, now_s=NOW_S, endpoint="/canvas/trigger/send", **more)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_that_says_success_is_one(status):
    assert said(status, {"message": "success", "dispatch_id": "d"}, must_confirm=True) == {
        "message": "success",
        "dispatch_id": "d",
    }


def test_a_read_may_leave_the_message_out_but_a_send_may_not():
    assert said(200, {"templates": []}) == {"templates": []}
    with pytest.raises(BrazeBroken):
        said(201, {"dispatch_id": "d"}, must_confirm=True)


@pytest.mark.parametrize("body", [{"message": "failure"}, {"message": ""}, {"message": None}])
def test_a_2xx_that_does_not_say_success_is_in_doubt(body):
    with pytest.raises(MayHaveHappened):
        said(201, body, must_confirm=True)


@pytest.mark.parametrize("status", [202, 200])
def test_queued_is_neither_success_nor_failure(status):
    with pytest.raises(Queued):
        said(status, {"message": "queued"})


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_refusals_with_json_certainly_did_nothing(status):
    with pytest.raises(Rejected) as refusal:
        said(status, {"message": "no"}, headers={"x-request-id": "abc-1"})
    assert refusal.value.status == status
    assert refusal.value.request_id == "abc-1"


@pytest.mark.parametrize(
    "status", [301, 307, 400, 401, 403, 404, 405, 408, 413, 500, 502, 503, 504]
)
def test_a_web_page_is_in_doubt_whatever_its_status(status):
    with pytest.raises(BrazeBroken):
        said(status, b"<html>no</html>", headers={"content-type": "text/html"})


@pytest.mark.parametrize("status", [302, 307, 308, 405, 408, 413, 415, 500, 502, 503, 504])
def test_other_errors_are_in_doubt_even_with_json(status):
    with pytest.raises(MayHaveHappened):
        said(status, {"message": "Internal Server Error"})


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"success"', b"null", b"<p>", b'{"a": NaN}'])
def test_a_success_that_is_no_json_object_is_in_doubt(body):
    with pytest.raises(BrazeBroken):
        said(201, body)


def test_deep_nesting_is_an_error_of_ours_and_not_a_crash():
    with pytest.raises(BrazeBroken):
        said(200, b"[" * 100_000)


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (401, {"message": "Invalid API key: x"}, "does not know this key"),
        (
            403,
            {"message": "You do not have permission"},
            "lacks the permission canvas.trigger.send",
        ),
        (403, {"message": "Invalid whitelisted IPs"}, "address of this machine"),
        (404, {"message": "Not Found"}, "has no /canvas/trigger/send"),
        (400, {"error": "Error while parsing request body."}, "refused the request"),
    ],
)
def test_each_refusal_has_its_own_sentence_and_a_way_out(status, body, word):
    with pytest.raises(Rejected) as refusal:
        said(status, body)
    assert word in str(refusal.value.what)
    assert refusal.value.hint is not None


@pytest.mark.parametrize(
    "echo",
    [
        f"Invalid API key: {KEY.get_secret_value()}",
        f"Key {KEY.get_secret_value()[:20]}... is unknown",
        f"Key ending in {KEY.get_secret_value()[-18:]} is unknown",
        f"no\n{KEY.get_secret_value()}\x1b[31m",
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_the_key_is_taken_out_of_what_braze_repeats(status, echo):
    with pytest.raises(Rejected) as refusal:
        said(status, {"message": echo}, key=KEY)
    text = f"{refusal.value!r} {refusal.value} {refusal.value.args} {vars(refusal.value)}"
    assert KEY.get_secret_value()[:18] not in text
    assert KEY.get_secret_value()[-18:] not in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"x-ratelimit-reset": str(int(NOW_S) + 12)}, 12.0),
        ({"retry-after": "7", "x-ratelimit-reset": str(int(NOW_S) + 12)}, 7.0),
        ({"x-ratelimit-reset": str(int(NOW_S))}, MIN_WAIT_S),
        ({"x-ratelimit-reset": "99999999999"}, DEFAULT_WAIT_S),
        ({"x-ratelimit-reset": "0"}, DEFAULT_WAIT_S),
        ({"x-ratelimit-reset": "soon"}, DEFAULT_WAIT_S),
        ({"x-ratelimit-reset": "²"}, DEFAULT_WAIT_S),
        ({"retry-after": "-5"}, DEFAULT_WAIT_S),
        ({}, DEFAULT_WAIT_S),
    ],
)
def test_a_429_says_how_long_to_wait_and_absurd_values_are_ignored(headers, wait_s):
    with pytest.raises(RateLimited) as limited:
        said(429, b"<html>", headers=headers)
    assert limited.value.retry_after_s == pytest.approx(wait_s)


def test_a_window_is_read_and_doubted():
    def window(limit, remaining, reset):
        names = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
        return read_window(dict(zip(names, (limit, remaining, reset), strict=True)), now_s=NOW_S)

    soon = str(int(NOW_S + 60))
    assert window("250", "249", soon) == RateWindow(250, 249, NOW_S + 60)
    assert window("", "", "") == RateWindow(None, None, None)
    assert window("250", "251", soon).remaining is None
    assert window("0", "5", soon).limit is None
    assert window("250", "1", str(int(NOW_S + MAX_RESET_AHEAD_S + 60))).reset_s is None
    assert window("250", "1", str(int(NOW_S - 3600))).reset_s is None
    assert window("-1", "1e3", "NaN") == RateWindow(None, None, None)


def test_requests_are_counted_in_the_bucket_they_share():
    assert family_of("/users/export/ids") is Family.EXPORT_IDS
    assert family_of("/campaigns/trigger/send") is family_of("/segments/list") is Family.SHARED


@given(
    status=st.integers(100, 599),
    body=st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=9),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["message", "errors", "error", "x"]), inner)
            ),
            max_leaves=6,
        ).map(lambda v: json.dumps(v).encode()),
    ),
    headers=st.dictionaries(
        st.sampled_from(["x-ratelimit-reset", "retry-after", "content-type", "x-request-id"]),
        st.text(max_size=20),
    ),
)
@settings(max_examples=300, deadline=None)
def test_whatever_comes_is_a_success_or_one_of_our_errors(status, body, headers):
    try:
        found = decipher(status, headers, body, now_s=NOW_S, endpoint="/x", must_confirm=True)
    except NothingHappened:
        assert status in {400, 401, 403, 404, 429}
    except BrazeError as problem:
        assert problem.hint  # noqa: PT017
    else:
        assert 200 <= status < 300
        assert found["message"] == "success"
