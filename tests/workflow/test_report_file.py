"""The report is one file that needs nothing else, says no more than the page, and hides nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from services.bootstrap import Console, open_console
from services.errors import ExperimentError
from services.insights.model import Card
from services.insights.tokens import LIGHT, Tokens
from services.settings import load_settings
from services.speech import Speech
from services.workflow.insights_view import insights
from services.workflow.takeaway.chart_colours import dark_rules, distinct_tokens
from services.workflow.takeaway.gathering import Report, gather, launched_experiment
from services.workflow.takeaway.html_report import html_report
from services.workflow.takeaway.tables import plain, written

VOID = {"meta", "link", "br", "img", "hr", "input"}
A_HAIR = 4  # steps of 256 in one channel: nobody sees them


class Page(HTMLParser):
    """Elements with their attributes, and whether every one of them is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="module")
def console(played: Path) -> Iterator[Console]:
    console = open_console(load_settings({}, home=played))
    yield console
    console.database.close()


@pytest.fixture(scope="module")
def gathered(console: Console) -> Report:
    return gather(console, launched_experiment(console, None))


@pytest.fixture(scope="module")
def page(gathered: Report) -> Page:
    return Page(html_report(gathered, Speech("en")))


def test_the_file_asks_for_nothing_from_anywhere(page: Page) -> None:
    assert not page.of("script") + page.of("link") + page.of("img") + page.of("iframe")
    for _tag, attrs in page.elements:
        for name, value in attrs.items():
            if name in ("src", "href", "xlink:href", "srcset", "data", "action"):
                assert (value or "").startswith("#"), (name, value)
    addresses = re.findall(r"url\(([^)]{0,20})", "".join(page.words))
    assert addresses
    assert all(address.startswith("data:") for address in addresses)
    policy = next(m for m in page.of("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in (policy["content"] or "")


def test_every_element_is_closed_and_every_id_counts_once(page: Page) -> None:
    assert page.open == []
    ids = Counter(attrs["id"] for _tag, attrs in page.elements if attrs.get("id"))
    assert [name for name, n in ids.items() if n > 1] == []


def test_every_picture_says_its_finding_and_has_its_numbers(page: Page, gathered: Report) -> None:
    drawn = [exhibit for exhibit in gathered.exhibits if exhibit.draw is not None]
    pictures = [svg for svg in page.of("svg") if svg.get("role") == "img"]
    assert len(pictures) == sum(1 if exhibit.wide else 2 for exhibit in drawn)
    assert all(svg["aria-label"] for svg in pictures)
    assert len(page.of("table")) == len(gathered.exhibits)
    assert len(page.of("figure")) == len(drawn)


def test_the_headline_is_that_of_the_primary_look(
    console: Console, gathered: Report, page: Page
) -> None:
    look = insights(console.lake, gathered.experiment).primary
    headline = gathered.chapters[0].finding
    assert look is not None
    assert isinstance(headline, Card) == look.shown
    if isinstance(headline, Card):
        assert headline.figures["low"] == look.low
        assert str(headline.sentence) in page.words


def test_every_finding_has_its_sheet_in_all_fields(gathered: Report) -> None:
    for chapter in gathered.chapters:
        if isinstance(chapter.finding, Card):
            sheet = chapter.finding.definition
            for name in ("window", "uniqueness", "attribution", "exclusions", "freshness", "n"):
                assert str(getattr(sheet, name)), chapter.finding.key


def test_korean_leaves_no_english_sentence(gathered: Report) -> None:
    korean = Page(html_report(replace(gathered, chapters=gathered.chapters[:1]), Speech("ko")))
    assert korean.of("html")[0]["lang"] == "ko"
    said = " ".join(word for word in korean.words if "@font-face" not in word)
    assert "효과가 있나요" in said
    assert not re.findall(r"\b(?:the|and|with|people|lift)\b", said)


def test_a_name_is_text_and_never_markup(gathered: Report) -> None:
    hostile = "<script>alert(1)</script> & \"'"
    named = replace(
        gathered,
        experiment=gathered.experiment.model_copy(update={"name": hostile}),
        chapters=(),
    )
    found = Page(html_report(named, Speech("en")))
    assert not found.of("script")
    assert hostile in "".join(found.words)


def test_told_as_of_a_day_it_knows_nothing_of_later_days(console: Console) -> None:
    row = launched_experiment(console, None)
    whole = gather(console, row)
    days = next(e for e in whole.exhibits if e.key == "lift").table["day"].tolist()
    until, since = days[-3], days[2]
    earlier = gather(console, row, since=since, until=until)
    shown = next(e for e in earlier.exhibits if e.key == "lift").table["day"].tolist()
    assert shown == days[2:-2]
    for exhibit in earlier.exhibits:
        if "day" in exhibit.table:
            assert max(exhibit.table["day"]) <= until
    with pytest.raises(ExperimentError, match="before it begins"):
        gather(console, row, since=until, until=until - timedelta(days=1))


def test_the_chosen_window_counts_what_the_rewards_count(
    console: Console, gathered: Report
) -> None:
    experiment = gathered.experiment
    windows = next(e for e in gathered.exhibits if e.key == "windows").table
    own = windows[windows["window"] == experiment.metric.window_days]
    rewards = console.lake.read("rewards", experiment.id)
    made = console.lake.read("decisions", experiment.id, columns=["decision_id", "grp", "person"])
    joined = rewards.join(made.drop_columns(["person"]), "decision_id", join_type="inner")
    last = pc.max(rewards["decision_day"]).as_py()
    for line in own.itertuples():
        of_group = joined.filter(pc.equal(joined["grp"], str(line.group)))
        total = pc.sum(of_group["value"]).as_py()
        weeks = ((last - gathered.first_day).days + 1) / 7
        assert line.mean == pytest.approx(100 * total / line.people / weeks, rel=0.02)
        assert line.low < line.mean < line.high


def test_a_table_is_written_for_people_and_kept_plain_for_programs(gathered: Report) -> None:
    lift = next(e for e in gathered.exhibits if e.key == "lift")
    people, programs = written(lift, Speech("en")), plain(lift, Speech("en"))
    assert people.headings == tuple(programs.columns)
    assert people.rows[0][1].endswith("%")
    assert programs["Lift"].iloc[0] == lift.table["estimate"].iloc[0]
    assert people.rows[0][0][0].isdigit()


def test_every_meaning_has_a_colour_of_its_own_that_looks_the_same() -> None:
    own = distinct_tokens()
    seen: list[str] = []
    for field in fields(Tokens):
        ours, light = getattr(own, field.name), getattr(LIGHT, field.name)
        pairs = zip(ours, light, strict=True) if isinstance(light, tuple) else [(ours, light)]
        for mine, wanted in pairs:
            seen.append(mine)
            gaps = np.subtract(*(list(bytes.fromhex(colour[1:])) for colour in (mine, wanted)))
            assert np.abs(gaps).max() <= A_HAIR
    assert len(seen) == len(set(seen))
    assert dark_rules("figure").count("{") == 2 * len(seen)
