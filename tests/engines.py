"""The same test on SQLite and on PostgreSQL: `pytest.mark.usefixtures("both_engines")`.

Whatever asks for a temporary database then gets one of the engine's. Where no PostgreSQL can be
started, its half is skipped and says why.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.database.engine import Database
from tests import postgres

# For what is about the file of SQLite, or takes long and is about neither engine.
ON_SQLITE = pytest.mark.parametrize("both_engines", ["sqlite"], indirect=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def both_engines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The engine's name. Databases of the test are closed after it."""
    engine = str(request.param)
    if engine == "sqlite":
        yield engine
        return
    if why := postgres.why_none():
        pytest.skip(why)
    made: list[Database] = []

    def temporary(_path: object) -> Database:
        made.append(postgres.a_database())
        return made[-1]

    monkeypatch.setattr(Database, "temporary", temporary)
    yield engine
    for database in made:
        postgres.give_back(database)
