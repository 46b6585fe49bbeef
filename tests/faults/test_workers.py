"""Several workers, some stopped past their lease: nobody is written to twice."""

from __future__ import annotations

import pytest

from tests import postgres
from tests.faults.workers import workers

needs_server = pytest.mark.skipif(bool(postgres.why_none()), reason=postgres.why_none() or "-")


def test_workers_and_zombies_keep_every_promise():
    found = workers(1, n_workers=4, seed=1)
    assert found.n == 1
    assert found.holds, found


@needs_server
def test_workers_and_zombies_on_a_postgresql_server_keep_every_promise():
    found = workers(1, n_workers=4, seed=1, engine="postgresql")
    assert found.n == 1
    assert found.holds, found


@pytest.mark.slow
def test_many_rounds_of_eight_workers_keep_every_promise():
    found = workers(40, seed=2)
    assert found.holds, found
    assert int(found.figures["batches_lost_to_zombies"]) > 0
