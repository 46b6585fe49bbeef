"""What the page Connection shows: which permissions the key has, and what that makes possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.braze.limits import Family, RateWindow
from services.braze.line import Line, instance_of, line_of
from services.braze.origins import REST_ORIGINS
from services.database.engine import Database
from services.database.schema import permissions
from services.intents.model import Intent, IntentKind, IntentState, message_from
from services.intents.store import latest
from services.messages import Message, msg
from services.settings import Settings
from services.workflow.permissions.store import kept_answers
from services.workflow.sending_view import worker_alive

GOOD = ("works", "probably")
AUDIENCE, TEMPLATES, LAUNCH = msg("Audience"), msg("Templates"), msg("Launch")
INSIGHTS, CYCLE = msg("Insights"), msg("Daily cycle")


@dataclass(frozen=True)
class Need:
    """One permission and the step of the work that needs it."""

    name: str
    needed_for: Message


NEEDS = (
    Need("segments.list", AUDIENCE),
    Need("segments.details", AUDIENCE),
    Need("segments.data_series", msg("Audience, Insights")),
    Need("users.export.segment", CYCLE),
    Need("users.export.ids", CYCLE),
    Need("users.track", msg("Personalisation")),
    Need("campaigns.list", TEMPLATES),
    Need("campaigns.details", TEMPLATES),
    Need("campaigns.data_series", INSIGHTS),
    Need("campaigns.trigger.send", msg("Launch, by campaign")),
    Need("canvas.list", TEMPLATES),
    Need("canvas.details", TEMPLATES),
    Need("canvas.data_series", INSIGHTS),
    Need("canvas.trigger.send", msg("Launch, by Canvas")),
    Need("messages.send", msg("Launch, by API campaign")),
    Need("templates.email.list", TEMPLATES),
    Need("templates.email.info", TEMPLATES),
    Need("templates.email.create", msg("Templates, copies")),
    Need("templates.email.update", msg("Templates, copies")),
)


@dataclass(frozen=True)
class _Ability:
    needs: tuple[str, ...]
    can: Message | None
    cannot: Message


ABILITIES = (
    _Ability(
        ("segments.list", "segments.details", "users.export.segment", "users.export.ids"),
        msg("You can set up and dry-run."),
        msg("You cannot set up an audience yet."),
    ),
    _Ability(
        ("campaigns.list", "campaigns.details", "campaigns.trigger.send"),
        msg("You can launch through a campaign."),
        msg("You cannot launch through a campaign yet."),
    ),
    _Ability(
        ("canvas.list", "canvas.details", "canvas.trigger.send"),
        None,
        msg("You cannot launch through a Canvas yet."),
    ),
    _Ability(("messages.send",), None, msg("You cannot launch through an API campaign yet.")),
    _Ability(
        ("campaigns.data_series", "canvas.data_series", "segments.data_series"),
        None,
        msg("Insights will lack some of Braze's own numbers."),
    ),
    _Ability(
        ("templates.email.list", "templates.email.info"),
        None,
        msg("Email templates cannot be shown yet."),
    ),
)


@dataclass(frozen=True)
class Permission:
    """One permission: what it is for and how the last check ended."""

    name: str
    needed_for: Message
    result: str  # works, probably, missing, not_tried, excess
    step: Message | None  # where to click, from the check
    said: Message | None = None  # what more the check learnt


@dataclass(frozen=True)
class ConnectionState:
    """Everything the page Connection shows.

    instance    what Braze calls the instance at the endpoint; None in the sandbox and for others
    checked_at  epoch seconds, None before a check
    line        speed, rate and clocks as the last check found them; empty before one
    """

    endpoint: str
    instance: str | None
    sandbox: bool
    takes_key: bool
    worker_alive: bool
    checked_at: float | None
    permissions: tuple[Permission, ...]
    excess: tuple[Permission, ...]
    last_check: Intent | None
    line: Line

    @property
    def n_works(self) -> int:
        """Permissions of ours that work, or probably do."""
        return sum(found.result in GOOD for found in self.permissions)

    @property
    def not_got_through(self) -> Intent | None:
        """The last check, where it failed: what else is shown is older, or nothing is known."""
        check = self.last_check
        if check is None or check.state is not IntentState.FAILED or check.finished_at is None:
            return None
        since_s = check.finished_at.timestamp()
        return check if self.checked_at is None or since_s >= self.checked_at else None

    @property
    def requests(self) -> RateWindow | None:
        """Where the allowance that most calls share stands; None where Braze did not say."""
        return self.line.windows.get(Family.SHARED)

    @property
    def missing(self) -> tuple[Permission, ...]:
        """Permissions of ours that the key lacks."""
        return tuple(found for found in self.permissions if found.result == "missing")

    def can_and_cannot(self) -> list[Message]:
        """What the key makes possible and what not yet, most important first."""
        lacking = {found.name for found in self.missing}
        said: list[Message] = []
        for ability in ABILITIES:
            if lacking.intersection(ability.needs):
                said.append(ability.cannot)
            elif ability.can is not None:
                said.append(ability.can)
        return said


def connection_state(database: Database, settings: Settings) -> ConnectionState:
    """Read the last check. Asks Braze nothing: the worker does that."""
    with database.read() as connection:
        rows = {row.name: row for row in connection.execute(permissions.select())}
    ours = {need.name for need in NEEDS}
    checked = [row.checked_at for row in rows.values()]
    return ConnectionState(
        endpoint=settings.endpoint,
        instance=instance_of(settings.endpoint),
        sandbox=settings.sandbox,
        # A database in a file is one machine: console and worker then share the home.
        takes_key=database.is_sqlite and not settings.sandbox,
        worker_alive=worker_alive(database),
        checked_at=max(checked) if checked else None,
        permissions=tuple(
            _permission(rows[need.name], need.needed_for)
            if need.name in rows
            else Permission(need.name, need.needed_for, "not_tried", None)
            for need in NEEDS
        ),
        excess=tuple(
            _permission(row, msg("Nothing"))
            for row in rows.values()
            if row.name not in ours and row.result == "excess"
        ),
        last_check=latest(database, IntentKind.CHECK_CONNECTION),
        line=line_of(kept_answers([row.detail for row in rows.values()])),
    )


def _permission(row: Any, needed_for: Message) -> Permission:
    detail = row.detail if isinstance(row.detail, dict) else {}
    step, said = detail.get("step"), detail.get("said")
    return Permission(
        row.name,
        needed_for,
        row.result,
        message_from(step if isinstance(step, dict) else detail or None),
        message_from(said if isinstance(said, dict) else None),
    )


def known_endpoints() -> list[str]:
    """The REST endpoints Braze has, in order."""
    return sorted(REST_ORIGINS)
