"""A whole day decided under limits: they hold, what was fixed is on record, and it replays."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pyarrow.compute as pc
import pytest

from services.activation.model import SkipReason
from services.activation.planning import plan_rows
from services.bootstrap import Console
from services.database import schema
from services.experiment.model import Experiment, Status
from services.experiment.store import experiments, load_version
from services.workflow.beliefs import latest_belief
from services.workflow.deciding import Proposed, decide, propose
from services.workflow.people.store import assigned
from services.workflow.replaying import replay_day
from tests.stage import last_day

DAY = last_day().date()


@pytest.fixture
def running(played_console: Console) -> Experiment:
    rows = experiments(played_console.database)
    id = next(row.id for row in rows if row.status is Status.RUNNING)
    return load_version(played_console.database, id)


def with_rules(experiment: Experiment, *rules: dict[str, object], **changes: object) -> Experiment:
    document = experiment.model_dump(mode="json") | changes
    return Experiment.model_validate(document | {"rules": list(rules)})


def proposed(console: Console, experiment: Experiment) -> Proposed:
    """The day after the last, from the last day's snapshot."""
    lake = console.lake
    snapshot = lake.load(lake.parts("snapshots", experiment.id, DAY))
    members = assigned(console.database, experiment.id)
    kept = latest_belief(lake, experiment.id)
    tomorrow = DAY + timedelta(days=2)
    return propose(console, experiment, tomorrow, snapshot, members, kept, keep=False)


def shares(found: Proposed, group: str | None = None) -> dict[str, float]:
    rows = found.decisions
    if group is not None:
        rows = rows.filter(pc.equal(rows["grp"], group))
    offers = rows["opt:offer"].to_pylist()
    return {key: offers.count(key) / len(offers) for key in set(offers)}


def cost_of(found: Proposed, experiment: Experiment) -> float:
    costs = {o.key: o.cost for d in experiment.dimensions for o in d.options}
    rows = found.decisions
    return sum(costs[key] for d in ("offer", "channel") for key in rows[f"opt:{d}"].to_pylist())


def cap(option: str, share: float, kind: str = "share_cap") -> dict[str, object]:
    return {"kind": kind, "dimension": "offer", "option": option, "share": share}


def test_a_capped_offer_stays_under_its_share_in_every_group(
    played_console: Console, running: Experiment
):
    free = shares(proposed(played_console, with_rules(running)))
    most = max(free, key=free.__getitem__)
    assert free[most] > 0.2
    found = proposed(played_console, with_rules(running, cap(most, 0.1)))
    capped = shares(found)[most]
    assert 0.03 < capped <= 0.11
    assert shares(found, "random").get(most, 0.0) < 0.2
    kept = {one["who"]: one for one in found.meta["limits"]}
    assert set(kept) == {"personalised", "by lot"}
    assert all(one["is_kept"] and one["price"] > 0 for one in kept.values())


def test_a_daily_budget_is_kept_before_the_barrier_has_to(
    played_console: Console, running: Experiment
):
    free = proposed(played_console, with_rules(running))
    spent = cost_of(free, running)
    limit = spent / 3
    found = proposed(played_console, with_rules(running, {"kind": "daily_cap", "money": limit}))
    assert 0.6 * limit < cost_of(found, running) <= 1.05 * limit
    assert found.decisions.num_rows == free.decisions.num_rows


def test_a_spent_budget_leaves_only_what_costs_nothing(
    played_console: Console, running: Experiment
):
    found = proposed(played_console, with_rules(running, {"kind": "budget", "money": 0.01}))
    assert cost_of(found, running) == 0.0
    assert found.decisions.num_rows > 0


def test_net_of_cost_an_offer_must_bring_what_it_costs(
    played_console: Console, running: Experiment
):
    dear = proposed(played_console, with_rules(running, {"kind": "net_of_cost", "worth": 0.5}))
    cheap = proposed(played_console, with_rules(running, {"kind": "net_of_cost", "worth": 1e6}))
    free = proposed(played_console, with_rules(running))
    assert shares(dear, "personalised").get("fifth_off", 0) < 0.02
    assert shares(cheap) == shares(free)
    assert dear.meta["prices"] is not None


