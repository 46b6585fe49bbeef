"""Test profiles: Anneal makes and deletes its own, and nobody else's."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pretend_braze import body_of, client_of

from services.braze.temporary import (
    PREFIX,
    TemporaryProfile,
    create_temporary,
    delete_users,
    is_temporary,
    temporary_id,
)
from services.errors import BrazeBroken, DataError, NoAnswer

OURS = PREFIX + "0123456789abcdef" * 2
SOMEBODY = [
    "",
    "cust-20417",
    PREFIX,
    PREFIX + "1",
    OURS + "0",
    OURS + "\n",
    OURS.upper(),
    " " + OURS,
    "x" + OURS,
    OURS[:-1] + "g",
    OURS[:-1] + "\u0663",  # a digit, but not one of ours
]


def asked_of(status: int, body: dict[str, object]):
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, json=body)

    return client_of(answer), asked


def test_new_ids_are_anneals_own_and_never_the_same():
    made = {temporary_id() for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(is_temporary(i) for i in made)


@pytest.mark.parametrize("who", SOMEBODY)
def test_nobody_elses_profile_is_deleted_even_among_our_own(who):
    client, asked = asked_of(201, {"deleted": 2, "message": "success"})
    for ids in ([who], [OURS, who], [who, temporary_id()]):
        with pytest.raises(DataError, match="test profiles"):
            delete_users(client, ids)
    assert asked == []


@given(st.text(max_size=60))
def test_no_id_that_somebody_made_up_passes_for_ours(text):
    assert not is_temporary(text)
    assert not is_temporary(PREFIX + text) or len(text) == 32


def test_our_own_are_deleted_by_id_and_nothing_else():
    client, asked = asked_of(201, {"deleted": 1, "message": "success"})
    assert delete_users(client, [OURS]) == 1
    assert asked[0].url.path == "/users/delete"
    assert body_of(asked[0]) == {"external_ids": [OURS]}


@pytest.mark.parametrize("ids", [[], [OURS, OURS], [temporary_id() for _ in range(51)]])
def test_a_list_that_is_empty_double_or_too_long_is_not_sent(ids):
    client, asked = asked_of(201, {"message": "success"})
    with pytest.raises(DataError):
        delete_users(client, ids)
    assert asked == []


def test_a_delete_whose_answer_is_lost_is_not_repeated():
    tries = []

    def lost(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        raise httpx.ReadTimeout("late")

    with pytest.raises(NoAnswer):
        delete_users(client_of(lost), [OURS])
    assert len(tries) == 1


@pytest.mark.parametrize(("said", "n"), [({}, 0), ({"deleted": None}, 0), ({"deleted": True}, 0)])
def test_a_count_that_is_absent_is_nought(said, n):
    assert delete_users(client_of({**said, "message": "success"}, status=201), [OURS]) == n


def test_a_delete_that_is_not_confirmed_is_an_error():
    with pytest.raises(BrazeBroken):
        delete_users(client_of({"deleted": 1}, status=201), [OURS])


def test_a_test_profile_is_made_new_and_its_subscription_left_alone():
    client, asked = asked_of(201, {"attributes_processed": 1, "message": "success"})
    profile = TemporaryProfile(OURS, email="me@shop.example", attributes={"tier": "gold"})
    assert create_temporary(client, [profile]).n_queued == 1
    assert body_of(asked[0]) == {
        "attributes": [
            {
                "external_id": OURS,
                "email": "me@shop.example",
                "tier": "gold",
                "_update_existing_only": False,
            }
        ]
    }


@pytest.mark.parametrize(
    "profile",
    [
        TemporaryProfile("cust-20417", email="me@shop.example"),
        TemporaryProfile(OURS, attributes={"email_subscribe": "opted_in"}),
        TemporaryProfile(OURS, attributes={"external_id": "cust-20417"}),
        TemporaryProfile(OURS, attributes={"$x": 1}),
    ],
)
def test_no_other_profile_is_written_this_way(profile):
    client, asked = asked_of(201, {"message": "success"})
    with pytest.raises(DataError):
        create_temporary(client, [profile])
    assert asked == []
