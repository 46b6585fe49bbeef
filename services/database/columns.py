"""Read and write tall tables without an object for every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa


def read_columns(
    connection: sa.Connection, query: sa.Executable, values: Mapping[str, Any] | None = None
) -> list[Sequence[Any]]:
    """The query's columns, each a sequence with one value a row; empty ones where nothing is found.

    Values come as the database driver gives them: for columns of numbers and text, not for JSON.
    """
    result = connection.execute(query, values or {})
    n_columns = len(result.keys())
    cursor = result.cursor
    rows = [] if cursor is None else cursor.fetchall()
    result.close()
    return list(zip(*rows, strict=True)) or [()] * n_columns


def write_rows(
    connection: sa.Connection, statement: sa.TextClause, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Execute the statement once for each row, in one call of the database driver.

    Values go to the driver as they are: numbers, text and None.
    """
    compiled = statement.compile(dialect=connection.dialect)
    names: Sequence[str] | None = getattr(compiled, "positiontup", None)
    if names is None:
        connection.exec_driver_sql(str(compiled), [dict(row) for row in rows])
    else:
        connection.exec_driver_sql(str(compiled), [tuple(row[n] for n in names) for row in rows])
