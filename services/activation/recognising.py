"""Is this database the one that sent last, here? If not, nothing goes out until reconciled.

A database restored from a backup does not know what was sent since, and would send it again; so
would a second installation with the same key (RELIABILITY 0.8 and 2.9).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from services.activation.marks import MARK_FILE, Mark, MarkFile, Spoilt
from services.activation.pausing import ITSELF
from services.activation.second_life.store import claimed_at, life_of
from services.activation.switches import store as switches
from services.clock import Clock
from services.database.engine import Database
from services.experiment.audit.store import record
from services.messages import Message, msg

KEEP_EVERY_S = 1.0  # real seconds between two writes of the mark while batches go out


class Difference(StrEnum):
    """In what way database and mark do not belong together."""

    BEHIND = "behind"
    ANOTHER = "another"
    UNMARKED = "unmarked"
    COPIED = "copied"
    TAKEN = "taken"
    SPOILT = "spoilt"

    @property
    def what(self) -> Message:
        """The sentence a person reads."""
        return _WORDS[self]

    @property
    def may_be_moved(self) -> bool:
        """Whether it is explained by a home that moved with nothing lost."""
        return self in (Difference.UNMARKED, Difference.COPIED)


_WORDS = {
    Difference.BEHIND: msg(
        "The database is older than the last message sent from here, as after restoring a backup."
    ),
    Difference.ANOTHER: msg("The database is not the one that sent from here last."),
    Difference.UNMARKED: msg("This database has sent messages, but never from this home."),
    Difference.COPIED: msg("This home is a copy, or has moved to another machine."),
    Difference.TAKEN: msg("Another installation on this machine sends to this Braze workspace."),
    Difference.SPOILT: msg("The mark that tells which messages went out cannot be read."),
}


@dataclass(frozen=True)
class Marks:
    """The files beside the database: in the home, and, where given, outside it."""

    inside: MarkFile
    outside: MarkFile | None = None

    @property
    def files(self) -> tuple[MarkFile, ...]:
        """Those that are kept."""
        return (self.inside,) if self.outside is None else (self.inside, self.outside)


def marks_of(home: Path, workspace: str, beside: Path | None = None) -> Marks:
    """Where the marks lie. With a folder `beside` the home, copies and second homes are noticed."""
    outside = None if beside is None else MarkFile(beside / f"{workspace}.mark")
    return Marks(MarkFile(home / MARK_FILE, bound=beside is not None), outside)


def recognise(database: Database, marks: Marks) -> Difference | None:
    """What is wrong with this database here; None where it is the one that sent last, or new.

    Raises SetupError where a mark cannot be read at all.
    """
    life = life_of(database)
    try:
        inside = marks.inside.read()
        outside = None if marks.outside is None else marks.outside.read()
    except Spoilt:
        return Difference.SPOILT
    if outside is not None and outside.epoch != life.epoch:
        known_here = inside is not None and inside.epoch == outside.epoch
        return Difference.ANOTHER if known_here else Difference.TAKEN
    if inside is None:
        return Difference.UNMARKED if life.batch else None
    if inside.epoch != life.epoch:
        return Difference.ANOTHER
    if any(_is_behind(database, m) for m in (inside, outside) if m is not None):
        return Difference.BEHIND
    if marks.inside.is_copy(inside):
        return Difference.COPIED
    return None


def hold_all(database: Database, clock: Clock, found: Difference) -> None:
    """Pause everything because of it, once; a pause that stands for another reason stays."""
    now = clock.now().timestamp()
    reason = str(found.what)
    with database.write() as connection:
        standing = switches.pauses(connection, (switches.EVERYTHING,))
        if standing:
            return
        switches.set_pause(
            connection,
            switches.EVERYTHING,
            True,
            by=ITSELF,
            reason=reason,
            at=now,
            automatic=True,
        )
        record(connection, clock, ITSELF, "sending.stopped", "*", {"reason": reason})


@dataclass
class Keeper:
    """Keeps the marks up with the batches, at most once a second of real time."""

    database: Database
    marks: Marks
    _kept_at: float = field(default=float("-inf"), init=False)

    def keep(self) -> None:
        """Note the newest batch, where the last note is old enough."""
        now = time.monotonic()
        if now - self._kept_at < KEEP_EVERY_S:
            return
        self._kept_at = now
        self.keep_newest()

    def keep_newest(self) -> None:
        """Note the newest batch of the database. Raises SetupError where that cannot be done."""
        life = life_of(self.database)
        mark = Mark(life.epoch, life.batch, life.batch_at)
        for file in self.marks.files:
            file.advance(mark)


def _is_behind(database: Database, mark: Mark) -> bool:
    # No such batch: an older copy. The same number at another time: the two histories had parted.
    return mark.batch > 0 and claimed_at(database, mark.batch) != mark.batch_at
