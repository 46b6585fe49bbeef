"""What came of fuzzing, operation by operation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

MOST_SHOWN = 2_000  # characters of a request that shows a violation


@dataclass
class Asked:
    """What came of one operation.

    valid_refused  the sandbox's words to valid requests it did not accept, and how often
    violations     kind and text, with the shortest request that shows it
    """

    requests: int = 0
    valid: int = 0
    valid_accepted: int = 0
    valid_refused: Counter[str] = field(default_factory=Counter)
    mutated: int = 0
    mutated_accepted: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    n_violations: int = 0
    violations: dict[str, str] = field(default_factory=dict)

    def note(self, kind: str, shown: str) -> None:
        """One more violation; of each kind the shortest request is kept."""
        self.n_violations += 1
        shortest = self.violations.get(kind)
        if shortest is None or len(shown) < len(shortest):
            self.violations[kind] = shown[:MOST_SHOWN]


@dataclass
class Report:
    """Counts by operation, and whether every promise held."""

    name: str = "schema fuzzing of every sandbox operation"
    targets: str = (
        "0 server errors, 0 undocumented answers, valid requests of every operation accepted"
    )
    operations: dict[str, Asked] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, float]:
        """Totals over all operations."""
        asked = list(self.operations.values())
        return {
            "operations": len(asked),
            "requests": sum(a.requests for a in asked),
            "server_errors": sum(n for a in asked for s, n in a.statuses.items() if s >= 500),
            "violations": sum(a.n_violations for a in asked),
            "valid": sum(a.valid for a in asked),
            "valid_accepted": sum(a.valid_accepted for a in asked),
            "operations_never_accepted": sum(1 for a in asked if not a.valid_accepted),
        }

    @property
    def holds(self) -> bool:
        """No violation anywhere, and no operation that refuses everything."""
        return not (self.figures["violations"] or self.figures["operations_never_accepted"])

    def as_json(self) -> dict[str, Any]:
        """One object, as every benchmark and fault command prints it."""
        return {
            "name": self.name,
            "figures": self.figures,
            "targets": self.targets,
            "holds": self.holds,
            "operations": {label: vars(a) for label, a in self.operations.items()},
        }
