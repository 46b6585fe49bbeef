"""The mark of an installation, kept beside the database: the newest batch that went out from here.

A restored database knows less than the mark, another database has another epoch, and a copied
home has a mark that was made elsewhere. One file lies in the home; a second one may lie outside it,
where no backup of the home puts it back.

A file holds two slots of `SLOT_BYTES`, written in turn and synced, each with a checksum: a power
cut can spoil the one being written, never both. It is rewritten in place, so its inode tells a
copy.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from services.errors import SetupError
from services.messages import msg

SLOT_BYTES = 512  # one sector: written whole or not at all on common disks
MARK_FILE = "installation.mark"
OWNER_ONLY = 0o600
MACHINE_ID = Path("/etc/machine-id")
VARIABLE = "ANNEAL_MARKS"  # folder of the second mark, for machines that forget their home folder


@dataclass(frozen=True)
class Mark:
    """What is remembered beside the database.

    `batch` is the newest batch known to be claimed (0 = none) and `batch_at` its claim, epoch
    seconds. `place` is where the file was made (see `place_of`); `turn` counts the writes.
    """

    epoch: str
    batch: int = 0
    batch_at: float = 0.0
    place: str = ""
    turn: int = 0


class Spoilt(Exception):
    """There is a mark, and neither of its slots can be read."""


@dataclass(frozen=True)
class MarkFile:
    """One file with a mark. `bound` marks must stay where they were made."""

    path: Path
    bound: bool = False

    def read(self) -> Mark | None:
        """The newer valid slot; None where nothing was ever written. Raises Spoilt, SetupError."""
        try:
            with self.path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)  # another worker may be writing
                content = file.read()
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise _unusable(self.path) from problem
        if not content:
            return None  # made, and not written yet
        found = [m for m in map(_parsed, _slots(content)) if m is not None]
        if not found:
            raise Spoilt
        return max(found, key=lambda mark: mark.turn)

    def advance(self, mark: Mark) -> None:
        """Write the mark unless the file knows of a later batch of the same epoch already."""
        with self._locked() as handle:
            old = _newest(handle)
            if old is not None and old.epoch == mark.epoch and old.batch > mark.batch:
                return
            self._put(handle, mark, old)

    def renew(self, mark: Mark) -> None:
        """Write the mark whatever stood there: a person has reconciled."""
        with self._locked() as handle:
            self._put(handle, mark, _newest(handle))

    def is_copy(self, mark: Mark) -> bool:
        """Whether the file was made in another place than it lies in now."""
        return self.bound and mark.place != place_of(self.path)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
        except OSError as problem:
            raise _unusable(self.path) from problem
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        except OSError as problem:
            raise _unusable(self.path) from problem
        finally:
            os.close(handle)

    def _put(self, handle: int, mark: Mark, old: Mark | None) -> None:
        turn = 1 if old is None else old.turn + 1
        written = replace(mark, turn=turn, place=place_of(self.path))
        os.pwrite(handle, _as_slot(written), (turn % 2) * SLOT_BYTES)
        os.fsync(handle)


def beside_home(environment: Mapping[str, str] | None = None) -> Path:
    """The folder outside every home in which the second mark lies."""
    values = os.environ if environment is None else environment
    if values.get(VARIABLE):
        return Path(values[VARIABLE]).expanduser()
    state = values.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "anneal"


def place_of(path: Path) -> str:
    """Where a file lies: the machine, where it says its id, and the file's own inode.

    A rename keeps it; a copy, a restored backup and another machine do not.
    """
    try:
        machine = MACHINE_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        machine = ""  # containers have none
    return hashlib.sha256(f"{machine}:{path.stat().st_ino}".encode()).hexdigest()[:32]


def _newest(handle: int) -> Mark | None:
    found = [_parsed(s) for s in _slots(os.pread(handle, 2 * SLOT_BYTES, 0))]
    return max((m for m in found if m is not None), key=lambda m: m.turn, default=None)


def _slots(content: bytes) -> tuple[bytes, bytes]:
    return content[:SLOT_BYTES], content[SLOT_BYTES : 2 * SLOT_BYTES]


def _as_slot(mark: Mark) -> bytes:
    text = json.dumps(asdict(mark), sort_keys=True, separators=(",", ":"))
    sealed = f"{hashlib.sha256(text.encode()).hexdigest()} {text}".encode()
    if len(sealed) >= SLOT_BYTES:
        raise SetupError(msg("The mark of this installation does not fit its file."))
    return sealed.ljust(SLOT_BYTES - 1) + b"\n"


def _parsed(slot: bytes) -> Mark | None:
    seal, _, text = slot.decode(errors="replace").strip().partition(" ")
    if not text or hashlib.sha256(text.encode()).hexdigest() != seal:
        return None
    try:
        return Mark(**json.loads(text))
    except (TypeError, ValueError):
        return None


def _unusable(path: Path) -> SetupError:
    return SetupError(
        msg("The file {name} cannot be used.", name=path.name),
        hint=msg("Nothing was sent. Check who may write to its folder."),
    )
