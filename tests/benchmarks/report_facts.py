"""Sixty days of a large experiment as facts and ledger rows, made by a generator.

Everything the report's read models look at is there in the form in which the worker leaves it: one
decision a person every three and a half days, rewards of all closed days, entries with attributes,
outcomes, Braze's series, the ledger and the groups. The looks of one real day stand for all days.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from services.database.engine import Database
from services.experiment.model import Experiment, Group
from services.insights.look_rows import LOOKS
from services.insights.looking import read_people
from services.insights.looks import take_look
from services.lake import Lake
from services.outcomes.model import OUTCOMES, REWARDS

FIRST_DAY = date(2026, 1, 5)
DAYS = 60
ID = "big"
MESSAGES_A_DAY = 2 / 7
CLOSING_DAYS = 9
SIZES = {"offer": 4, "subject": 4, "channel": 3, "hour": 3}  # 144 combinations
CHANNELS = ("email", "sms", "push")
GROUPS = (Group.PERSONALISED, Group.RANDOM, Group.HOLDOUT)
GROUP_SHARES = (0.8, 0.1, 0.1)
COUNTERS = ("sent", "delivered", "unique_opens", "unique_clicks", "unsubscribes", "bounces")
LEDGER = (
    "workspace, person, day, slot, experiment_id, decision_id, grp, target_kind, target_id, "
    "channel, combination, properties, send_at, cost, state, fence, tries, updated_at, looks"
)


def experiment() -> Experiment:
    """144 combinations, eight weeks and a half."""
    values = {"channel": CHANNELS, "hour": (9, 13, 18)}
    return Experiment.model_validate(
        {
            "id": ID,
            "version": 1,
            "name": "Large",
            "salt": "0123456789abcdef",
            "planned_weeks": 8,
            "dimensions": [
                {
                    "key": key,
                    "kind": key,
                    "label": key.title(),
                    "options": [
                        {
                            "key": f"{key}{n}",
                            "label": f"{key.title()} {n}",
                            "value": values[key][n] if key in values else f"{n}",
                        }
                        for n in range(size)
                    ],
                }
                for key, size in SIZES.items()
            ],
            "targets": [
                {"when": {"channel": f"channel{n}"}, "id": c, "channel": c}
                for n, c in enumerate(CHANNELS)
            ],
        }
    )


def build(home: Path, n_people: int) -> None:
    """Write it all to `home`: state.db and facts/."""
    database = Database.temporary(home / "state.db")
    lake = Lake(home / "facts", database)
    rng = np.random.default_rng(1)
    group = rng.choice(len(GROUPS), n_people, p=GROUP_SHARES).astype(np.int8)
    database.engine.dispose()
    _state(home / "state.db", group, rng)
    _entries(lake, n_people, rng)
    for number in range(DAYS):
        _day(lake, FIRST_DAY + timedelta(days=number), number, group, rng)
    _looks(database, lake)
    database.close()


def _day(lake: Lake, day: date, number: int, group: np.ndarray, rng: np.random.Generator) -> None:
    n_people = len(group)
    decided = np.flatnonzero((rng.random(n_people) < MESSAGES_A_DAY) & (group < 2))
    n = len(decided)
    names = np.array([g.value for g in GROUPS], dtype=object)
    ids = _ids(rng, n)
    chosen = {
        f"opt:{key}": pa.array([f"{key}{i}" for i in range(size)]).take(
            pa.array(rng.integers(0, size, n))
        )
        for key, size in SIZES.items()
    }
    decisions = {
        "decision_id": ids,
        "person": decided + 1,
        "day": pa.array(np.full(n, np.datetime64(day))),
        "grp": pa.array(names[group[decided]], pa.string()),
        "combination": rng.integers(0, 144, n).astype(np.int32),
        "propensity": rng.random(n),
        **chosen,
    }
    lake.append("decisions", ID, day, pa.table(decisions))
    if number < DAYS - CLOSING_DAYS:
        closed = day + timedelta(days=CLOSING_DAYS)
        rewards = {
            "decision_id": ids,
            "person": decided + 1,
            "decision_day": pa.array(np.full(n, np.datetime64(day))),
            "value": (rng.random(n) < 0.03).astype(float),
            "closed_on": pa.array(np.full(n, np.datetime64(closed))),
            "late": np.zeros(n, bool),
            "state": pa.array(["accepted"] * n),
        }
        meta = {"closed_on": closed.isoformat()}
        lake.append("rewards", ID, day, pa.table(rewards, schema=REWARDS), meta=meta)
    bought = np.flatnonzero(rng.random(n_people) < 0.01)
    outcomes = {
        "person": bought + 1,
        "day": pa.array(np.full(len(bought), np.datetime64(day))),
        "metric": pa.array(["primary"] * len(bought)),
        "value": np.ones(len(bought)),
    }
    lake.append("outcomes", ID, day, pa.table(outcomes, schema=OUTCOMES))
    for channel in CHANNELS:
        lake.append("series", ID, day, _series(channel, day, n // 3), key=f"campaign:{channel}")


def _ids(rng: np.random.Generator, n: int) -> pa.Array:
    text = rng.bytes(16 * n).hex().encode()
    offsets = np.arange(n + 1, dtype=np.int32) * 32
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(text))


def _series(channel: str, day: date, n: int) -> pa.Table:
    days = [day - timedelta(days=back) for back in range(3)]
    rows = [(d, counter) for d in days for counter in COUNTERS]
    size = len(rows)
    return pa.table(
        {
            "source": ["campaign"] * size,
            "source_id": [channel] * size,
            **{name: [channel] * size for name in ("variation_id", "variation_name")},
            "step": pa.array([None] * size, pa.string()),
            "channel": [channel] * size,
            "day": pa.array([d for d, _ in rows], pa.date32()),
            "counter": [counter for _, counter in rows],
            "value": [float(n) for _ in rows],
        }
    )


def _entries(lake: Lake, n_people: int, rng: np.random.Generator) -> None:
    plans = pa.array(["basic", "standard", "premium"])
    table = pa.table(
        {
            "person": np.arange(1, n_people + 1),
            "entered_on": pa.array(np.full(n_people, np.datetime64(FIRST_DAY))),
            "country": pa.array(["DE", "FR", "GB"]).take(pa.array(rng.integers(0, 3, n_people))),
            "language": pa.array(["de", "fr", "en"]).take(pa.array(rng.integers(0, 3, n_people))),
            "attr:plan": plans.take(pa.array(rng.integers(0, 3, n_people))),
            "attr:tenure": rng.gamma(2, 12, n_people),
            "attr:orders": rng.poisson(3, n_people).astype(float),
            "attr:app": rng.random(n_people) < 0.4,
            "x:primary": rng.poisson(0.3, n_people).astype(float),
        }
    )
    lake.append("entries", ID, FIRST_DAY, table)


def _looks(database: Database, lake: Lake) -> None:
    """One real look on the last closed day, repeated for every day before it."""
    people = read_people(database, lake, experiment())
    outcomes = lake.read("outcomes", ID)
    last = FIRST_DAY + timedelta(days=DAYS - 3)
    look = take_look(
        experiment(), people, outcomes, LOOKS.empty_table(), first_day=FIRST_DAY, day=last
    )
    for number in range(DAYS - 2):
        day = FIRST_DAY + timedelta(days=number)
        n = look.num_rows
        table = look.set_column(0, "day", pa.array([day] * n, pa.date32()))
        place = table.schema.get_field_index("day_number")
        table = table.set_column(place, "day_number", pa.array([number + 1] * n, pa.int64()))
        lake.append("looks", ID, day, table)


def _state(path: Path, group: np.ndarray, rng: np.random.Generator) -> None:
    """Groups and ledger, written without indexes and guards, which are made afterwards."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000"):
        connection.execute(f"PRAGMA {pragma}")
    made = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') "
        "AND sql IS NOT NULL AND tbl_name IN ('ledger', 'assignments')"
    ).fetchall()
    for kind, name, _ in made:
        connection.execute(f"DROP {kind} {name}")
    connection.execute("BEGIN")
    entered = FIRST_DAY.isoformat()
    connection.executemany(
        "INSERT INTO assignments (experiment_id, person, grp, entered_on, ended) "
        "VALUES (?,?,?,?,0)",
        ((ID, i + 1, GROUPS[g].value, entered) for i, g in enumerate(group.tolist())),
    )
    marks = ",".join("?" * len(LEDGER.split(", ")))
    connection.executemany(f"INSERT INTO ledger ({LEDGER}) VALUES ({marks})", _sent(group, rng))
    connection.execute("COMMIT")
    for _, _, sql in made:
        connection.execute(sql)
    connection.execute("ANALYZE")
    connection.close()


def _sent(group: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Rows in order of the primary key: person by person."""
    start = np.datetime64(FIRST_DAY, "s").astype(float)
    days = [(FIRST_DAY + timedelta(days=n)).isoformat() for n in range(DAYS)]
    for person, code in enumerate(group.tolist()):
        if code > 1:
            continue
        for day in np.flatnonzero(rng.random(DAYS) < MESSAGES_A_DAY).tolist():
            at = start + day * 86_400 + 32_400
            name = GROUPS[code].value
            yield (
                *("w", person + 1, days[day], 0, ID, "0" * 32, name, "campaign", "email"),
                *("email", "{}", "{}", at, 0.0, "accepted", 1, 1, at, 0),
            )
