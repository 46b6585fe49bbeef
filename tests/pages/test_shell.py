"""Who gets in, what the frame of every page says, and in which language."""

from __future__ import annotations

import pytest
from console_site import Site, texts
from streamlit import config as streamlit_config

from pages.components import injected
from pages.components.routes import ROUTES
from services.database import schema
from services.workflow.accounts import Role, find_account, keep_language, local_account

LOGIN = {
    "auth": {
        "redirect_uri": "http://localhost:8501/oauth2callback",
        "cookie_secret": "not-a-secret-of-anybody",
        "client_id": "console",
        "client_secret": "not-a-secret-of-anybody",
        "server_metadata_url": "https://login.invalid/.well-known/openid-configuration",
    }
}


def test_without_a_login_the_local_person_sees_the_experiments(site: Site) -> None:
    app = site.open()
    assert not app.exception
    assert app.title[0].value == "Experiments"


def test_with_a_login_nobody_sees_anything_before_logging_in(site: Site) -> None:
    site.draft(name="Secret plan")
    app = site.open(secrets=LOGIN)
    assert not app.exception
    assert [button.label for button in app.button] == ["Log in"]
    assert "Secret plan" not in texts(app)


def test_an_open_network_address_without_a_login_shows_nothing(site: Site) -> None:
    streamlit_config.set_option("server.address", "0.0.0.0")
    app = site.open()
    assert not app.title
    assert "open to the network without a login" in texts(app)


def test_a_home_that_cannot_be_opened_is_a_sentence_and_not_a_traceback(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    blocked = site.home / "file"
    blocked.write_text("")
    monkeypatch.setenv("ANNEAL_HOME", str(blocked))
    app = site.open()
    assert not app.exception
    assert "cannot write to its home" in texts(app)


def test_the_chosen_language_is_used_at_once_and_kept_with_the_person(site: Site) -> None:
    app = site.open()
    app.get("segmented_control")[0].set_value("ko").run()
    assert app.title[0].value == "실험"
    assert local_account(site.console.database).language == "ko"
    again = site.open()
    assert again.title[0].value == "실험"


def test_the_page_says_its_language_to_screen_readers(site: Site) -> None:
    app = site.open()
    assert any('lang="en"' in str(element.proto.body) for element in app.html)
    app.get("segmented_control")[0].set_value("ko").run()
    drawn = " ".join(str(element.proto.body) for element in app.html)
    assert 'lang="ko"' in drawn
    assert injected.KEEP_WORDS in drawn


def test_primary_buttons_keep_a_readable_label_in_both_modes(site: Site) -> None:
    drawn = " ".join(str(element.proto.body) for element in site.open().html)
    assert injected.PRIMARY_INK in drawn


@pytest.mark.parametrize("key", sorted(ROUTES))
def test_every_page_opens_in_an_empty_home(site: Site, key: str) -> None:
    if not ROUTES[key].file.exists():
        pytest.skip("this page is not installed")
    app = site.open(key)
    assert not app.exception
    assert "This page cannot be shown" not in texts(app)
    assert len(app.title) == 1, "a page has one heading of the first level, empty or not"


def test_a_role_grows_and_a_person_without_one_is_nobody(site: Site) -> None:
    database = site.console.database
    with database.write() as connection:
        connection.execute(
            schema.accounts.insert().values(
                email="ada@example.com", name="Ada", role="editor", created_at=0.0
            )
        )
    editor = find_account(database, "Ada@Example.com")
    assert editor is not None
    assert editor.may(Role.VIEWER)
    assert not editor.may(Role.APPROVER)
    assert find_account(database, "eve@example.com") is None
    keep_language(database, site.console.clock, editor, "ko")
    changed = find_account(database, "ada@example.com")
    assert changed is not None
    assert changed.language == "ko"
    assert changed.role is Role.EDITOR
