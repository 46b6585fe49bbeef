"""Customers explains one choice from what was stored, and writes down who looked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from console_site import Site, texts
from played_pages import Opener, experiment_id, opened
from streamlit.testing.v1 import AppTest

from services.bootstrap import Console
from services.database import schema
from services.experiment.model import Group, Status
from services.experiment.store import load_version
from services.workflow.customers_view import decision_days, person_day
from services.workflow.person_lookup.store import look_up
from services.workflow.why_view import why

SAMPLE = 12  # people whose choices are recomputed


@pytest.fixture
def open_page(
    played_home: Path, played_console: Console, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Opener]:
    with opened(played_home, monkeypatch) as open_page:
        yield open_page


def people_of(console: Console, group: Group, n: int) -> list[str]:
    """External ids of n people of a group who have a message on the newest day that has any."""
    id = experiment_id(console, Status.RUNNING)
    people, drawn, ledger = schema.people, schema.assignments, schema.ledger
    with console.database.read() as connection:
        members = connection.execute(
            drawn.select()
            .where(drawn.c.experiment_id == id, drawn.c.grp == group.value)
            .order_by(drawn.c.person)
        ).all()
        if group is not Group.HOLDOUT:
            day = decision_days(console.lake, id)[0].isoformat()
            sent = {
                row.person
                for row in connection.execute(ledger.select().where(ledger.c.day == day)).all()
            }
            members = [row for row in members if row.person in sent]
        wanted = [row.person for row in members[:n]]
        rows = connection.execute(people.select().where(people.c.person.in_(wanted))).all()
    return [row.external_id for row in rows]


def search(open_page: Opener, external_id: str) -> AppTest:
    app = open_page("customers")
    app.text_input(key="customers.id").set_value(external_id)
    return app.run()


def test_before_the_first_start_there_is_nobody_to_look_up(site: Site) -> None:
    assert "Nothing is under way yet" in texts(site.open("customers"))


def test_an_id_nobody_has_is_said_and_still_written_down(
    open_page: Opener, played_console: Console
) -> None:
    said = texts(search(open_page, "nobody-at-all"))
    assert "Nobody with this id is known" in said
    rows = _look_ups(played_console)
    assert len(rows) == 1
    assert "nobody-at-all" not in str(rows[0])


def test_one_look_up_is_written_down_once_however_often_the_page_runs(
    open_page: Opener, played_console: Console
) -> None:
    [someone] = people_of(played_console, Group.PERSONALISED, 1)
    app = search(open_page, someone)
    app.run()
    app.run()
    assert len(_look_ups(played_console)) == 1


def test_a_personalised_choice_is_recomputed_and_explained(
    open_page: Opener, played_console: Console
) -> None:
    [someone] = people_of(played_console, Group.PERSONALISED, 1)
    app = search(open_page, someone)
    assert not app.exception
    said = texts(app)
    assert "Recomputed, identical" in said
    assert f"{someone} gets" in app.header[0].value.replace("\\", "")
    for part in ("What spoke for it", "What was possible", "What was ruled out"):
        assert part in said


def test_somebody_held_out_gets_one_sentence_and_no_explanation(
    open_page: Opener, played_console: Console
) -> None:
    [someone] = people_of(played_console, Group.HOLDOUT, 1)
    said = texts(search(open_page, someone))
    assert "in the holdout: they get nothing" in said
    assert "What spoke for it" not in said


def test_choices_of_the_day_come_out_as_logged_and_chances_add_up(
    played_console: Console,
) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    experiment = load_version(played_console.database, id)
    day = decision_days(played_console.lake, id)[0]
    for group in (Group.PERSONALISED, Group.RANDOM):
        for name in people_of(played_console, group, SAMPLE // 2):
            member = look_up(played_console.database, played_console.clock, name, id, by="tester")
            assert member is not None
            seen = person_day(played_console.database, played_console.lake, experiment, member, day)
            assert seen.decision is not None
            explained = why(played_console.lake, experiment, seen.decision, member.person)
            assert explained.replayed is True
            assert len(explained.possible) == seen.decision.n_eligible
            assert sum(line.chance for line in explained.possible) == pytest.approx(1.0)
            assert sum(line.chosen for line in explained.possible) == 1
            way = explained.way
            assert way.start + sum(r.amount for r in way.reasons) == pytest.approx(way.end)


def test_the_log_says_what_a_combination_was_ruled_out_by(played_console: Console) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    experiment = load_version(played_console.database, id)
    day = decision_days(played_console.lake, id)[0]
    n_all = 1
    for dimension in experiment.send_dimensions:
        n_all *= len(dimension.options)
    [name] = people_of(played_console, Group.PERSONALISED, 1)
    member = look_up(played_console.database, played_console.clock, name, id, by="tester")
    assert member is not None
    seen = person_day(played_console.database, played_console.lake, experiment, member, day)
    assert seen.decision is not None
    explained = why(played_console.lake, experiment, seen.decision, member.person)
    missing = n_all - len(explained.possible)
    assert bool(explained.ruled_out) is (missing > 0)
    assert sum(out.n for out in explained.ruled_out) >= missing


def _look_ups(console: Console) -> list[object]:
    with console.database.read() as connection:
        return list(
            connection.execute(
                schema.audit.select().where(schema.audit.c.action == "customer.looked_up")
            ).all()
        )
