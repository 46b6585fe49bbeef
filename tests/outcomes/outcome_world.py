"""A small world on paper: snapshots, assignments and sends as the other stages would leave them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa

from services.database.engine import Database
from services.database.schema import assignments, ledger
from services.database.schema import people as people_table
from services.experiment.model import Experiment, Metric, MetricKind, MetricSource, SourceKind
from services.lake import Lake

FIRST_DAY = date(2026, 3, 2)
UPGRADES = Metric(
    kind=MetricKind.CONVERSION,
    sources=(MetricSource(kind=SourceKind.EVENT, name="upgrade"),),
    window_days=3,
    noun="upgrades",
)


def moment(day: date, hour: int = 12) -> datetime:
    """An hour of a day, in UTC."""
    return datetime.combine(day, time(hour), UTC)


class PaperWorld:
    """Writes facts and rows. Days are counted from 0, the day of entry; negative before it."""

    def __init__(self, folder: Path) -> None:
        self.database = Database.temporary(folder / "state.sqlite")
        self.lake = Lake(folder / "facts", self.database)
        self.experiment = Experiment(
            id="e1", version=1, name="Upsell", salt="0123456789abcdef", metric=UPGRADES
        )

    def day(self, number: int) -> date:
        return FIRST_DAY + timedelta(days=number)

    def assign(self, people: dict[int, str], entered: int = 0) -> None:
        with self.database.write() as connection:
            connection.execute(
                people_table.insert(),
                [{"person": p, "external_id": f"c{p}", "created_at": 0.0} for p in people],
            )
            connection.execute(
                assignments.insert(),
                [
                    {
                        "experiment_id": "e1",
                        "person": person,
                        "grp": group,
                        "entered_on": self.day(entered).isoformat(),
                        "ended": 0,
                    }
                    for person, group in people.items()
                ],
            )

    def snapshot(
        self,
        number: int,
        people: dict[int, dict[str, object]],
        counts: list[tuple[int, str, str, int, datetime]] | None = None,
    ) -> None:
        """People with their profile fields; counts as (person, source, name, count, last)."""
        day = self.day(number)
        names = sorted({name for profile in people.values() for name in profile})
        table = {"person": pa.array(list(people), pa.int64())}
        for name in names:
            table[name] = pa.array([profile.get(name) for profile in people.values()])
        self.lake.append("snapshots", "e1", day, pa.table(table))
        rows = counts or []
        self.lake.append(
            "counters",
            "e1",
            day,
            pa.table(
                {
                    "person": pa.array([r[0] for r in rows], pa.int64()),
                    "source": pa.array([r[1] for r in rows], pa.string()),
                    "name": pa.array([r[2] for r in rows], pa.string()),
                    "count": pa.array([r[3] for r in rows], pa.int64()),
                    "last": pa.array([r[4] for r in rows], pa.timestamp("us", tz="UTC")),
                }
            ),
        )

    def send(self, person: int, number: int, *, hour: int = 9, state: str = "accepted") -> str:
        day = self.day(number)
        """One message that has gone through the ledger's own steps; its decision id."""
        decision = f"{person:016x}{number:016x}"
        self.decide(number)
        with self.database.write() as connection:
            connection.execute(
                ledger.insert().values(
                    workspace="w",
                    person=person,
                    day=day.isoformat(),
                    slot=0,
                    experiment_id="e1",
                    decision_id=decision,
                    grp="personalised",
                    target_kind="campaign",
                    target_id="c",
                    channel="email",
                    combination="{}",
                    properties="{}",
                    send_at=moment(day, hour).timestamp(),
                    state="planned",
                    updated_at=0.0,
                )
            )
            for step in ("sending", state):
                connection.execute(
                    ledger.update().where(ledger.c.decision_id == decision).values(state=step)
                )
        return decision

    def keep_quiet(self, person: int, number: int, *, hour: int = 9) -> str:
        """One decision to send nothing, as planning writes it down; its decision id."""
        day = self.day(number)
        decision = f"{person:016x}{number:016x}"
        self.decide(number)
        with self.database.write() as connection:
            connection.execute(
                ledger.insert().values(
                    workspace="w",
                    person=person,
                    day=day.isoformat(),
                    slot=0,
                    experiment_id="e1",
                    decision_id=decision,
                    grp="personalised",
                    target_kind="campaign",
                    target_id="c",
                    channel="email",
                    combination="{}",
                    properties="{}",
                    send_at=moment(day, hour).timestamp(),
                    state="skipped",
                    reason="nothing_chosen",
                    updated_at=0.0,
                )
            )
        return decision

    def decide(self, number: int) -> None:
        """A decisions part, so that the day is known to have been decided."""
        self.lake.append("decisions", "e1", self.day(number), pa.table({"decision_id": ["d"]}))

    def outcomes(self, metric: str = "primary") -> list[tuple[int, int, float]]:
        """(person, day number, value) of everything collected."""
        table = self.lake.read("outcomes", "e1")
        return sorted(
            (row["person"], (row["day"] - FIRST_DAY).days, row["value"])
            for row in table.to_pylist()
            if row["metric"] == metric
        )
