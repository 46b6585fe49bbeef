"""Whatever is asked of the sandbox, it answers as the contract file says."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("schemathesis", reason="the extra `fuzz` makes requests from the contract file")

from tests.faults.fuzz import fuzzing

N_SHORT, N_LONG = 3, 60  # of each population and operation


def assert_kept(n_examples: int, seed: int) -> None:
    with fuzzing(seed) as fuzzer:
        report = fuzzer.run(n_examples)
    assert {k: a.violations for k, a in report.operations.items() if a.violations} == {}
    assert len(report.operations) == len(fuzzer.contract.operations)
    assert json.loads(json.dumps(report.as_json()))["holds"]
    refused = [label for label, a in report.operations.items() if not a.valid_accepted]
    assert refused == []


def test_every_operation_answers_a_few_requests_of_every_sort_as_documented():
    assert_kept(N_SHORT, seed=0)


@pytest.mark.slow
def test_every_operation_answers_many_requests_of_every_sort_as_documented():
    assert_kept(N_LONG, seed=1)
