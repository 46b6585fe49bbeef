"""Sends for later: made, changed and taken back. Braze docs: "Schedule API-triggered campaigns",
"Schedule API-triggered Canvases" and their update and delete pages.

The people are named one by one, as for sends at once. Close to the due time Braze changes and
takes back on a best-effort basis: some, all or none of the people. Anneal's daily cycle therefore
sends at the hour itself and schedules nothing; these calls are here for those who must.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from services.braze.client import BrazeClient
from services.braze.model import ScheduleMade, understood
from services.braze.sending import Recipient, campaign_body, canvas_body
from services.errors import DataError
from services.messages import msg

CAMPAIGNS, CANVASES = "/campaigns/trigger/schedule", "/canvas/trigger/schedule"


@dataclass(frozen=True)
class Schedule:
    """When to send. With a zone: that moment. Without one: that wall time of each person
    (`in_local_time`), or each person's best hour of that day (`at_optimal_time`).
    """

    time: datetime
    in_local_time: bool = False
    at_optimal_time: bool = False


def schedule_body(schedule: Schedule) -> dict[str, object]:
    """The `schedule` of a body. All three fields are always there: an update replaces them all.

    Raises DataError where zone and flags do not go together: Braze would send at another hour.
    """
    flags = schedule.in_local_time + schedule.at_optimal_time
    aware = schedule.time.tzinfo is not None
    if flags > 1 or aware == bool(flags):
        raise DataError(
            msg("This schedule does not say clearly when to send."),
            hint=msg(
                "Give a time with a zone, or one without for local or best time. Nothing was sent."
            ),
        )
    moment = schedule.time.astimezone(UTC) if aware else schedule.time
    return {
        "time": moment.strftime("%Y-%m-%dT%H:%M:%S") + ("Z" if aware else ""),
        "in_local_time": schedule.in_local_time,
        "at_optimal_time": schedule.at_optimal_time,
    }


def create_campaign_schedule(
    client: BrazeClient,
    campaign_id: str,
    recipients: Sequence[Recipient],
    schedule: Schedule,
    *,
    guard: Callable[[], None],
) -> ScheduleMade:
    """POST /campaigns/trigger/schedule/create, once. `guard` runs just before the first byte.

    Raises DataError before anything is sent, BrazeError by what is known of the outcome.
    """
    path = f"{CAMPAIGNS}/create"
    body = {**campaign_body(campaign_id, recipients), "schedule": schedule_body(schedule)}
    return understood(ScheduleMade, client.write(path, body, guard=guard), path)


def update_campaign_schedule(
    client: BrazeClient, campaign_id: str, schedule_id: str, schedule: Schedule
) -> None:
    """POST /campaigns/trigger/schedule/update, once: another time for the same people.

    Raises DataError, BrazeError.
    """
    body = {"campaign_id": campaign_id, "schedule_id": schedule_id}
    client.write(f"{CAMPAIGNS}/update", {**body, "schedule": schedule_body(schedule)})


def delete_campaign_schedule(client: BrazeClient, campaign_id: str, schedule_id: str) -> None:
    """POST /campaigns/trigger/schedule/delete, once: nothing is sent after all.

    Raises BrazeError.
    """
    body = {"campaign_id": campaign_id, "schedule_id": schedule_id}
    client.write(f"{CAMPAIGNS}/delete", body)


def create_canvas_schedule(
    client: BrazeClient,
    canvas_id: str,
    recipients: Sequence[Recipient],
    schedule: Schedule,
    *,
    guard: Callable[[], None],
) -> ScheduleMade:
    """POST /canvas/trigger/schedule/create, once. As `create_campaign_schedule`."""
    path = f"{CANVASES}/create"
    body = {**canvas_body(canvas_id, recipients), "schedule": schedule_body(schedule)}
    return understood(ScheduleMade, client.write(path, body, guard=guard), path)


def update_canvas_schedule(
    client: BrazeClient, canvas_id: str, schedule_id: str, schedule: Schedule
) -> None:
    """POST /canvas/trigger/schedule/update, once. As `update_campaign_schedule`."""
    body = {"canvas_id": canvas_id, "schedule_id": schedule_id}
    client.write(f"{CANVASES}/update", {**body, "schedule": schedule_body(schedule)})


def delete_canvas_schedule(client: BrazeClient, canvas_id: str, schedule_id: str) -> None:
    """POST /canvas/trigger/schedule/delete, once. As `delete_campaign_schedule`."""
    body = {"canvas_id": canvas_id, "schedule_id": schedule_id}
    client.write(f"{CANVASES}/delete", body)
