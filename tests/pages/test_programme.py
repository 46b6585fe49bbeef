"""The programme tells of all experiments what their own pages tell, and of each alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_site import Site, texts
from played_pages import Opener, experiment_id, opened

from services.bootstrap import Console
from services.experiment.model import Status
from services.experiment.store import load_version
from services.insights.model import Card
from services.workflow.insights_view import insights
from services.workflow.programme_view import programme


@pytest.fixture
def open_page(
    played_home: Path, played_console: Console, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Opener]:
    with opened(played_home, monkeypatch) as open_page:
        yield open_page


def test_it_tells_the_headline_of_each_experiments_own_page(played_console: Console) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    (line,) = [line for line in programme(played_console) if line.row.id == id]
    look = insights(played_console.lake, load_version(played_console.database, id)).primary
    assert look is not None
    assert line.look == look
    assert isinstance(line.lift, Card) == look.shown
    assert line.n_people > 0


def test_the_view_stands_in_the_address_and_shows_everything_once(
    open_page: Opener, played_console: Console
) -> None:
    app = open_page("experiments", view="programme")
    assert not app.exception
    said = texts(app)
    assert "What was learnt so far" in said
    assert "Start from a use case" not in said
    assert "1 experiment" in app.header[0].value
    assert app.button(key=f"programme.open.{experiment_id(played_console, Status.RUNNING)}")
    assert "None" not in said
    other = open_page("experiments")
    assert "What was learnt so far" not in texts(other)
    assert "Start from a use case" in texts(other)


def test_an_experiment_whose_facts_are_gone_says_so_alone(
    open_page: Opener, played_console: Console
) -> None:
    shutil.rmtree(played_console.home / "facts" / "looks")
    (line,) = programme(played_console)
    assert line.problem is not None
    assert line.lift is None
    app = open_page("experiments", view="programme")
    assert not app.exception
    assert "cannot be read" in texts(app)


def test_before_the_first_start_there_is_no_programme(site: Site) -> None:
    assert programme(site.console) == ()
    app = site.open("experiments", view="programme")
    assert not app.exception
    assert "No experiments yet" in texts(app)
