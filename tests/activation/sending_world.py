"""A small world to send in: an experiment, its people, decisions, and a Braze with memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from services.activation.dispatcher import dispatch_due
from services.activation.ledger import Terms
from services.activation.model import Claim, Dispatched, Reply
from services.activation.planning import plan
from services.clock import FixedClock
from services.database import schema
from services.database.engine import Database
from services.experiment.model import Channel, Experiment
from services.lake import Lake

WORKSPACE = "w"
DAY = date(2026, 3, 10)
NINE = datetime(2026, 3, 10, 9, tzinfo=UTC)
CAMPAIGN, CANVAS = "campaign-a", "canvas-b"


def an_experiment(id: str = "e1", rules: tuple[dict[str, object], ...] = ()) -> Experiment:
    """Two creatives, one by campaign and one by Canvas, at nine or at seventeen."""
    return Experiment.model_validate(
        {
            "id": id,
            "version": 1,
            "name": "Offers",
            "salt": "s" * 16,
            "dimensions": [
                {
                    "key": "creative",
                    "kind": "creative",
                    "label": "Creative",
                    "property": "hero",
                    "options": [
                        {"key": "a", "label": "A", "value": "Hello", "cost": 0.5},
                        {"key": "b", "label": "B"},
                    ],
                },
                {
                    "key": "hour",
                    "kind": "hour",
                    "label": "Hour",
                    "options": [
                        {"key": "h9", "label": "9", "value": 9},
                        {"key": "h17", "label": "17", "value": 17},
                    ],
                },
            ],
            "targets": [
                {"when": {"creative": "a"}, "kind": "campaign", "id": CAMPAIGN},
                {"when": {"creative": "b"}, "kind": "canvas", "id": CANVAS},
            ],
            "rules": list(rules),
        }
    )


class Braze:
    """Remembers every message it let out, and answers as told. Never asks the ledger anything."""

    def __init__(self) -> None:
        self.truth: list[tuple[str, str]] = []  # (external id, target id)
        self.requests = 0
        self.answer: Callable[[Claim], Reply | BaseException] = lambda _: Reply(dispatch_id="d")
        self.delivers: Callable[[Claim], bool] = lambda _: True
        self._lock = threading.Lock()

    def send(self, claim: Claim, guard: Callable[[], None]) -> Reply:
        guard()
        answer = self.answer(claim)
        with self._lock:
            self.requests += 1
            if self.delivers(claim):
                self.truth += [(p.external_id, claim.target_id) for p in claim.people]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def body(self, claim: Claim) -> dict[str, object]:
        return {"recipients": [p.external_id for p in claim.people]}

    def twice(self) -> set[str]:
        """People who got more than one message."""
        ids = [person for person, _ in self.truth]
        return {person for person in ids if ids.count(person) > 1}


@dataclass
class World:
    """Everything a test of sending needs. `n_people` people; every tenth is in the holdout."""

    home: Path
    n_people: int = 120
    experiment: Experiment = field(default_factory=an_experiment)
    database: Database = field(init=False)

    def __post_init__(self) -> None:
        self.database = Database.temporary(self.home / "state.sqlite")
        self.clock = FixedClock(NINE)
        self.lake = Lake(self.home / "facts", self.database)
        self.braze = Braze()
        with self.database.write() as c:
            c.execute(
                schema.people.insert(),
                [
                    {"external_id": f"id-{i}", "created_at": 0.0}
                    for i in range(1, self.n_people + 1)
                ],
            )
        self.launch(self.experiment)
        self.catalogue(CAMPAIGN, "campaign")
        self.catalogue(CANVAS, "canvas")
        self.snapshot()

    def launch(self, experiment: Experiment, *, assign: bool = True) -> None:
        """Approve, run and assign."""
        digest = experiment.configuration_hash()
        with self.database.write() as c:
            c.execute(
                schema.experiments.insert().values(
                    id=experiment.id,
                    name=experiment.name,
                    use_case="custom",
                    status="running",
                    version=1,
                    hash=digest,
                    created_by="me",
                    created_at=0.0,
                    watched=True,
                )
            )
            self._approve(c, "configuration", experiment.id, digest)
            if assign:
                c.execute(
                    schema.assignments.insert(),
                    [
                        {
                            "experiment_id": experiment.id,
                            "person": person,
                            "grp": self.group(person),
                            "entered_on": DAY.isoformat(),
                            "ended": 0,
                        }
                        for person in range(1, self.n_people + 1)
                    ],
                )

    def group(self, person: int) -> str:
        return "holdout" if person % 10 == 0 else "personalised"

    def _approve(self, c: sa.Connection, kind: str, subject: str, digest: str) -> None:
        c.execute(
            schema.approvals.insert().values(
                kind=kind, subject=subject, digest=digest, approved_by="me", approved_at=0.0
            )
        )

    def catalogue(self, id: str, kind: str, digest: str = "c1") -> None:
        with self.database.write() as c:
            c.execute(
                schema.catalogue.insert().values(
                    kind=kind, id=id, name=id, document={}, content_digest=digest, refreshed_at=0.0
                )
            )
            self._approve(c, "content", f"{kind}:{id}", digest)

    def snapshot(self, day: date = DAY, unsubscribed: tuple[int, ...] = ()) -> None:
        """The day's export, asked for at five in the morning."""
        people = range(1, self.n_people + 1)
        at = datetime(day.year, day.month, day.day, 5, tzinfo=UTC).isoformat()
        table = pa.table(
            {
                "person": pa.array(people, pa.int64()),
                "email_subscribe": ["no" if p in unsubscribed else "opted_in" for p in people],
                "push_subscribe": pa.nulls(self.n_people, pa.string()),
            }
        )
        self.lake.append("snapshots", self.experiment.id, day, table, meta={"exported_at": at})

    def decisions(
        self,
        day: date = DAY,
        *,
        at: datetime | None = None,
        people: list[int] | None = None,
        creative: str | None = None,
        experiment: Experiment | None = None,
    ) -> pa.Table:
        """Decisions for everybody who may get a message, durable in the lake."""
        at = at or NINE + timedelta(days=(day - DAY).days)
        chosen = people or [p for p in range(1, self.n_people + 1) if p % 10]
        n = len(chosen)
        table = pa.table(
            {
                "decision_id": [f"{p:016x}{day.toordinal():016x}" for p in chosen],
                "person": pa.array(chosen, pa.int64()),
                "day": pa.array([day] * n, pa.date32()),
                "slot": pa.array([0] * n, pa.int8()),
                "grp": ["personalised"] * n,
                "opt:creative": [creative or ("a" if p % 2 else "b") for p in chosen],
                "opt:hour": ["h9"] * n,
                "send_at": pa.array([at] * n, pa.timestamp("us", tz="UTC")),
            }
        )
        self.lake.append("decisions", (experiment or self.experiment).id, day, table)
        return table

    def plan(self, **how: object) -> None:
        """Decide and plan the day."""
        experiment = how.get("experiment") or self.experiment
        assert isinstance(experiment, Experiment)
        table = self.decisions(**how)  # type: ignore[arg-type]
        plan(self.database, self.clock, WORKSPACE, experiment, table)

    def terms(self, consent: Mapping[Channel, set[int]] | None = None) -> Terms:
        everybody = set(range(1, self.n_people + 1))
        return Terms(WORKSPACE, consent or {Channel.EMAIL: everybody})

    def states(self) -> dict[str, int]:
        """People by ledger state; skipped ones by reason."""
        sql = "SELECT COALESCE(reason, state) AS s, COUNT(*) AS n FROM ledger GROUP BY s"
        return {r.s: r.n for r in self.rows(sql)}

    def rows(self, sql: str, **values: object) -> list[sa.Row[tuple[object, ...]]]:
        with self.database.read() as c:
            return list(c.execute(sa.text(sql), values))

    def run(self, sql: str, **values: object) -> None:
        with self.database.write() as c:
            c.execute(sa.text(sql), values)

    def dispatch(self, **how: object) -> Dispatched:
        """Send what is due."""
        return dispatch_due(
            self.database,
            self.clock,
            self.braze,
            self.lake,
            self.experiment,
            workspace=WORKSPACE,
            home=self.home,
            **how,  # type: ignore[arg-type]
        )
