"""What only a sandbox knows: how good the decisions of a day really were."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.audience.eligibility import channel_consent
from services.audience.store import external_ids
from services.bootstrap import Console
from services.experiment.combinations import allowed, eligible
from services.experiment.model import Experiment, Group
from services.workflow.people.store import assigned
from services.workflow.sandbox_control import SandboxControl


def true_means(
    console: Console, control: SandboxControl, experiment: Experiment, day: date
) -> dict[str, float | None]:
    """Mean true reward of one message over the personalised group's decisions of a day.

    personalised  of the combinations chosen
    random        of a uniform choice among each person's eligible combinations
    best          of the best eligible combination for each person

    All None on a day on which nobody of that group was decided for.
    """
    lake = console.lake
    made = lake.load(lake.parts("decisions", experiment.id, day))
    nothing: dict[str, float | None] = dict.fromkeys(("personalised", "random", "best"))
    if made.num_rows == 0:
        return nothing
    made = made.filter(pc.equal(made["grp"], Group.PERSONALISED.value))
    if made.num_rows == 0:
        return nothing
    combinations = allowed(experiment, day)
    made = made.filter(pc.less(made["combination"], len(combinations)))  # messages, not silence
    snapshot = lake.load(lake.parts("snapshots", experiment.id, day))
    rows = pc.index_in(made["person"], value_set=snapshot["person"].combine_chunks())
    table: pa.Table = snapshot.take(rows)
    may = eligible(
        combinations,
        experiment,
        table,
        channel_consent(table, experiment.audience.sms_consent_attribute),
    )
    with console.database.read() as connection:
        names = external_ids(connection, made["person"].to_pylist())
    values = control.true_values(
        [names[p] for p in made["person"].to_pylist()],
        [_as_sent(experiment, combinations.named(i)) for i in range(len(combinations))],
    )
    chosen = np.asarray(made["combination"])
    eligible_only = np.where(may, values, -np.inf)
    return {
        "personalised": float(values[np.arange(len(chosen)), chosen].mean()),
        "random": float(((values * may).sum(axis=1) / may.sum(axis=1)).mean()),
        "best": float(eligible_only.max(axis=1).mean()),
    }


def messages_to_holdout(console: Console, control: SandboxControl, experiment: Experiment) -> int:
    """How many messages the sandbox accepted for people of the holdout: must be 0."""
    members = assigned(console.database, experiment.id)
    held = members.filter(pc.equal(members["grp"], Group.HOLDOUT.value))["person"].to_pylist()
    with console.database.read() as connection:
        names = external_ids(connection, held)
    ours = {target.id for target in experiment.targets}
    return sum(
        1
        for messages in control.messages_of(list(names.values())).values()
        for message in messages
        if message["target_id"] in ours
    )


def _as_sent(experiment: Experiment, combination: dict[str, str]) -> dict[str, object]:
    sent: dict[str, object] = {}
    for dimension in experiment.send_dimensions:
        for option in dimension.options:
            if option.key == combination[dimension.key]:
                sent[dimension.trigger_property()] = option.value
    return sent
