"""Who may open the console, as what, and in which language they read.

Roles grow: a viewer reads, an editor sets up, an approver lets messages out, an admin does all.
Without a login there is one local person with every role; the console then answers on loopback
only, and reports say that nobody else looked at what was approved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from services.clock import Clock
from services.database.engine import Database
from services.database.schema import accounts
from services.errors import AccessError
from services.messages import msg

LOCAL_EMAIL = "local"


class Role(IntEnum):
    """What somebody may do; a higher role may all that a lower one may."""

    VIEWER = 1
    EDITOR = 2
    APPROVER = 3
    ADMIN = 4


@dataclass(frozen=True)
class Account:
    """A person at the console. `name` is empty for the local person: there is nobody else."""

    email: str
    name: str
    role: Role
    language: str | None = None

    @property
    def local(self) -> bool:
        """Whether this is the one person of an installation without a login."""
        return self.email == LOCAL_EMAIL

    def may(self, role: Role) -> bool:
        """Whether the person has at least `role`."""
        return self.role >= role


def local_account(database: Database) -> Account:
    """The one person of an installation without a login, with every role."""
    kept = find_account(database, LOCAL_EMAIL)
    return replace(kept or Account(LOCAL_EMAIL, "", Role.ADMIN), name="", role=Role.ADMIN)


def find_account(database: Database, email: str) -> Account | None:
    """The account of `email`, or None where nobody gave that person a role."""
    with database.read() as connection:
        row = connection.execute(
            accounts.select().where(accounts.c.email == email.lower())
        ).one_or_none()
    if row is None or row.role.upper() not in Role.__members__:
        return None
    return Account(row.email, row.name, Role[row.role.upper()], row.language)


def holders(database: Database, role: Role) -> list[Account]:
    """Everybody who has at least `role`, by name; the local person is not listed."""
    with database.read() as connection:
        rows = connection.execute(accounts.select().order_by(accounts.c.name)).all()
    people = [
        Account(row.email, row.name, Role[row.role.upper()], row.language)
        for row in rows
        if row.role.upper() in Role.__members__ and row.email != LOCAL_EMAIL
    ]
    return [person for person in people if person.may(role)]


def require(person: Account, role: Role) -> None:
    """Raises AccessError where `person` has less than `role`."""
    if not person.may(role):
        raise AccessError(
            msg("Your role does not allow this."),
            hint=msg("Ask somebody with the role {role}.", role=role.name.lower()),
        )


def keep_language(database: Database, clock: Clock, person: Account, language: str) -> None:
    """Remember the language somebody reads in."""
    with database.write() as connection:
        changed = connection.execute(
            accounts.update().where(accounts.c.email == person.email).values(language=language)
        )
        if changed.rowcount == 0:
            connection.execute(
                accounts.insert().values(
                    email=person.email,
                    name=person.name,
                    role=person.role.name.lower(),
                    language=language,
                    created_at=clock.now().timestamp(),
                )
            )
