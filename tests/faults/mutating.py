"""Small wrongs put into a module, one at a time: what a test suite should notice.

In Python: a comparison one off or turned round, `and` for `or`, a condition that never or always
holds, a number off, a call left out, a value returned as None. In SQL text: the same of comparisons
and of AND, NOT, EXISTS and IS NULL. Words for people, annotations and docstrings stay.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

TURNED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
SWAPPED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
}
LOOKS_LIKE_SQL = re.compile(r"\b(SELECT|UPDATE|INSERT|DELETE|NEW\.|OLD\.)")
SQL_TURNS = (
    (r"<=", "<"),
    (r">=", ">"),
    (r"<>", "="),
    (r"(?<![<>=!]) = (?=[:'\w])", " <> "),
    (r"(?<![<>])<(?![=>])", "<="),
    (r"(?<![<>])>(?![=>])", ">="),
    (r"\bAND\b", "OR"),
    (r"\bOR\b", "AND"),
    (r"\bNOT IN\b", "IN"),
    (r"(?<!NOT )\bIN\b", "NOT IN"),
    (r"\bNOT EXISTS\b", "EXISTS"),
    (r"(?<!NOT )\bEXISTS\b", "NOT EXISTS"),
    (r"\bIS NULL\b", "IS NOT NULL"),
    (r"\bDESC\b", "ASC"),
    (r"fence \+ 1", "fence"),
    (r"tries \+ :tried", "tries"),
)
NO_MUTATION_IN = ("msg",)  # sentences for people


@dataclass(frozen=True)
class Mutant:
    """One wrong. `source` is the whole module with it."""

    line: int
    what: str
    source: str


@dataclass(frozen=True)
class _Change:
    node: ast.AST
    what: str
    apply: Callable[[ast.AST], None]


def mutants_of(source: str) -> list[Mutant]:
    """All mutants of a module, in the order of its lines."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    skipped = _skipped(tree)
    found: list[Mutant] = []
    for number, node in enumerate(nodes):
        if id(node) in skipped:
            continue
        for change in _changes(node):
            wrong = copy.deepcopy(tree)
            change.apply(list(ast.walk(wrong))[number])
            text = ast.unparse(ast.fix_missing_locations(wrong))
            found.append(Mutant(getattr(node, "lineno", 0), change.what, text))
    return sorted(found, key=lambda mutant: (mutant.line, mutant.what))


def _skipped(tree: ast.Module) -> set[int]:
    """Docstrings, annotations, imports and words for people."""
    found: set[int] = set()
    for node in ast.walk(tree):
        out: list[ast.AST | None] = []
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            out.append(node.body[0])
        if isinstance(node, ast.AnnAssign | ast.arg):
            out.append(node.annotation)
        if isinstance(node, ast.FunctionDef):
            out += [node.returns, *node.decorator_list]
        if isinstance(node, ast.ClassDef):
            out += node.decorator_list
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in NO_MUTATION_IN:
            out.append(node)
        for part in out:
            if part is not None:
                found.update(id(inner) for inner in ast.walk(part))
    return found


def _changes(node: ast.AST) -> Iterator[_Change]:
    match node:
        case ast.Compare(ops=[operator, *_]):
            for other in TURNED[type(operator)]:
                yield _set(node, f"{_name(operator)} to {other.__name__}", "ops", 0, other())
        case ast.BoolOp():
            other_way = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield _set(node, f"{_name(node.op)} to {_name(other_way)}", "op", None, other_way)
        case ast.UnaryOp(op=ast.Not()):
            yield _Change(node, "without not", _unwrap)
        case ast.BinOp() if type(node.op) in SWAPPED:
            swapped = SWAPPED[type(node.op)]()
            yield _set(node, f"{_name(node.op)} to {_name(swapped)}", "op", None, swapped)
        case ast.If() | ast.IfExp():
            for value in (False, True):
                yield _set(node, f"if {value}", "test", None, ast.Constant(value))
        case ast.Expr(value=ast.Call()):
            yield _set(node, "call left out", "value", None, ast.Constant(None))
        case ast.Return(value=ast.Constant(value=None)):
            return
        case ast.Return(value=ast.expr()):
            yield _set(node, "return None", "value", None, ast.Constant(None))
        case ast.Constant(value=bool()):
            yield _set(node, f"not {node.value}", "value", None, not node.value)
        case ast.Constant(value=int() | float()):
            off = node.value + 1 if isinstance(node.value, int) else node.value * 2 + 1
            yield _set(node, f"{node.value} to {off}", "value", None, off)
        case ast.Constant(value=str()) if LOOKS_LIKE_SQL.search(node.value):
            yield from _sql_changes(node)


def _sql_changes(node: ast.Constant) -> Iterator[_Change]:
    text = str(node.value)
    for pattern, other in SQL_TURNS:
        for hit in re.finditer(pattern, text):
            wrong = text[: hit.start()] + other + text[hit.end() :]
            around = text[max(0, hit.start() - 25) : hit.end() + 25].replace("\n", " ")
            yield _set(
                node, f"{hit[0].strip()} to {other.strip()}: …{around}…", "value", None, wrong
            )


def _set(node: ast.AST, what: str, field: str, index: int | None, value: object) -> _Change:
    def apply(there: ast.AST) -> None:
        if index is None:
            setattr(there, field, value)
        else:
            getattr(there, field)[index] = value

    return _Change(node, what, apply)


def _unwrap(there: ast.AST) -> None:
    assert isinstance(there, ast.UnaryOp)
    there.op, there.operand = ast.Not(), ast.UnaryOp(ast.Not(), there.operand)


def _name(operator: object) -> str:
    return type(operator).__name__
