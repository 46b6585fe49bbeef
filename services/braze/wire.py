"""What one Braze answer means, worked out from bytes and a number: no network, no clock.

The classes are those of the send ledger: a code alone is not enough, because a gateway can answer
502 after Braze has accepted. Only a 400, 401, 403 or 404 with a JSON error, and a 429, say for
certain that nothing happened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import SecretStr

from services.braze.endpoints import PERMISSIONS
from services.braze.limits import wait_after_429_s
from services.braze.opaque import opaque
from services.errors import BrazeBroken, BrazeError, Queued, RateLimited, Rejected
from services.messages import Message, msg

REFUSALS = frozenset({400, 401, 403, 404})
MAX_QUOTED_CHARS = 200  # of Braze's own words in a sentence of ours
MIN_ECHO_CHARS = 6  # a shorter piece of a key cannot be told from ordinary text

ADDRESS_REFUSED = msg("Braze does not accept this key from the address of this machine.")

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY_ECHO = re.compile(r"(api key:?)\s*\S.*", re.IGNORECASE | re.DOTALL)
_REDACTED = "[key removed]"


def decipher(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now_s: float,
    endpoint: str = "",
    must_confirm: bool = False,
    key: SecretStr | None = None,
) -> dict[str, Any]:
    """Return the JSON object in one Braze answer, or raise what the answer means.

    `headers` has lower-case keys. `now_s` is the time in seconds since the epoch, the unit Braze
    uses for the moment its rate-limit window resets. `endpoint` is the path asked, for the
    sentences. `must_confirm` demands `"message": "success"`, as every accepted send says it;
    reads may leave it out. `key` is taken out of whatever Braze repeats in its error texts.

    Raises RateLimited for 429, Rejected for 400, 401, 403 and 404 with a JSON error, Queued for
    202 or a "queued" in the body, and BrazeBroken for all else that is not a JSON object with
    status 2xx.
    """
    request_id = request_id_of(headers)
    if status == 429:
        wait_s = wait_after_429_s(headers, now_s=now_s)
        raise RateLimited(
            msg("Braze asks for a pause: too many requests to {endpoint}.", endpoint=endpoint),
            hint=msg(
                "Nothing was sent. Anneal goes on by itself in {seconds} s.", seconds=round(wait_s)
            ),
            retry_after_s=wait_s,
            endpoint=endpoint,
            request_id=request_id,
        )
    data = _json_object(body)
    if status in REFUSALS and data is not None:
        raise _refusal(status, data, endpoint, request_id, key)
    if not 200 <= status < 300 or data is None:
        raise _broken(status, headers, endpoint, request_id)
    said = data.get("message")
    if status == 202 or said == "queued":
        raise Queued(
            msg("Braze has put the request to {endpoint} on its queue.", endpoint=endpoint),
            hint=msg("It is not asked again: that would do it twice."),
            endpoint=endpoint,
            status=status,
            request_id=request_id,
        )
    if said != "success" and (must_confirm or said is not None):
        raise BrazeBroken(
            msg(
                "Braze answered {endpoint} with {status}, but did not say that it worked.",
                endpoint=endpoint,
                status=status,
            ),
            hint=msg("Braze says: {text}", text=quotable(said, key)),
            endpoint=endpoint,
            status=status,
            request_id=request_id,
        )
    return data


def redact(text: str, key: SecretStr | None) -> str:
    """Take the key out of something Braze sent, also where only one end of it is repeated."""
    if key is None:
        return text
    least = max(MIN_ECHO_CHARS, len(key.get_secret_value()) // 2)
    if not any(end in text for end in _ends(key, least)):
        return text
    text = text.replace(key.get_secret_value(), _REDACTED)
    for n in range(len(key.get_secret_value()) - 1, least - 1, -1):
        for end in _ends(key, n):
            text = text.replace(end, _REDACTED)
    return text


def _ends(key: SecretStr, n: int) -> tuple[str, str]:
    return key.get_secret_value()[:n], key.get_secret_value()[-n:]


def quotable(said: object, key: SecretStr | None = None) -> str:
    """Braze's own words, fit for a sentence: one line, short, without whatever follows "API
    key:".
    """
    text = said if isinstance(said, str) else orjson.dumps(said, default=str).decode()
    text = "".join(c if c.isprintable() else " " for c in text)
    text = _KEY_ECHO.sub(rf"\1 {_REDACTED}", redact(" ".join(text.split()), key))
    return text if len(text) <= MAX_QUOTED_CHARS else text[: MAX_QUOTED_CHARS - 1] + "…"


def request_id_of(headers: Mapping[str, str]) -> str:
    """Braze's id of the request, to give to its support; empty where it sent none or nonsense."""
    found = headers.get("x-request-id", "")
    return found if _REQUEST_ID.fullmatch(found) else ""


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        data = opaque(orjson.loads(body))
    except ValueError:  # no JSON, or nested without end
        return None
    return data if isinstance(data, dict) else None


