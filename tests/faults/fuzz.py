"""Ask every operation of the contract file everything, and hold each answer against the file.

    python -m tests.faults.fuzz --examples 200 --json

Schemathesis makes the requests from openapi.yaml and judges the answers; neither knows the sandbox.
Two populations, `examples` of each for every operation:
  valid    generated from the schema, then given identifiers that the sandbox really holds; that
           they still fit the schema is checked with another library (jsonschema)
  mutated  in turn a request that Schemathesis broke against the schema, and an acceptable one in
           which a value, a byte or a header was spoilt
Promised: no status of 500 or above, no answer the file does not document, no operation of the file
that the sandbox does not know, and valid requests of every operation that get through to 2xx.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.sandbox.process import running
from services.sandbox.routing.rate_limits import LIMITS
from tests.faults.fuzz_identifiers import found_in, schedule
from tests.faults.fuzz_nudges import nudged, nudged_query
from tests.faults.fuzz_report import Asked, Report
from tests.faults.fuzz_spoiling import CONTENT_TYPES, spoilt_body, spoilt_query
from tests.sandbox.braze_contract import RATE_HEADERS, Contract, ContractOperation

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
N_PEOPLE = 300
NO_LIMIT = 10**9  # requests: rate limits have tests of their own
TIMEOUT_S = 30
ACCEPTED = "accepted"
MOST_SAID = 200  # characters of a refusal
BAD_HEADER_SHARE = 0.1  # of mutated requests go out with the generated or no key
BAD_TYPE_SHARE = 0.05
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


class Fuzzer:
    """One sandbox, one contract, and the requests that go between them."""

    def __init__(self, url: str, key: str, *, seed_number: int = 0) -> None:
        self.url, self.key, self.seed_number = url, key, seed_number
        self.contract = Contract()
        self.schema = schemathesis.openapi.from_dict(self.contract.document)
        self.session = requests.Session()
        with httpx.Client(base_url=url, headers=self._headers(), timeout=TIMEOUT_S) as client:
            self._lift_limits(client)
            self.real = found_in(client)

    def run(self, n_examples: int, only: str = "") -> Report:
        """Fuzz every operation whose name contains `only`, `n_examples` from each population."""
        report = Report()
        for operation in self.contract.operations:
            if only in str(operation):
                report.operations[str(operation)] = self._ask(operation, n_examples)
        return report

    def _ask(self, operation: ContractOperation, n_examples: int) -> Asked:
        asked = Asked()
        self._prepare(operation, 2 * n_examples)
        rng = random.Random(f"{self.seed_number} {operation}")
        ready = self.schema[operation.path][operation.method]
        valid = ready.as_strategy(generation_mode=GenerationMode.POSITIVE)
        broken = ready.as_strategy(generation_mode=GenerationMode.NEGATIVE)
        self._each(valid, n_examples, lambda case: self._valid(operation, case, asked, rng))
        half = (n_examples + 1) // 2
        self._each(broken, half, lambda case: self._broken(operation, case, asked, rng))
        return asked

    def _each(self, strategy: Any, n: int, use: Callable[[Any], None]) -> None:
        @seed(self.seed_number)
        @settings(
            max_examples=n,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def draw(case: Any) -> None:
            use(case)

        draw()

    def _valid(
        self, operation: ContractOperation, case: Any, asked: Asked, rng: random.Random
    ) -> None:
        """Send a valid request; every second one again, spoilt."""
        self._make_real(operation, case, rng)
        asked.valid += 1
        said = self._send(case, asked, self._headers())
        asked.valid_accepted += said == ACCEPTED
        if said != ACCEPTED:
            asked.valid_refused[said] += 1
        if asked.valid % 2:
            self._spoilt(operation, case, asked, rng)

    def _broken(
        self, operation: ContractOperation, case: Any, asked: Asked, rng: random.Random
    ) -> None:
        if rng.random() < 0.5 and isinstance(case.body, dict):
            case.body = self.real.put_into(operation.path, case.body, rng)
        headers = {} if rng.random() < BAD_HEADER_SHARE else self._headers()
        asked.mutated += 1
        asked.mutated_accepted += self._send(case, asked, headers) == ACCEPTED

    def _spoilt(
        self, operation: ContractOperation, case: Any, asked: Asked, rng: random.Random
    ) -> None:
        headers = self._headers()
        if operation.method == "GET":
            case.query = spoilt_query(case.query, rng)
        elif rng.random() < BAD_TYPE_SHARE and "415" in operation.document["responses"]:
            headers["Content-Type"] = rng.choice(CONTENT_TYPES)
        else:
            case.body = spoilt_body(case.body, rng)
        asked.mutated += 1
        asked.mutated_accepted += self._send(case, asked, headers) == ACCEPTED

    def _make_real(self, operation: ContractOperation, case: Any, rng: random.Random) -> None:
        """Put real identifiers in. What then no longer fits the schema stays as generated."""
        path = operation.path
        query = nudged_query(path, self.real.put_into(path, dict(case.query or {}), rng), rng)
        body = case.body
        if operation.method == "POST":
            body = nudged(path, self.real.put_into(path, body, rng), self.real, rng)
        if not self.contract.request_problems(operation, query=_typed(query), body=body):
            case.query, case.body = query, body

    def _send(self, case: Any, asked: Asked, headers: dict[str, str]) -> str:
        """Send one request and note what is wrong with the answer. ACCEPTED, or what it says."""
        asked.requests += 1
        try:
            answer = case.call(
                base_url=self.url, session=self.session, headers=headers, timeout=TIMEOUT_S
            )
        except requests.exceptions.RequestException as problem:
            self._violation(asked, case, f"no answer: {type(problem).__name__}")
            return "no answer"
        asked.statuses[answer.status_code] += 1
        for kind in self._wrong(case, answer):
            self._violation(asked, case, kind)
        return ACCEPTED if 200 <= answer.status_code < 300 else answer.text[:MOST_SAID]

    def _wrong(self, case: Any, answer: Any) -> Iterator[str]:
        if answer.status_code == 404:
            yield "404: the sandbox does not know an operation of the file"
        for name in RATE_HEADERS:
            if name.lower() not in answer.headers:
                yield f"no header {name} on {answer.status_code}"
        try:
            case.validate_response(answer, checks=CHECKS)
        except BaseExceptionGroup as found:
            for failure in found.exceptions:
                text = str(failure).strip().splitlines()
                yield f"{answer.status_code} {type(failure).__name__}: {' | '.join(text)[:300]}"

    def _violation(self, asked: Asked, case: Any, kind: str) -> None:
        body = case.body if isinstance(case.body, dict | list | str | bytes) else None
        asked.note(kind, f"{case.method} {case.path} query={case.query!r} body={body!r}")

    def _prepare(self, operation: ContractOperation, n: int) -> None:
        """Schedules for the operations that need one."""
        if operation.path.endswith(("schedule/update", "schedule/delete")):
            kind = "campaign" if operation.path.startswith("/campaigns") else "canvas"
            with httpx.Client(base_url=self.url, headers=self._headers()) as client:
                schedule(client, self.real, kind, n)

    def _lift_limits(self, client: httpx.Client) -> None:
        for family in LIMITS:
            body = {"family": family, "allowance": NO_LIMIT}
            client.post("/_sandbox/limits", json=body).raise_for_status()
        client.post("/_sandbox/exports", json={"delay_s": 0}).raise_for_status()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


def _typed(query: dict[str, Any]) -> dict[str, Any]:
    """Query values as the schema means them: the generator writes booleans as text."""
    return {
        k: {"true": True, "false": False}.get(v, v) if isinstance(v, str) else v
        for k, v in query.items()
    }


@contextmanager
def fuzzing(seed_number: int = 0, url: str = "", key: str = "") -> Iterator[Fuzzer]:
    """A fuzzer of a fresh sandbox, or of the one at `url`."""
    if url:
        yield Fuzzer(url, key, seed_number=seed_number)
        return
    with (
        tempfile.TemporaryDirectory() as home,
        running(Path(home), people=N_PEOPLE, history_days=10, start=START) as sandbox,
    ):
        yield Fuzzer(sandbox.url, sandbox.full_key, seed_number=seed_number)


def main() -> int:
    """Print the report; exit 1 where a promise was broken."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--examples", type=int, default=200, help="of each population")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--only", default="", help="operations whose name contains this")
    options.add_argument("--url", default="", help="a sandbox that runs already")
    options.add_argument("--key", default="")
    options.add_argument("--refusals", action="store_true", help="why valid requests were refused")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    began = time.monotonic()
    with fuzzing(chosen.seed, chosen.url, chosen.key) as fuzzer:
        report = fuzzer.run(chosen.examples, chosen.only)
    if chosen.json:
        print(json.dumps(report.as_json() | {"seconds": round(time.monotonic() - began, 1)}))
    else:
        for label, a in report.operations.items():
            accepted = f"{a.valid_accepted}/{a.valid} valid accepted"
            print(f"{label:45} {accepted:28} {dict(a.statuses)}")
            if chosen.refusals:
                for said, n in a.valid_refused.most_common(5):
                    print(f"    {n} valid refused: {said}")
            for kind, shown in a.violations.items():
                print(f"    {kind}\n        {shown[:600]}")
        print(report.figures, f"{time.monotonic() - began:.1f} s")
    return int(not report.holds)


if __name__ == "__main__":
    sys.exit(main())
