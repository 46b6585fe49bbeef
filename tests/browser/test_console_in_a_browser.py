"""What only a real server and a real browser can show: the gate, the fonts, the frame."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pages.components.routes import ROUTES
from services.bootstrap import open_console
from services.experiment.store import create_draft
from services.experiment.use_cases import starting_document
from services.settings import load_settings

ROOT = Path(__file__).parents[2]
STILL = '[data-testid="stApp"][data-test-script-state="notRunning"]'
NAME = "Plan nobody outside may see"
SECRETS = """
[auth]
redirect_uri = "http://localhost:8501/oauth2callback"
cookie_secret = "made-up-for-this-test"
client_id = "console"
client_secret = "made-up-for-this-test"
server_metadata_url = "https://login.invalid/.well-known/openid-configuration"
"""
SETTLED_MS = 500  # the injected style is the last thing a run draws
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def home(tmp_path: Path) -> tuple[Path, str]:
    """A home with one draft."""
    place = tmp_path / "home"
    console = open_console(load_settings({}, home=place))
    document = starting_document("upsell") | {"name": NAME}
    draft = create_draft(console.database, console.clock, by="local", document=document)
    console.database.close()
    return place, draft


def drawn(page: Any, address: str) -> str:
    page.goto(address)
    page.wait_for_selector(STILL)
    page.wait_for_selector("h1")
    return str(page.inner_text("body"))


def test_a_deep_link_to_any_page_asks_for_the_login_first(
    page: Any, serve: Callable[..., str], home: tuple[Path, str]
) -> None:
    place, draft = home
    address = serve(place, secrets=SECRETS)
    for key in ROUTES:
        words = drawn(page, f"{address}/{key}?experiment={draft}")
        assert "Log in" in words, key
        assert NAME not in words, key
        assert page.locator('[data-testid="stTopNavLink"]').count() == 0, key


def test_fonts_are_served_and_used(
    page: Any, serve: Callable[..., str], home: tuple[Path, str]
) -> None:
    address = serve(home[0])
    faces = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]["fontFaces"]
    for face in faces:
        answer = page.request.get(f"{address}/{face['url']}")
        assert answer.status == 200, face["url"]
        assert answer.body()[:4] == b"wOF2"
    drawn(page, address)
    page.evaluate("document.fonts.ready")
    assert page.evaluate("document.fonts.check('16px Pretendard')")
    assert "Pretendard" in page.evaluate(
        "getComputedStyle(document.querySelector('h1')).fontFamily"
    )


def test_nothing_is_wider_than_a_phone(
    page: Any, serve: Callable[..., str], home: tuple[Path, str]
) -> None:
    place, draft = home
    address = serve(place)
    page.set_viewport_size(PHONE)
    for key in ("experiments", "connection", "audience", "metric", "options"):
        drawn(page, f"{address}/{key}?experiment={draft}")
        width = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollWidth")
        assert width <= PHONE["width"], key


def test_a_draft_survives_a_reload_and_the_back_button(
    page: Any, serve: Callable[..., str], home: tuple[Path, str]
) -> None:
    place, draft = home
    address = serve(place)
    drawn(page, f"{address}/metric?experiment={draft}")
    weeks = page.get_by_role("spinbutton", name="Planned length, weeks")
    weeks.fill("17")
    weeks.press("Enter")
    page.get_by_text("Draft 2, step 2 of 5").wait_for()
    page.reload()
    page.wait_for_selector(STILL)
    assert page.get_by_role("spinbutton", name="Planned length, weeks").input_value() == "17"
    page.get_by_role("link", name="3 Options").click()
    page.get_by_role("heading", name="What may vary?").wait_for()
    page.go_back()
    page.get_by_role("heading", name="What counts as success?").wait_for()
    assert page.get_by_role("spinbutton", name="Planned length, weeks").input_value() == "17"


def test_korean_is_announced_as_korean_and_breaks_between_words(
    chromium: Any, serve: Callable[..., str], home: tuple[Path, str]
) -> None:
    context = chromium.new_context(locale="ko-KR", color_scheme="dark")
    tab = context.new_page()
    words = drawn(tab, serve(home[0]))
    assert "활용 사례로 시작" in words
    tab.wait_for_function("document.documentElement.lang === 'ko'")
    rule = tab.evaluate("getComputedStyle(document.querySelector('h1')).wordBreak")
    assert rule == "keep-all"
    context.close()


def test_the_label_of_the_primary_button_is_dark_in_dark_mode(
    chromium: Any, serve: Callable[..., str], home: tuple[Path, str]
) -> None:
    address = serve(home[0])
    seen = {}
    for mode in ("light", "dark"):
        context = chromium.new_context(color_scheme=mode, locale="en-US")
        tab = context.new_page()
        drawn(tab, address)
        button = '[data-testid^="stBaseButton-primary"]'
        tab.wait_for_selector(button)
        tab.wait_for_timeout(SETTLED_MS)
        seen[mode] = tab.evaluate(f"getComputedStyle(document.querySelector('{button}')).color")
        context.close()
    assert seen == {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 19, 26)"}
