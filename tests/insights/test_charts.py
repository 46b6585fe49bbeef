"""Drawings say what they are asked to say: order, colour, words and days, in either language."""

from __future__ import annotations

import itertools
import math
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.insights.category_charts import effects, group_bars, in_group_order, waterfall
from services.insights.chart_style import Style, shorten, signed, spread
from services.insights.charts import Event, lift_band, sparkline
from services.insights.heat_map import cell_class, heat_map
from services.insights.power_chart import power_curve
from services.insights.series_chart import series_value, small_series
from services.insights.stacked_charts import messages_by_hour, option_shares, without_touching
from services.insights.tokens import DARK, GROUPS, LIGHT, Tokens, tokens
from services.messages import Message, msg

FIRST = date(2026, 10, 18)
NAME = msg("Lift over no message")
ZERO = msg("no message")


def looks(n_days: int = 30, *, low_start: float = -0.1) -> pd.DataFrame:
    days = [FIRST + timedelta(days=i) for i in range(n_days)]
    half = [0.12 / math.sqrt(i + 1) for i in range(n_days)]
    return pd.DataFrame(
        {
            "day": days,
            "estimate": [0.048] * n_days,
            "low": [0.048 - h for h in half],
            "high": [0.048 + h for h in half],
            "n": [20_000] * n_days,
        }
    )


def every_value(spec: object) -> list[object]:
    """All leaves of a chart's specification, data included."""
    if isinstance(spec, dict):
        return [leaf for value in spec.values() for leaf in every_value(value)]
    if isinstance(spec, list):
        return [leaf for value in spec for leaf in every_value(value)]
    return [spec]


def said(chart: object) -> str:
    return " | ".join(str(leaf) for leaf in every_value(chart.to_dict()))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_on_the_page_and_on_cells_can_be_read(colours: Tokens) -> None:
    pairs = [
        (colours.muted, colours.page),
        (colours.good_text, colours.page),
        (colours.look_text, colours.page),
        (colours.more_text, colours.page),
        (colours.fewer_text, colours.page),
        (colours.on_strong, colours.more),
        (colours.on_strong, colours.fewer),
        (colours.on_weak, colours.more_weak),
        (colours.on_weak, colours.fewer_weak),
        (colours.on_weak, colours.unclear),
    ]
    for text, ground in pairs:
        assert contrast(text, ground) >= 4.5, (text, ground)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_group_marks_stand_out_from_the_page(colours: Tokens) -> None:
    for group in GROUPS:
        assert contrast(colours.group(group), colours.page) >= 3.0


def test_an_unknown_theme_is_light() -> None:
    assert tokens(None) is LIGHT
    assert tokens("dark") is DARK


def test_days_are_written_in_the_readers_order() -> None:
    day = date(2026, 10, 29)
    assert Style(language="en").day(day) == "29 Oct"
    assert Style(language="ko").day(day) == "10월 29일"
    assert "%-m월 %-d일" in said(lift_band(looks(), Style(language="ko"), name=NAME, zero=ZERO))


