"""Small wrongs are made as meant, and one left in a guard is noticed."""

from __future__ import annotations

import ast

import pytest

from tests.faults.mutants import TESTS, mutants
from tests.faults.mutating import mutants_of

SOURCE = '''"""Words < that stay."""
LIMIT = 3
SQL = "SELECT person FROM ledger WHERE day <= :day AND reason IS NULL"


def late(n: int, known: bool = False) -> bool:
    """Whether n < LIMIT."""
    if n < LIMIT and not known:
        print(n)
    return n + 1 > LIMIT
'''


def test_every_sort_of_wrong_is_made_once_and_words_stay():
    found = mutants_of(SOURCE)
    whats = [m.what.split(":")[0] for m in found]
    for what in ("Lt to LtE", "Lt to GtE", "Gt to GtE", "Gt to LtE", "And to Or", "without not"):
        assert whats.count(what) == 1, what
    for what in ("<= to <", "AND to OR", "IS NULL to IS NOT NULL"):
        assert whats.count(what) == 1, what
    for what in ("if True", "if False", "call left out", "return None", "3 to 4", "not False"):
        assert whats.count(what) == 1, what
    assert len({m.source for m in found}) == len(found)
    for mutant in found:
        assert ast.get_docstring(ast.parse(mutant.source)) == "Words < that stay."


@pytest.mark.slow
@pytest.mark.parametrize("module", sorted(TESTS))
def test_most_wrongs_in_a_guard_are_noticed(module: str):
    report = mutants([module], sample=10)
    assert report.killed >= report.n - 2, report.survivors
