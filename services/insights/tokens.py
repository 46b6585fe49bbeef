"""Colours of charts, light and dark, and what each of them means.

One set of names for the console and for the report; the console picks the set by the reader's
theme, the report always takes `LIGHT`. Meanings never change place: personalised is indigo
everywhere, and good, look and act are never the colour of a series.
"""

from __future__ import annotations

from dataclasses import dataclass

GROUPS = ("personalised", "random", "usual", "holdout")
"""Order of the groups in every chart and table."""

GROUP_DASHES: dict[str, list[int]] = {
    "personalised": [1, 0],
    "random": [6, 3],
    "usual": [2, 2],
    "holdout": [1, 3],
}
"""Dash of each group's line: personalised and usual look alike to some eyes by hue alone."""

MAX_OPTION_COLOURS = 5


@dataclass(frozen=True)
class Tokens:
    """One colour for each meaning, as `#RRGGBB`.

    `options` are the colours of a dimension's options, biggest first; more than five options are
    drawn as "others". `more` and `fewer` are the two directions of an effect, strong and weak.
    """

    page: str
    ink: str
    muted: str
    grid: str
    personalised: str
    random: str
    usual: str
    holdout: str
    more: str
    more_weak: str
    more_text: str
    fewer: str
    fewer_weak: str
    fewer_text: str
    on_strong: str
    on_weak: str
    unclear: str
    total: str
    good: str
    good_text: str
    look: str
    look_text: str
    act: str
    options: tuple[str, ...]
    others: str

    def group(self, group: str) -> str:
        """Colour of one of the four groups."""
        return {
            "personalised": self.personalised,
            "random": self.random,
            "usual": self.usual,
            "holdout": self.holdout,
        }[group]


LIGHT = Tokens(
    page="#FFFFFF",
    ink="#101828",
    muted="#4F5968",
    grid="#E6EAF0",
    personalised="#3549D6",
    random="#C2700A",
    usual="#4F5968",
    holdout="#8A94A3",
    more="#3D50D8",
    more_weak="#B9C4F8",
    more_text="#3040B8",
    fewer="#A85B00",
    fewer_weak="#F0BF88",
    fewer_text="#8F4A00",
    on_strong="#FFFFFF",
    on_weak="#101828",
    unclear="#F4F6F9",
    total="#C9D0DB",
    good="#0A7D73",
    good_text="#08655D",
    look="#B25E00",
    look_text="#8F4A00",
    act="#B4123F",
    options=("#3549D6", "#9FAEF5", "#E3B071", "#B3689F", "#12877E"),
    others="#C9D0DB",
)

DARK = Tokens(
    page="#10131A",
    ink="#E6EAF1",
    muted="#AEB7C5",
    grid="#262C38",
    personalised="#93A3FF",
    random="#F0AC4E",
    usual="#C2CAD6",
    holdout="#7C8797",
    more="#7183DD",
    more_weak="#303C74",
    more_text="#B3BEFF",
    fewer="#D6963F",
    fewer_weak="#6E4A1C",
    fewer_text="#F5BE73",
    on_strong="#10131A",
    on_weak="#E6EAF1",
    unclear="#1A1F29",
    total="#3A4352",
    good="#4CC9B8",
    good_text="#6BD9CA",
    look="#F0AC4E",
    look_text="#F5BE73",
    act="#FF7D95",
    options=("#93A3FF", "#4C5CAD", "#C28A3E", "#8C5680", "#4CC9B8"),
    others="#3A4352",
)


def tokens(theme: str | None) -> Tokens:
    """The set for a theme's type, `"light"` or `"dark"`; anything else is light."""
    return DARK if theme == "dark" else LIGHT
