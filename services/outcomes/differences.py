"""What people did between two snapshots: differences of their lifetime counts.

A person's first snapshot is only a starting point. An increment lies on the local day of its last
event where that is between the two snapshots, else on the day of the newer snapshot (DECISIONS 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from services.lake import Lake
from services.outcomes.model import INCREMENTS, SUSPICIOUS_A_DAY

UNSUBSCRIBED = "unsubscribed"
ATTRIBUTE_PREFIX = "attr:"

FELL = "fell"  # a count or a revenue went down: taken as no change
MANY = "many"  # more than a person plausibly does in a day
CAME_BACK = "came back"  # Braze lists entries of the last 90 days only; an older one shows up again


@dataclass(frozen=True)
class Snapshot:
    """One day's export: `people` (kind snapshots) and `counters`, as the facts have them."""

    day: date
    people: pa.Table
    counters: pa.Table


def read_snapshot(lake: Lake, experiment_id: str, day: date) -> Snapshot:
    """The snapshot of one day, with the columns that outcomes come from."""
    people = lake.read("snapshots", experiment_id, since=day, until=day)
    kept = [
        name
        for name in people.column_names
        if name in ("person", "total_revenue", "email_subscribe")
        or (name.startswith(ATTRIBUTE_PREFIX) and _is_additive(people.schema.field(name).type))
    ]
    counters = lake.read("counters", experiment_id, since=day, until=day)
    return Snapshot(day, people.select(kept), counters)


def differences(lake: Lake, before: Snapshot, now: Snapshot, zone: str) -> pa.Table:
    """Increments between two snapshots of the people who are in both, in no particular order.

    Rows that fell have value 0 and the flag; they are kept so that the fall can be reported.
    `zone` is the experiment's IANA zone. Columns as INCREMENTS.
    """
    if before.people.num_rows == 0 or now.people.num_rows == 0:
        return INCREMENTS.empty_table()
    attributes = [
        name
        for name in now.people.column_names
        if name.startswith(ATTRIBUTE_PREFIX) and name in before.people.column_names
    ]
    sql = _SQL.format(
        zone=zone.replace("'", ""),
        before_day=before.day.isoformat(),
        day=now.day.isoformat(),
        many=SUSPICIOUS_A_DAY,
        attributes="".join(
            _ATTRIBUTE_SQL.format(name=_quoted(a), text=_text(a)) for a in attributes
        ),
    )
    found = lake.query(
        sql,
        people_before=_complete(before.people),
        people_now=_complete(now.people),
        counters_before=_counters(before.counters),
        counters_now=_counters(now.counters),
    )
    return found.select(INCREMENTS.names).cast(INCREMENTS)


# `placed` gives every difference its day; revenue has no moment of its own, so it takes that of
# the person's last purchase. A fall of revenue or of a count is clamped at nothing and flagged.
_SQL = """
WITH both_days AS (
    SELECT n.person, n.total_revenue AS revenue, o.total_revenue AS revenue_before,
           n.email_subscribe AS email, o.email_subscribe AS email_before
    FROM people_now n JOIN people_before o USING (person)
), counted AS (
    SELECT n.person, n.source, n.name, n.last AS moment,
           n.count - coalesce(o.count, 0) AS change,
           o.count IS NULL AND CAST(timezone('{zone}', n.first) AS DATE) < DATE '{before_day}'
               AS came_back
    FROM counters_now n
    SEMI JOIN both_days USING (person)
    LEFT JOIN counters_before o USING (person, source, name)
    WHERE n.count <> coalesce(o.count, 0)
), bought AS (
    SELECT person, max(moment) AS moment FROM counted WHERE source = 'purchase' GROUP BY person
), changes AS (
    SELECT person, source, name, moment,
           CASE WHEN coalesce(came_back, false) THEN 1.0 ELSE greatest(change, 0) END AS value,
           CASE WHEN change < 0 THEN 'fell' WHEN coalesce(came_back, false) THEN 'came back'
                WHEN change > {many} THEN 'many' END AS flag
    FROM counted
    UNION ALL
    SELECT person, 'revenue', '', bought.moment,
           greatest(revenue - coalesce(revenue_before, 0), 0),
           CASE WHEN revenue < coalesce(revenue_before, 0) THEN 'fell' END
    FROM both_days LEFT JOIN bought USING (person)
    WHERE revenue IS NOT NULL AND revenue <> coalesce(revenue_before, 0)
    UNION ALL
    SELECT person, 'unsubscribe', 'email', NULL, 1.0, NULL
    FROM both_days WHERE email = 'unsubscribed' AND email_before <> 'unsubscribed'
    {attributes}
)
SELECT person,
       CASE WHEN CAST(timezone('{zone}', moment) AS DATE)
                 BETWEEN DATE '{before_day}' AND DATE '{day}'
            THEN CAST(timezone('{zone}', moment) AS DATE) ELSE DATE '{day}' END AS day,
       moment AS "at", source, name, CAST(value AS DOUBLE) AS value, flag, DATE '{day}' AS seen_on
FROM changes
ORDER BY person, source, name
"""

_ATTRIBUTE_SQL = """
    UNION ALL
    SELECT n.person, 'attribute', '{text}', NULL,
           CAST(n.{name} AS DOUBLE) - CAST(o.{name} AS DOUBLE), NULL
    FROM people_now n JOIN people_before o USING (person)
    WHERE CAST(n.{name} AS DOUBLE) <> CAST(o.{name} AS DOUBLE)
"""


def _is_additive(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    )


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""').replace("{", "{{").replace("}", "}}") + '"'


def _text(column: str) -> str:
    name = column.removeprefix(ATTRIBUTE_PREFIX)
    return name.replace("'", "''").replace("{", "{{").replace("}", "}}")


def _complete(people: pa.Table) -> pa.Table:
    for name, kind in (("total_revenue", pa.float64()), ("email_subscribe", pa.string())):
        if name not in people.column_names:
            people = people.append_column(name, pa.nulls(people.num_rows, kind))
    return people


def _counters(counters: pa.Table) -> pa.Table:
    moment = pa.timestamp("us", tz="UTC")
    kinds = (
        ("person", pa.int64()),
        ("source", pa.string()),
        ("name", pa.string()),
        ("count", pa.int64()),
        ("last", moment),
        ("first", moment),
    )
    columns = {
        name: counters[name].cast(kind)
        if name in counters.column_names
        else pa.nulls(counters.num_rows, kind)
        for name, kind in kinds
    }
    return pa.table(columns)