def _refusal(
    status: int, data: dict[str, Any], endpoint: str, request_id: str, key: SecretStr | None
) -> Rejected:
    said = quotable(data.get("message", data.get("error", "")), key)
    what, hint = _words_for_refusal(status, said, endpoint)
    return Rejected(what, hint=hint, endpoint=endpoint, status=status, request_id=request_id)


def _words_for_refusal(status: int, said: str, endpoint: str) -> tuple[Message, Message]:
    if status == 401:
        return (
            msg("Braze does not know this key."),
            msg(
                "Check that the key is whole and that the REST endpoint is the one of its own "
                "instance: a key works on that one only. A deleted key has to be made anew."
            ),
        )
    if status == 403 and "whitelist" in said.lower():
        return (
            ADDRESS_REFUSED,
            msg(
                "The key has a list of allowed addresses, which cannot be changed: make a new key "
                "that includes this machine."
            ),
        )
    if status == 403:
        return (
            msg(
                "The key lacks the permission {permission}.",
                permission=PERMISSIONS.get(endpoint, endpoint),
            ),
            msg(
                "Permissions of a key cannot be changed in Braze: make a new key with all that are "
                "listed on Connection. Braze says: {text}",
                text=said,
            ),
        )
    if status == 404:
        return (
            msg("Braze has no {endpoint} at this address.", endpoint=endpoint),
            msg("Check the REST endpoint on Connection. Braze says: {text}", text=said),
        )
    return (
        msg("Braze refused the request to {endpoint}.", endpoint=endpoint),
        msg("Nothing happened. Braze says: {text}", text=said),
    )


def _broken(status: int, headers: Mapping[str, str], endpoint: str, request_id: str) -> BrazeError:
    if 300 <= status < 400:
        what = msg("Braze sent {endpoint} on to another address.", endpoint=endpoint)
        hint = msg(
            "Anneal never follows: the key would go along. Check the REST endpoint on Connection."
        )
    elif "html" in headers.get("content-type", "").lower():
        what = msg(
            "{endpoint} was answered with a web page ({status}) instead of data.",
            endpoint=endpoint,
            status=status,
        )
        hint = msg("Something between this machine and Braze answered. Try again in a few minutes.")
    elif status >= 500 or status == 408:
        what = msg(
            "Braze has a problem of its own ({status} from {endpoint}).",
            endpoint=endpoint,
            status=status,
        )
        hint = msg("Try again in a few minutes; Braze's status page may know more.")
    else:
        what = msg(
            "Braze answered {endpoint} in a way that makes no sense ({status}).",
            endpoint=endpoint,
            status=status,
        )
        hint = msg(
            "Try again in a few minutes. If it stays, give the request id to Braze's support."
        )
    return BrazeBroken(what, hint=hint, endpoint=endpoint, status=status, request_id=request_id)
