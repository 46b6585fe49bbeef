"""What is taken away from Insights: a link that opens the same view, and files that are whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from console_site import texts
from played_pages import Opener, experiment_id, opened

from pages.components import what_if_parts
from services.bootstrap import Console
from services.experiment.model import Status
from services.experiment.store import load_version
from services.insights.chart_files import png, svg
from services.insights.chart_style import Style
from services.workflow.choices_view import varied
from services.workflow.takeaway.gathering import gather, launched_experiment


@pytest.fixture
def open_page(
    played_home: Path, played_console: Console, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Opener]:
    with opened(played_home, monkeypatch) as open_page:
        yield open_page


def test_a_link_opens_the_page_with_its_filters(open_page: Opener, played_console: Console) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    last = varied(load_version(played_console.database, id))[-1].key
    app = open_page("insights", experiment=id, days="7", heat=last, shares=last)
    assert not app.exception
    assert app.session_state["insights.window"] == 7
    assert app.session_state["insights.heat.dimension"] == last
    assert app.session_state["insights.shares.dimension"] == last


def test_a_filter_that_does_not_exist_is_left_out_of_the_address(open_page: Opener) -> None:
    app = open_page("insights", days="9999", heat="<script>")
    assert not app.exception
    assert app.session_state["insights.window"] == 0
    assert "days" not in app.query_params
    assert "heat" not in app.query_params


def test_what_is_chosen_stands_in_the_address(open_page: Opener) -> None:
    app = open_page("insights")
    app.segmented_control(key="insights.window").set_value(28).run()
    assert "".join(app.query_params["days"]) == "28"


def test_the_dialog_offers_the_report_every_picture_and_the_link(
    open_page: Opener, played_console: Console
) -> None:
    app = open_page("insights", days="7")
    app.button(key="insights.take_away").click().run()
    assert not app.exception
    choices = app.selectbox(key="insights.take_away.one").options
    assert "Lift by day" in choices
    assert len(choices) == len(set(choices))
    assert "A link to this page" in texts(app)
    link = app.code[-1].value
    assert "days=7" in link
    assert f"experiment={experiment_id(played_console, Status.RUNNING)}" in link


def test_a_picture_is_a_file_by_itself(played_console: Console) -> None:
    report = gather(played_console, launched_experiment(played_console, None))
    lift = next(exhibit for exhibit in report.exhibits if exhibit.key == "lift")
    assert lift.draw is not None
    drawn = svg(lift.draw(Style()), ids="x-")
    assert drawn.startswith("<svg ")
    assert 'width="760"' in drawn
    assert "http" not in drawn.replace("http://www.w3.org/", "")
    picture = png(lift.draw(Style()), page="#FFFFFF")
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(picture[16:20]) == 2 * 760


@pytest.fixture
def short_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of the people is enough to see what is drawn."""
    monkeypatch.setattr(what_if_parts, "MOST_DECISIONS", 1_500)
    monkeypatch.setattr(what_if_parts, "MOST_FOR_OPTIONS", 1_500)


def test_another_rule_is_replayed_when_asked_and_says_what_it_would_have_done(
    open_page: Opener, short_log: None
) -> None:
    app = open_page("insights")
    assert "Nothing is changed and nothing is sent" in texts(app)
    app.selectbox(key="insights.what_if.cap").set_value(1)
    app.button(key="FormSubmitter:insights.what_if-Work it out").click().run()
    assert not app.exception
    said = texts(app)
    assert "would not have gone out" in said
    assert "would have been followed by" in said or "cannot be said" in said
    assert "Effective size" in said
    app.selectbox(key="insights.what_if.cap").set_value(None)
    app.button(key="FormSubmitter:insights.what_if-Work it out").click().run()
    assert "changes nothing" in texts(app)


def test_options_are_judged_only_when_asked(open_page: Opener, short_log: None) -> None:
    app = open_page("insights")
    assert "It takes some seconds." in texts(app)
    app.button(key="insights.options.work").click().run()
    assert not app.exception
    headings = [list(table.value.columns) for table in app.table]
    assert any("Random group alone" in columns for columns in headings)
