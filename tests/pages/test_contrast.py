"""Text can be read: contrast of each pair of colours of the theme, light and dark."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

CONFIG = Path(__file__).parents[2] / ".streamlit" / "config.toml"
TEXT_AT_LEAST = 4.5  # WCAG 2.2, 1.4.3
MARK_AT_LEAST = 3.0  # WCAG 2.2, 1.4.11
CAPTION_OPACITY = 0.6  # how Streamlit draws captions
NAMES = ("green", "orange", "yellow", "red", "blue", "violet", "gray")


def theme(mode: str) -> dict[str, str]:
    return dict(tomllib.loads(CONFIG.read_text())["theme"][mode])


def channels(colour: str) -> list[float]:
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def contrast(one: list[float], other: list[float]) -> float:
    def luminance(rgb: list[float]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
class TestTheTheme:
    def test_text_links_and_captions_can_be_read(self, mode: str) -> None:
        colours = theme(mode)
        page, ink = channels(colours["backgroundColor"]), channels(colours["textColor"])
        caption = [
            CAPTION_OPACITY * i + (1 - CAPTION_OPACITY) * p for i, p in zip(ink, page, strict=True)
        ]
        for text in (ink, caption, channels(colours["linkColor"])):
            assert contrast(text, page) >= TEXT_AT_LEAST
        header = channels(colours["dataframeHeaderTextColor"])
        assert contrast(header, channels(colours["dataframeHeaderBackgroundColor"])) >= 4.5

    @pytest.mark.parametrize("name", NAMES)
    def test_badges_can_be_read(self, mode: str, name: str) -> None:
        colours = theme(mode)
        text = channels(colours[f"{name}TextColor"])
        assert contrast(text, channels(colours[f"{name}BackgroundColor"])) >= TEXT_AT_LEAST
        assert contrast(text, channels(colours["backgroundColor"])) >= TEXT_AT_LEAST

    def test_lines_of_the_four_groups_stand_out(self, mode: str) -> None:
        colours = theme(mode)
        page = channels(colours["backgroundColor"])
        for line in colours["chartCategoricalColors"][:4]:
            assert contrast(channels(line), page) >= MARK_AT_LEAST

    def test_the_label_of_a_primary_button_can_be_read(self, mode: str) -> None:
        ink = "#FFFFFF" if mode == "light" else "#10131A"  # the first injected line
        assert contrast(channels(ink), channels(theme(mode)["primaryColor"])) >= TEXT_AT_LEAST
