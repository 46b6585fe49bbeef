"""Every operation of the contract file is there; requests and answers have the shapes it gives."""

from __future__ import annotations

import httpx
import pytest

pytest.importorskip("yaml", reason="PyYAML reads the contract; it is no dependency")

from braze_contract import RATE_HEADERS, Contract, ContractOperation
from contract_requests import ACCEPTED
from sandbox_wire import Wire

CONTRACT = Contract()
POSTS = [o for o in CONTRACT.operations if o.method == "POST"]
TYPED = [o for o in POSTS if "415" in o.document["responses"]]
each_operation = pytest.mark.parametrize("operation", CONTRACT.operations, ids=str)


def ask(
    wire: Wire, operation: ContractOperation, request: dict, key: str | None = None
) -> httpx.Response:
    if operation.method == "POST":
        return wire.post(operation.path, request, key)
    told = {k: str(v).lower() if isinstance(v, bool) else v for k, v in request.items()}
    return wire.get(operation.path, key=key, **told)


def assert_fits(operation: ContractOperation, answer: httpx.Response) -> None:
    body, headers = answer.json(), answer.headers
    assert CONTRACT.answer_problems(operation, answer.status_code, headers, body) == []
    assert headers["content-type"] == "application/json"
    assert {"x-request-id", "x-runtime"} <= set(headers)


@pytest.fixture(scope="module")
def powerless(shared: Wire) -> str:
    """A key that may do nothing."""
    return shared.control("keys", permissions=[])["key"]


def test_there_is_an_accepted_request_for_each_operation_and_for_nothing_else():
    assert set(ACCEPTED) == {str(o) for o in CONTRACT.operations}


@each_operation
def test_a_valid_request_is_accepted_and_answered_as_documented(shared: Wire, operation):
    request = ACCEPTED[str(operation)](shared)
    in_query = request if operation.method == "GET" else {}
    assert CONTRACT.request_problems(operation, query=in_query, body=request) == []
    answer = ask(shared, operation, request)
    assert answer.status_code == operation.success, answer.text
    assert_fits(operation, answer)
    assert all(answer.headers[name].isdigit() for name in RATE_HEADERS)


@each_operation
def test_an_unknown_key_is_refused_as_documented_and_told_no_limits(shared: Wire, operation):
    answer = ask(shared, operation, {}, key="not-a-key")
    assert answer.status_code == 401
    assert_fits(operation, answer)
    assert [answer.headers[name] for name in RATE_HEADERS] == ["", "", ""]


@each_operation
def test_a_key_without_the_one_permission_is_refused_as_documented(
    shared: Wire, operation, powerless
):
    answer = ask(shared, operation, {}, key=powerless)
    assert answer.status_code == 403
    assert_fits(operation, answer)
    able = shared.control("keys", permissions=[operation.permission])["key"]
    assert ask(shared, operation, {}, key=able).status_code not in (401, 403)


@each_operation
def test_a_request_that_lacks_what_is_required_is_refused_as_documented(shared: Wire, operation):
    lacking = CONTRACT.request_problems(operation, query={}, body={})
    answer = ask(shared, operation, {})
    assert answer.status_code == (400 if lacking else operation.success)
    assert_fits(operation, answer)


@pytest.mark.parametrize("operation", POSTS, ids=str)
def test_a_body_that_is_no_json_of_an_object_is_refused_as_documented(shared: Wire, operation):
    headers = {"Authorization": f"Bearer {shared.key}", "Content-Type": "application/json"}
    for body in (b"{'a': 1}", b'{"a": 1,}', b"", b"{{}}", b"\xff"):
        answer = shared.client.post(operation.path, content=body, headers=headers)
        assert (answer.status_code, list(answer.json())) == (400, ["error"])
        assert_fits(operation, answer)


@pytest.mark.parametrize("operation", TYPED, ids=str)
def test_a_body_of_another_content_type_is_refused_as_documented(shared: Wire, operation):
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        headers = {"Authorization": f"Bearer {shared.key}", "Content-Type": kind}
        answer = shared.client.post(operation.path, content=b"{}", headers=headers)
        assert answer.status_code == 415
        assert_fits(operation, answer)


@each_operation
def test_a_trailing_slash_or_the_wrong_method_is_no_such_address(shared: Wire, operation):
    wrong = "POST" if operation.method == "GET" else "GET"
    headers = {"Authorization": f"Bearer {shared.key}"}
    for method, path in ((operation.method, operation.path + "/"), (wrong, operation.path)):
        answer = shared.client.request(method, path, headers=headers)
        assert answer.status_code == 404
        assert isinstance(answer.json()["message"], str)
        assert all(name in answer.headers for name in RATE_HEADERS)


def test_what_is_no_name_among_the_fields_to_export_is_ignored(wire: Wire):
    taking = [o for o in POSTS if "fields_to_export" in ACCEPTED[str(o)](wire)]
    assert len(taking) == 3
    for operation in taking:
        request = ACCEPTED[str(operation)](wire)
        fields = [*request["fields_to_export"], {"inc": 1}, None, 5, [], "unheard_of"]
        request = {**request, "fields_to_export": fields}
        answer = ask(wire, operation, request)
        assert answer.status_code == operation.success, answer.text
        assert_fits(operation, answer)
