"""Decide one day of an experiment: who gets which combination, when, and with what chance.

A pure function of what is durable already (snapshot, belief, configuration, groups), so doing it
again after a crash gives the same rows; and once the day's part is there, it is not done again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from services.audience.features import fit
from services.bootstrap import Console, Workplace
from services.decision.choosing import sample_draws
from services.decision.model import Draws
from services.errors import DataError
from services.experiment.combinations import choices_of_day
from services.experiment.model import Experiment
from services.messages import msg
from services.workflow.beliefs import KeptBelief, keep_belief, latest_belief
from services.workflow.cycles.store import Progress
from services.workflow.day_limits import purse_of
from services.workflow.day_terms import fix_terms
from services.workflow.decision_rows import Stamp, decision_rows
from services.workflow.due import due_people
from services.workflow.eligible_sets import KIND as ELIGIBLE_SETS
from services.workflow.eligible_sets import key_of, sets_table
from services.workflow.group_choices import DayTerms, choose_in_groups
from services.workflow.people.store import assigned
from services.workflow.possible import possible
from services.workflow.priors import first_belief
from services.workflow.seeds import day_seed
from services.workflow.spaces import space_of


@dataclass(frozen=True)
class Decided:
    """What deciding a day came to."""

    n_decided: int
    n_skipped: int
    by_group: dict[str, int]
    reasons: dict[str, int]


@dataclass(frozen=True)
class Proposed:
    """A day's decisions before they are kept: tables as the lake holds them, and their meta."""

    decisions: pa.Table
    skips: pa.Table
    draws: Draws
    eligible_sets: pa.Table
    meta: dict[str, object]


def decide(place: Workplace, experiment: Experiment, day: date, progress: Progress) -> Decided:
    """Decide the day once; asked again, return what was decided.

    Raises DataError where the day has no snapshot: without one nobody is decided for.
    """
    lake = place.console.lake
    parts = lake.parts("decisions", experiment.id, day)
    if not parts:
        _decide_anew(place, experiment, day, progress)
        parts = lake.parts("decisions", experiment.id, day)
    made = lake.load(parts, ["grp"])
    skipped = lake.load(lake.parts("skips", experiment.id, day), ["reason"])
    return Decided(
        made.num_rows,
        skipped.num_rows,
        _counts(made, "grp"),
        _counts(skipped, "reason"),
    )


def _decide_anew(place: Workplace, experiment: Experiment, day: date, progress: Progress) -> None:
    console = place.console
    lake = console.lake
    snapshot = lake.load(lake.parts("snapshots", experiment.id, day))
    if snapshot.num_rows == 0:
        raise DataError(
            msg("There is no complete export for {day}, so nobody is decided for.", day=day),
            hint=msg("Run the audience stage again; nothing is sent until it is there."),
        )
    kept = latest_belief(lake, experiment.id, until=day)
    if kept is None:
        spec = fit(snapshot)
        first = first_belief(console, experiment, day, spec)
        kept = keep_belief(lake, experiment.id, day, first, spec, "")
    members = assigned(console.database, experiment.id)
    progress.advance(0, members.num_rows)
    proposed = propose(console, experiment, day, snapshot, members, kept)
    lake.append("draws", experiment.id, day, pa.table(proposed.draws.to_columns()))
    lake.append("skips", experiment.id, day, proposed.skips)
    sets = proposed.eligible_sets  # by their content: after a crash others may be added, none lost
    lake.append(ELIGIBLE_SETS, experiment.id, day, sets, key=key_of(sets))
    lake.append("decisions", experiment.id, day, proposed.decisions, meta=proposed.meta)


def propose(
    console: Console,
    experiment: Experiment,
    day: date,
    snapshot: pa.Table,
    members: pa.Table,
    kept: KeptBelief,
    *,
    keep: bool = True,
) -> Proposed:
    """What would be decided for `members` on `day`, from a snapshot and a belief.

    Writes nothing, except the weekly choice of rhythm where `keep` is left True.
    """
    now = console.clock.now()
    due = due_people(console, experiment, day, snapshot, members, keep=keep)
    combinations = choices_of_day(experiment, day)
    space = space_of(combinations)
    purse = purse_of(console, experiment, day)
    found = possible(console, experiment, combinations, due, day, purse)
    seed = day_seed(experiment, day)
    draws = sample_draws(kept.belief, space, seed)
    open_terms = DayTerms(space, draws, kept.spec, kept.belief.learnt, seed)
    fixed = fix_terms(experiment, kept, open_terms, due, found.may, found.settled, purse)
    choices = choose_in_groups(fixed.terms, due.people, due.groups, due.table, found.may)
    stamp = Stamp(day, seed, kept.belief.version, experiment.configuration_hash(), now)
    decisions, left_out = decision_rows(
        experiment, combinations, due, choices, found.why_none, stamp
    )
    meta = {
        "space": json.loads(space.to_json()),
        "n_draws": len(draws.coefficients),
        "features": json.loads(kept.spec.to_json()),
        "belief": kept.digest,
        "uniform": not kept.belief.learnt,
        "decided_at": now.isoformat(),
        "limits": fixed.kept_meta(),
        "none_left": found.none_left,
        **fixed.terms.to_meta(),
    }
    return Proposed(
        decisions,
        pa.concat_tables([due.skips, left_out]),
        draws,
        sets_table(found.may, choices.eligible_hash),
        meta,
    )


def _counts(table: pa.Table, column: str) -> dict[str, int]:
    if table.num_rows == 0:
        return {}
    return {
        str(row["values"]): int(row["counts"]) for row in pc.value_counts(table[column]).to_pylist()
    }
