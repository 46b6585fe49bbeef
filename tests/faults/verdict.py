"""What every fault harness says at its end: one object, and exit status 1 where a promise broke."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field


@dataclass
class Verdict:
    """`n` trials; `violations` must all be zero; `targets` name what figures are held against.

    `missed` lists targets that the figures did not reach.
    """

    name: str
    n: int = 0
    figures: dict[str, float | int | str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    violations: dict[str, int] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether no promise was broken."""
        return not any(self.violations.values()) and not self.missed

    def count(self, what: str, by: int = 1) -> None:
        """Note a violation, or that there was none of this sort so far."""
        self.violations[what] = self.violations.get(what, 0) + by

    def need(self, figure: str, reached: bool, target: str) -> None:
        """Hold a figure against its target."""
        self.targets[figure] = target
        if not reached:
            self.missed.append(figure)


def show(verdict: Verdict, *, as_json: bool) -> int:
    """Print it; returns the exit status."""
    if as_json:
        print(json.dumps({**asdict(verdict), "holds": verdict.holds}, indent=1))
    else:
        kept = "holds" if verdict.holds else "BROKEN"
        print(f"{verdict.name}: {kept}, N = {verdict.n}, {verdict.violations} {verdict.figures}")
    return int(not verdict.holds)
