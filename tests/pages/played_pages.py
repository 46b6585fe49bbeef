"""Pages opened over a home that has weeks of played history."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config as streamlit_config
from streamlit.testing.v1 import AppTest

from services.bootstrap import Console
from services.database import schema
from services.experiment.model import Status
from services.experiment.store import experiments

ROUTER = Path(__file__).parents[2] / "pages" / "shell" / "main.py"
RUN_LIMIT_S = 60

Opener = Callable[..., AppTest]


@contextmanager
def opened(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opener]:
    """A function that opens one page of the console over `home`."""
    monkeypatch.setenv("ANNEAL_HOME", str(home))
    monkeypatch.delenv("ANNEAL_ENDPOINT", raising=False)
    before = streamlit_config.get_option("server.address")
    streamlit_config.set_option("server.address", "127.0.0.1")
    st.cache_data.clear()
    st.cache_resource.clear()

    def open_page(key: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROUTER), default_timeout=RUN_LIMIT_S)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        app.switch_page(f"../{key}.py")
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    yield open_page
    streamlit_config.set_option("server.address", before)


def experiment_id(console: Console, status: Status) -> str:
    """The newest experiment that stands there."""
    return next(row.id for row in experiments(console.database) if row.status is status)


def let_the_worker_live(console: Console) -> None:
    """The worker has just said something."""
    now = time.time()
    with console.database.write() as connection:
        connection.execute(schema.heartbeats.delete())
        connection.execute(
            schema.heartbeats.insert().values(
                process="worker", pid=1, started_at=now, at=now, virtual_at=now
            )
        )