def test_an_option_is_tried_out_at_least_so_often(played_console: Console, running: Experiment):
    free = shares(proposed(played_console, with_rules(running)), "personalised")
    least = min(("none", "double_points", "free_pastry", "fifth_off"), key=lambda o: free.get(o, 0))
    rule = cap(least, 0.35, kind="least_share")
    found = proposed(played_console, with_rules(running, rule))
    assert shares(found, "personalised")[least] > 0.29  # the least of four has at most 0.25


def test_whoever_has_no_option_is_told_why_or_gets_it_as_usual(
    played_console: Console, running: Experiment
):
    rules = [
        {
            "kind": "option_needs",
            "dimension": "offer",
            "option": option,
            "attribute": "tenure_months",
            "comparison": "above",
            "value": 24,
        }
        for option in ("none", "double_points", "free_pastry", "fifth_off")
    ]
    without = proposed(played_console, with_rules(running, *rules))
    n_without = without.skips["reason"].to_pylist().count("no_option")
    groups = without.meta["none_left"]["groups"]
    assert n_without == sum(group["n"] for group in groups) > 50
    assert len(groups[0]["why"]) >= 4
    usual = {"offer": "none", "subject": "treat", "channel": "email", "hour": "h12"}
    document = running.groups.model_dump() | {"usual_combination": usual}
    found = proposed(
        played_console, with_rules(running, *rules, {"kind": "none_left"}, groups=document)
    )
    left = found.skips["reason"].to_pylist().count("no_option")
    assert left < n_without
    settled = found.decisions.filter(pc.equal(found.decisions["n_eligible"], 1))
    assert settled.num_rows >= n_without - left
    assert set(settled["propensity"].to_pylist()) == {1.0}


def test_a_day_under_every_kind_of_limit_replays_bit_for_bit(
    played_console: Console, running: Experiment
):
    console = played_console
    limited = with_rules(
        running,
        cap("free_pastry", 0.2),
        cap("none", 0.05, kind="least_share"),
        {"kind": "budget", "money": 40_000},
        {"kind": "net_of_cost", "worth": 20},
        {"kind": "daily_cap", "money": 150},
        version=running.version + 1,
    )
    with console.database.write() as connection:
        connection.execute(
            schema.experiment_versions.insert().values(
                experiment_id=limited.id,
                version=limited.version,
                document=limited.canonical_json(),
                hash=limited.configuration_hash(),
                created_by="a test",
                created_at=0.0,
            )
        )
        table = schema.experiments
        change = table.update().where(table.c.id == limited.id).values(version=limited.version)
        connection.execute(change)
    day = DAY + timedelta(days=2)
    lake = console.lake
    snapshot = lake.load(lake.parts("snapshots", limited.id, DAY))
    lake.append("snapshots", limited.id, day, snapshot)
    place = SimpleNamespace(console=console)
    made = decide(place, limited, day, SimpleNamespace(advance=lambda *_: None))
    assert made.n_decided > 200
    meta = lake.parts("decisions", limited.id, day)[0].meta
    assert meta["prices"] is not None
    assert meta["least"] == [["offer", "none", 0.05]]
    replayed = replay_day(console, limited.id, day, chunk_people=101)
    assert replayed.first is None
    assert replayed.decisions == made.n_decided
    rows = lake.load(lake.parts("decisions", limited.id, day))
    ratio = 1 / np.asarray(rows["propensity"]) / np.asarray(rows["n_eligible"])
    assert np.isfinite(ratio).all()


def test_sending_nothing_is_decided_planned_as_such_and_never_sent(
    played_console: Console, running: Experiment
):
    silent = with_rules(running, {"kind": "may_send_nothing"})
    found = proposed(played_console, silent)
    rows = found.decisions
    nothing = rows.filter(pc.is_null(rows["opt:offer"]))
    assert 0 < nothing.num_rows < rows.num_rows
    groups = dict(zip(rows["person"].to_pylist(), rows["grp"].to_pylist(), strict=True))
    planned = plan_rows(silent, rows, groups)
    reasons = [row.reason for row in planned]
    assert reasons.count(SkipReason.NOTHING_CHOSEN) == nothing.num_rows
    assert all(
        (row.combination == "{}") == (row.reason is SkipReason.NOTHING_CHOSEN) for row in planned
    )
    assert min(nothing["n_eligible"].to_pylist()) > 1  # nobody for whom there is nothing to decide
