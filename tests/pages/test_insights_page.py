"""Insights says no more than the looks allow, and each of its parts fails alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_site import Site, texts
from played_pages import Opener, experiment_id, opened

from services.bootstrap import Console
from services.experiment.model import Group, Status
from services.experiment.store import load_version
from services.insights.series import multiples
from services.workflow.braze_view import braze_numbers, last_days
from services.workflow.choices_view import shares_of, varied
from services.workflow.insights_view import insights, read_looks
from services.workflow.trust_view import trust


@pytest.fixture
def open_page(
    played_home: Path, played_console: Console, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Opener]:
    with opened(played_home, monkeypatch) as open_page:
        yield open_page


def test_before_the_first_start_there_is_nothing_to_read(site: Site) -> None:
    assert "Nothing is under way yet" in texts(site.open("insights"))


def test_the_page_opens_with_what_the_primary_look_allows(
    open_page: Opener, played_console: Console
) -> None:
    app = open_page("insights")
    assert not app.exception
    id = experiment_id(played_console, Status.RUNNING)
    seen = insights(played_console.lake, load_version(played_console.database, id))
    said = texts(app)
    first = app.header[0].value
    assert seen.primary is not None
    match seen.primary.verdict:
        case "better":
            assert f"brought {100 * (seen.primary.estimate or 0):.1f}% more" in first
        case "worse":
            assert "fewer" in first
        case "undecided":
            assert first.startswith("No clear difference yet")
        case _:
            assert first.startswith("It is too early to tell")
    for question in (
        "Does it work, and since when?",
        "What works for whom?",
        "What does Anneal choose?",
        "What does Braze say?",
        "How are the messages doing?",
        "Can you trust it?",
    ):
        assert question in said
    assert "None" not in said
    assert "nan" not in said.lower().split()


def test_no_number_is_shown_before_the_look_shows_it(played_console: Console) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    for look in read_looks(played_console.lake, id):
        if look.day_number < 7:
            assert look.estimate is None
            assert look.verdict == "not_yet"
    band = insights(played_console.lake, load_version(played_console.database, id)).band
    assert band["estimate"].notna().all()


def test_a_total_is_the_difference_per_person_times_the_people(played_console: Console) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    seen = insights(played_console.lake, load_version(played_console.database, id))
    extra = seen.extra
    if seen.primary is None or seen.primary.absolute is None:
        assert extra is None
    else:
        assert extra is not None
        assert extra.value == pytest.approx(seen.primary.absolute * seen.primary.n[0])
        assert extra.low <= extra.value <= extra.high


def test_shares_of_a_day_add_up_to_one(played_console: Console) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    experiment = load_version(played_console.database, id)
    for dimension in varied(experiment):
        table = shares_of(played_console.lake, experiment, dimension, days=None)
        assert table.groupby("day")["share"].sum().round(9).eq(1.0).all()
        shorter = shares_of(played_console.lake, experiment, dimension, days=7)
        assert shorter["day"].nunique() <= 7


def test_sent_of_braze_is_what_anneal_handed_over(played_console: Console) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    experiment = load_version(played_console.database, id)
    numbers = braze_numbers(
        played_console.database, played_console.lake, experiment, first_day=None
    )
    assert numbers is not None
    sent = next(line for line in numbers.lines if line.key == "sent")
    assert sent.braze is not None
    assert sent.anneal is not None
    assert sent.braze <= sent.anneal  # the newest day may not be counted yet
    assert sent.braze > 0.8 * sent.anneal
    assert len(last_days(numbers.series, 7)["day"].unique()) <= 7


def test_every_rate_of_braze_says_what_it_is_a_share_of(
    open_page: Opener, played_console: Console
) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    experiment = load_version(played_console.database, id)
    numbers = braze_numbers(
        played_console.database, played_console.lake, experiment, first_day=None
    )
    assert numbers is not None
    rates = [multiple for multiple in multiples(numbers.series) if multiple.unit == "share"]
    assert rates
    assert all(multiple.frame["value"].between(0, 1).all() for multiple in rates)
    captions = [caption.value for caption in open_page("insights").caption]
    assert any(words.startswith("Of delivered emails") for words in captions)


def test_the_groups_are_compared_with_the_draw(played_console: Console) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    found = trust(played_console.database, load_version(played_console.database, id))
    assert found is not None
    assert {line.group for line in found.lines} >= {Group.PERSONALISED, Group.HOLDOUT}
    assert sum(line.seen for line in found.lines) == pytest.approx(
        sum(line.expected for line in found.lines)
    )


def test_a_part_whose_facts_are_gone_says_so_and_the_others_stay(
    open_page: Opener, played_console: Console
) -> None:
    shutil.rmtree(played_console.home / "facts" / "series")
    app = open_page("insights")
    assert not app.exception
    said = texts(app)
    assert "cannot be read" in said
    assert "Can you trust it?" in said
    assert "Does it work, and since when?" in said


def test_facts_of_the_looks_gone_leaves_brazes_numbers_standing(
    open_page: Opener, played_console: Console
) -> None:
    shutil.rmtree(played_console.home / "facts" / "looks")
    app = open_page("insights")
    assert not app.exception
    said = texts(app)
    assert "cannot be read" in said
    assert "What does Braze say?" in said
