"""The outcomes stage: what people did, and which decisions it belongs to."""

from __future__ import annotations

from datetime import date

from services.bootstrap import Workplace
from services.experiment.model import Experiment
from services.outcomes.attribution import attribute
from services.outcomes.collection import collect
from services.workflow.cycles.store import Progress


def collect_outcomes(
    place: Workplace, experiment: Experiment, day: date, progress: Progress
) -> None:
    """Read outcomes off the newest snapshots, close days, attribute rewards. Safe to repeat."""
    console = place.console
    collected = collect(console.database, console.lake, experiment, day)
    attributed = attribute(console.database, console.lake, experiment, day)
    progress.note.update(
        n_outcomes=collected.n_increments,
        n_fallen=collected.n_fallen,
        n_suspicious=collected.n_suspicious,
        n_rewards=attributed.n_rewards,
        n_with_value=attributed.n_with_value,
        n_late=attributed.n_late,
    )
    progress.advance(collected.n_increments, collected.n_increments)
