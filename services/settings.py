"""Where Anneal lives and what it may talk to: from the environment, or files in its home.

ANNEAL_HOME           the one directory with everything (default: ~/.anneal), mode 0700
ANNEAL_ENDPOINT       REST endpoint of the Braze instance
ANNEAL_KEY            REST API key; ANNEAL_READ_KEY and ANNEAL_SEND_KEY where two keys are used
ANNEAL_DATABASE       SQLAlchemy URL of the state database (default: SQLite in the home)
ANNEAL_FACTS          folder or fsspec URL of the facts (default: `facts` in the home)
ANNEAL_EXPORT_ORIGINS where segment exports may be fetched from, https origins with commas between

Endpoint and keys may also stand in `connection.json` in the home, mode 0600, as `anneal connect`
and the Connection page write it. The console is opened without keys: only the worker reads them.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from services.errors import SetupError
from services.messages import msg

CONNECTION_FILE = "connection.json"
SANDBOX_FOLDER = "sandbox"
OWNER_ONLY_FOLDER = 0o700
OWNER_ONLY_FILE = 0o600


@dataclass(frozen=True)
class Settings:
    """Everything that differs between two installations. Keys show as ********** everywhere."""

    home: Path
    endpoint: str
    read_key: SecretStr | None
    send_key: SecretStr | None
    database_url: str
    facts_url: str
    sandbox: bool
    export_origins: tuple[str, ...] = ()


def load_settings(
    environment: Mapping[str, str] | None = None,
    *,
    home: Path | None = None,
    with_keys: bool = False,
) -> Settings:
    """Read the settings; keys only where `with_keys` is given, which the worker alone does.

    Raises SetupError where the home cannot be used or a file with keys is readable by others.
    """
    values = os.environ if environment is None else environment
    place = home or Path(values.get("ANNEAL_HOME", "~/.anneal")).expanduser()
    prepare_home(place)
    written = _connection_file(place)
    one_key = values.get("ANNEAL_KEY") or written.get("key")
    read_key = values.get("ANNEAL_READ_KEY") or written.get("read_key") or one_key
    send_key = values.get("ANNEAL_SEND_KEY") or written.get("send_key") or one_key
    return Settings(
        home=place,
        endpoint=values.get("ANNEAL_ENDPOINT") or str(written.get("endpoint", "")),
        read_key=SecretStr(read_key) if with_keys and read_key else None,
        send_key=SecretStr(send_key) if with_keys and send_key else None,
        database_url=values.get("ANNEAL_DATABASE") or f"sqlite:///{place / 'anneal.sqlite'}",
        facts_url=values.get("ANNEAL_FACTS") or str(place / "facts"),
        sandbox=bool(written.get("sandbox", False)),
        export_origins=_origins(
            values.get("ANNEAL_EXPORT_ORIGINS") or str(written.get("export_origins", ""))
        ),
    )


def prepare_home(home: Path) -> None:
    """Make the home, closed to others. Raises SetupError where that cannot be done."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
        home.chmod(OWNER_ONLY_FOLDER)
        probe = home / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as problem:
        raise SetupError(
            msg(
                "Anneal cannot write to its home {home}: {why}.",
                home=home,
                why=problem.strerror or "",
            ),
            hint=msg("Give yourself write access to that folder, or set ANNEAL_HOME to another."),
        ) from problem


def write_connection(
    home: Path,
    *,
    endpoint: str,
    key: SecretStr | None,
    sandbox: bool = False,
    export_origins: tuple[str, ...] = (),
) -> Path:
    """Write endpoint and key to the home, readable by the owner only. Returns the file."""
    prepare_home(home)
    path = home / CONNECTION_FILE
    content: dict[str, object] = {
        "endpoint": endpoint,
        "sandbox": sandbox,
        "export_origins": ",".join(export_origins),
    }
    if key is not None:
        content["key"] = key.get_secret_value()
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY_FILE)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(content, out)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    return path


def _origins(text: str) -> tuple[str, ...]:
    return tuple(origin.strip().rstrip("/") for origin in text.split(",") if origin.strip())


def _connection_file(home: Path) -> dict[str, str]:
    path = home / CONNECTION_FILE
    if not path.exists():
        return {}
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SetupError(
            msg("{path} holds a key and other users of this machine can read it.", path=path),
            hint=msg("Close it with: chmod 600 {path}. Then make a new key in Braze.", path=path),
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise SetupError(
            msg("{path} cannot be read.", path=path),
            hint=msg("Write it anew with: anneal connect."),
        ) from problem
    return content if isinstance(content, dict) else {}