@given(st.floats(-1e6, 1e6), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_signs_are_true_and_zero_has_none(number: float, digits: int) -> None:
    text = signed(number, digits, "en")
    assert "-" not in text
    shown = float(text.replace("\N{MINUS SIGN}", "-").replace("+", "").replace(",", ""))
    assert shown == pytest.approx(number, abs=0.5 * 10**-digits + 1e-6)
    assert (text[0] in "+\N{MINUS SIGN}") == (shown != 0)


def test_the_lift_band_says_its_last_value_zero_and_where_it_was_proved() -> None:
    chart = lift_band(
        looks(),
        Style(),
        name=NAME,
        zero=ZERO,
        events=[Event(FIRST + timedelta(days=4), "subject line 6 added")],
        proved_from=FIRST + timedelta(days=9),
    )
    words = said(chart)
    for expected in ("+4.8%", "no message", "proved from here", "subject line 6 added", "At least"):
        assert expected in words


def test_zero_is_well_inside_the_lift_axis_and_wild_first_days_do_not_lead() -> None:
    table = looks()
    table.loc[0, "high"] = 40.0
    spec = lift_band(table, Style(), name=NAME, zero=ZERO).to_dict()
    domain = spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert domain[0] < 0 < domain[1] < 0.3
    assert 0.3 < -domain[0] / domain[1] < 3


def test_an_interval_without_an_end_is_drawn_to_the_edge_and_said_so() -> None:
    table = looks()
    table.loc[0, "high"] = math.inf
    assert "not known" in said(lift_band(table, Style(), name=NAME, zero=ZERO))


def test_the_truth_is_drawn_only_when_given() -> None:
    truth = pd.DataFrame({"day": looks()["day"], "lift": 0.051})
    assert "True lift" not in said(lift_band(looks(), Style(), name=NAME, zero=ZERO))
    assert "True lift" in said(lift_band(looks(), Style(), name=NAME, zero=ZERO, truth=truth))


def test_a_sparkline_without_estimates_still_shows_the_band_around_zero() -> None:
    table = looks(8).assign(estimate=math.nan)
    spec = sparkline(table, Style()).to_dict()
    assert spec["height"] == 72
    assert len(spec["layer"]) == 3


@pytest.mark.parametrize(
    ("estimate", "low", "high", "clear", "expected"),
    [
        (0.12, 0.08, 0.16, True, "strong more"),
        (0.06, 0.01, 0.11, True, "more"),
        (-0.09, -0.14, -0.04, True, "strong fewer"),
        (-0.06, -0.11, -0.01, True, "fewer"),
        (0.12, 0.08, 0.16, False, "none"),
        (0.04, -0.01, 0.09, True, "none"),
    ],
)
def test_a_cell_has_colour_only_where_the_difference_is_clear(
    estimate: float, low: float, high: float, clear: bool, expected: str
) -> None:
    assert cell_class(estimate, low, high, clear=clear) == expected


def test_a_cell_that_waits_says_how_many_people_are_missing_and_no_number() -> None:
    cells = pd.DataFrame(
        {
            "segment": ["Over 3 years"] * 2,
            "option": ["No discount", "Free TV"],
            "estimate": [0.12, 0.9],
            "low": [0.08, 0.1],
            "high": [0.16, 2.0],
            "clear": [True, True],
            "missing": [0, 380],
        }
    )
    words = said(heat_map(cells, Style()))
    assert "not yet" in words
    assert "380 more people" in words
    assert "+90" not in words
    assert "+12" in words


def test_the_biggest_option_has_the_first_colour_and_the_sixth_is_among_others() -> None:
    names = [f"Option {i}" for i in range(7)]
    rows = [
        {"day": FIRST + timedelta(days=d), "option": name, "share": (i + 1) / 28}
        for d in range(5)
        for i, name in enumerate(names)
    ]
    spec = option_shares(pd.DataFrame(rows), Style()).to_dict()
    scale = spec["layer"][0]["encoding"]["color"]["scale"]
    assert scale["domain"] == [*reversed(names[2:]), "others"]
    assert scale["range"][0] == LIGHT.options[0]
    assert scale["range"][-1] == LIGHT.others


@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_labels_of_shares_never_touch(parts: list[float]) -> None:
    shares = sorted((p / sum(parts) for p in parts), reverse=True)
    edges = [1 - sum(shares[:i]) for i in range(len(shares))]
    middles = [edge - share / 2 for edge, share in zip(edges, shares, strict=True)]
    moved = without_touching(middles, 0.075)
    assert all(a - b >= 0.075 - 1e-9 for a, b in itertools.pairwise(moved))


def test_few_doubts_are_written_above_their_bar() -> None:
    hours = pd.DataFrame(
        {
            "hour": [12, 12, 13, 18],
            "state": ["accepted", "doubt", "accepted", "planned"],
            "n": [1_900, 12, 1_400, 1_200],
        }
    )
    assert "12 in doubt" in said(messages_by_hour(hours, Style(), now_hour=17.5))


def test_a_waterfall_ends_where_its_steps_lead() -> None:
    steps = pd.DataFrame({"label": ["Customer for 41 months", "Care ticket"], "value": [0.5, -0.4]})
    words = said(
        waterfall(steps, Style(), start=2.1, start_label="Average person", end_label="This choice")
    )
    for expected in ("2.1%", "+0.5", "\N{MINUS SIGN}0.4", "2.2%"):
        assert expected in words


def test_groups_come_in_their_order_with_share_and_count() -> None:
    groups = pd.DataFrame(
        {
            "group": ["holdout", "personalised"],
            "label": ["holdout", "personalised"],
            "share": [0.1, 0.8],
            "people": [18_291, None],
        }
    )
    spec = group_bars(in_group_order(groups), Style()).to_dict()
    assert spec["layer"][0]["encoding"]["y"]["sort"] == ["personalised", "holdout"]
    words = said(group_bars(groups, Style()))
    assert "10% · 18,291" in words
    assert "80%" in words


def test_the_power_curve_marks_the_first_week_that_proves_the_hope() -> None:
    weeks = pd.DataFrame({"week": range(2, 17), "smallest_lift": [0.2 / w for w in range(2, 17)]})
    assert "week 4" in said(power_curve(weeks, Style(), hope=0.05))
    assert "week 16" not in said(power_curve(weeks, Style(), hope=0.001))


def test_effects_are_sorted_and_long_names_shortened() -> None:
    rows = pd.DataFrame(
        {
            "label": ["Small", "A very long name of an option indeed"],
            "estimate": [0.01, 0.2],
            "low": [-0.1, 0.1],
            "high": [0.1, 0.3],
        }
    )
    spec = effects(rows, Style(), name=NAME).to_dict()
    order = spec["layer"][1]["encoding"]["y"]["sort"]
    assert order == [shorten("A very long name of an option indeed"), "Small"]
    assert all(len(label) <= 22 for label in order)


def test_a_small_series_keeps_its_unit() -> None:
    days = [FIRST + timedelta(days=i) for i in range(14)]
    series = pd.DataFrame({"day": days, "value": [0.0018 + i * 1e-5 for i in range(14)]})
    assert "0.18%" in said(small_series(series, Style(), unit="share"))
    assert series_value(12_342, "count", Style()) == "12,342"


def test_words_on_charts_are_those_of_the_readers_language() -> None:
    def say(message: Message) -> str:
        return "«" + str(message) + "»"

    words = said(lift_band(looks(), Style(say=say), name=NAME, zero=ZERO))
    assert "«no message»" in words
    assert "«Day»" in words


@given(st.integers(0, 400), st.integers(1, 8))
@settings(max_examples=30, deadline=None)
def test_axis_days_are_few_and_from_the_data(n_days: int, count: int) -> None:
    days = [FIRST + timedelta(days=i) for i in range(n_days)]
    chosen = spread(days, count)
    assert len(chosen) <= count
    gaps = {later - earlier for earlier, later in itertools.pairwise(chosen)}
    assert len(gaps) <= 1
    assert bool(chosen) is bool(days)
    assert set(chosen) <= set(days)
