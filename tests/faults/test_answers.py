"""Answers as they should not be: a sound result or a clear error, and nothing of them shown."""

from __future__ import annotations

import pytest
from answers import try_mutations


def test_a_spread_of_mutated_answers_ends_clearly_in_time_and_shows_nothing():
    report = try_mutations(24, seed=7, quick=True)
    assert report.violations == []
    assert report.sound + report.clear_errors == report.calls == 24
    assert report.functions >= 35


@pytest.mark.slow
def test_a_thousand_mutated_answers_end_clearly_in_time_and_show_nothing():
    report = try_mutations(1_000)
    assert report.violations == []
    assert report.holds
