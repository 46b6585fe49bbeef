"""Kill the sending process anywhere: nobody is written to twice, and everybody is accounted for."""

from __future__ import annotations

import pytest

from tests import postgres
from tests.faults.kill_loop import Report, kill_loop

N_KILLS = (
    16  # in the ordinary run; the slow one goes through every step, and the command through more
)


needs_server = pytest.mark.skipif(bool(postgres.why_none()), reason=postgres.why_none() or "-")


def assert_kept(report: Report) -> None:
    assert not any(report.violations.values()), report
    assert report.most_unsent_after_one_kill <= 50


def test_killed_at_a_spread_of_steps_it_keeps_every_promise():
    report = kill_loop(N_KILLS)
    assert report.kills == N_KILLS
    assert_kept(report)


@needs_server
def test_killed_beside_a_postgresql_server_it_keeps_every_promise():
    report = kill_loop(N_KILLS // 2, engine="postgresql")
    assert report.kills == N_KILLS // 2
    assert_kept(report)


@pytest.mark.slow
def test_killed_at_every_single_step_it_keeps_every_promise():
    report = kill_loop(300)
    assert report.kills == 300
    assert report.boundaries_missed == []
    assert_kept(report)


@pytest.mark.slow
def test_killed_while_braze_fails_too_it_keeps_every_promise():
    report = kill_loop(150, fault_share=0.3, seed=1)
    assert not any(report.violations.values()), report
