"""The audience stage: export, snapshot, and the one draw of everybody who is new."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from services.audience.eligibility import channel_consent
from services.audience.loading import refresh
from services.audience.store import external_ids
from services.bootstrap import Console, Workplace
from services.decision.groups import draw_groups, ramp_order
from services.experiment.model import Channel, Experiment, SourceKind
from services.experiment.store import experiment_row
from services.workflow.cycles.store import Progress
from services.workflow.people.store import assigned, enter, suppressed, taken


def refresh_audience(
    place: Workplace,
    experiment: Experiment,
    day: date,
    progress: Progress,
    *,
    confirmed_size: int | None = None,
) -> None:
    """Export the segments once for the day, and people already drawn who are in none of them any
    more; then draw the newcomers. `confirmed_size` is what a person said the audience has now."""
    console = place.console
    members = assigned(console.database, experiment.id)
    loaded = refresh(
        place.reading,
        console.database,
        console.lake,
        experiment.id,
        experiment.audience.segment_ids,
        experiment.audience.attributes,
        members["person"].to_pylist(),
        day,
        clock=console.clock,
        progress=progress.advance,
        attributes_of_absent=_counted_attributes(experiment),
        confirmed_size=confirmed_size,
    )
    n_new, n_elsewhere = enter_newcomers(console, experiment, day)
    progress.note.update(
        n_people=loaded.n_people,
        n_left=loaded.n_left,
        held_back=loaded.held_back,
        n_new=n_new,
        n_elsewhere=n_elsewhere,
    )
    progress.advance(loaded.n_people, loaded.n_people)


def enter_newcomers(console: Console, experiment: Experiment, day: date) -> tuple[int, int]:
    """Draw the group of everybody eligible who has none yet.

    Returns how many were drawn and how many were left out because another experiment has them.
    Eligible is who agreed to at least one of the experiment's channels; what happens to that
    consent later stops messages, never membership.
    """
    lake = console.lake
    snapshot = lake.load(lake.parts("snapshots", experiment.id, day))
    people = np.asarray(snapshot["person"], dtype=np.int64)
    members = np.asarray(assigned(console.database, experiment.id)["person"], dtype=np.int64)
    fresh = (
        np.asarray(snapshot["in_audience"])
        & _reachable(experiment, snapshot)
        & ~np.isin(people, members)
        & ~np.isin(people, suppressed(console.database))
    )
    elsewhere = fresh & taken(console.database, experiment.id, people)
    newcomers = people[fresh & ~elsewhere]
    with console.database.read() as connection:
        names = external_ids(connection, newcomers.tolist())
    known = [p for p in newcomers.tolist() if p in names]
    room = _room_in_ramp(console, experiment, day, len(members))
    if room is not None and room < len(known):
        order = ramp_order([names[p] for p in known], experiment.salt)
        known = sorted(known[n] for n in order[:room])
    groups = draw_groups([names[p] for p in known], experiment.salt, experiment.groups)
    return enter(console.database, experiment.id, known, groups, day), int(elsewhere.sum())


def _counted_attributes(experiment: Experiment) -> list[str]:
    """Attributes the metric counts: wanted of people who left the segments as well."""
    return [
        source.name
        for source in experiment.metric.sources
        if source.kind is SourceKind.ATTRIBUTE and source.name
    ]


def _reachable(experiment: Experiment, snapshot: pa.Table) -> np.ndarray:
    consent = channel_consent(snapshot, experiment.audience.sms_consent_attribute)
    channels: set[Channel] = {target.channel for target in experiment.targets}
    reachable = np.zeros(snapshot.num_rows, bool)
    for channel in channels:
        reachable |= np.asarray(consent[channel], bool)
    return reachable


def _room_in_ramp(
    console: Console, experiment: Experiment, day: date, n_members: int
) -> int | None:
    """In the first days only so many enter the draw: how many more may; None = no limit."""
    first = experiment_row(console.database, experiment.id).first_day
    most = experiment.ramp.first_day_people
    if most is None or first is None or (day - first).days >= experiment.ramp.days:
        return None
    return max(0, most - n_members)
