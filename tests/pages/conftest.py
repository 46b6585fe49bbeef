"""A console over a small home, driven through the router as a browser would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from console_site import Site
from streamlit import config as streamlit_config
from streamlit.testing.v1 import AppTest

from services.bootstrap import open_console
from services.settings import load_settings

ROUTER = Path(__file__).parents[2] / "pages" / "shell" / "main.py"
RUN_LIMIT_S = 30


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    home = tmp_path / "home"
    monkeypatch.setenv("ANNEAL_HOME", str(home))
    monkeypatch.delenv("ANNEAL_ENDPOINT", raising=False)
    before = streamlit_config.get_option("server.address")
    streamlit_config.set_option("server.address", "127.0.0.1")
    st.cache_data.clear()
    st.cache_resource.clear()
    console = open_console(load_settings())

    def open_page(
        key: str = "experiments", *, secrets: dict[str, object] | None = None, **query: str
    ) -> AppTest:
        app = AppTest.from_file(str(ROUTER), default_timeout=RUN_LIMIT_S)
        for name, value in (secrets or {}).items():
            app.secrets[name] = value
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        if key != "experiments" and not secrets:
            app.switch_page(f"../{key}.py")
            for name, value in query.items():
                app.query_params[name] = value
            app.run()
        return app

    yield Site(home, console, open_page)
    streamlit_config.set_option("server.address", before)
    console.database.close()
