"""Rows of the `permissions` table: what a try said, and what its answer showed of the line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from services.braze.limits import RateWindow
from services.braze.notes import AnswerNote
from services.braze.permissions import PermissionResult
from services.clock import Clock
from services.database.engine import Database
from services.database.schema import permissions
from services.intents.model import message_json


def keep_results(
    database: Database, clock: Clock, results: Sequence[PermissionResult]
) -> dict[str, str]:
    """Replace what was known by what was found now. Returns result by permission."""
    now = clock.now().timestamp()
    rows = [
        {
            "name": found.name,
            "result": found.result.value,
            "detail": {
                "step": message_json(found.step),
                "said": None if found.detail is None else message_json(found.detail),
                "answer": None if found.answer is None else _answer_json(found.answer),
            },
            "checked_at": now,
        }
        for found in results
    ]
    with database.write() as connection:
        connection.execute(permissions.delete())
        if rows:
            connection.execute(permissions.insert(), rows)
    return {str(row["name"]): str(row["result"]) for row in rows}


def kept_answers(details: Sequence[object]) -> Iterator[AnswerNote]:
    """The notes in the `detail` of rows; rows without one are left out."""
    for detail in details:
        answer = detail.get("answer") if isinstance(detail, dict) else None
        if isinstance(answer, dict):
            window = answer["window"]
            yield AnswerNote(
                path=answer["path"],
                status=answer["status"],
                took_s=answer["took_s"],
                window=RateWindow(window["limit"], window["remaining"], window["reset_s"]),
                clock_ahead_s=answer["clock_ahead_s"],
            )


def _answer_json(answer: AnswerNote) -> dict[str, Any]:
    window = answer.window
    return {
        "path": answer.path,
        "status": answer.status,
        "took_s": answer.took_s,
        "clock_ahead_s": answer.clock_ahead_s,
        "window": {
            "limit": window.limit,
            "remaining": window.remaining,
            "reset_s": window.reset_s,
        },
    }
