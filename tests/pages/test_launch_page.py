"""Launch: nothing starts before every check is met and the number is typed; then once only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from console_site import Site, texts
from played_pages import Opener, experiment_id, let_the_worker_live, opened
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button, Checkbox

from pages.components.schedule_form import DEFAULT_RAMP_DAYS
from services.activation.preflight import TICKS
from services.bootstrap import Console
from services.database import schema
from services.experiment.model import Status
from services.experiment.store import load_draft
from services.intents.model import IntentKind
from services.intents.store import open_intents
from services.workflow.accounts import LOCAL_EMAIL
from services.workflow.launch_view import launch, ticked_in
from services.workflow.targets_view import choose
from services.workflow.templates_view import gallery

PEOPLE = 1_000


@pytest.fixture
def open_page(
    played_home: Path, played_console: Console, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Opener]:
    with opened(played_home, monkeypatch) as open_page:
        yield open_page


def ready(console: Console) -> str:
    """A draft that lacks nothing but the reader's ticks: what runs already, set up once more."""
    let_the_worker_live(console)
    running, draft = (
        experiment_id(console, Status.RUNNING),
        experiment_id(console, Status.DRAFT),
    )
    document = load_draft(console.database, running).document
    with console.database.write() as connection:
        connection.execute(
            schema.drafts.update()
            .where(schema.drafts.c.experiment_id == draft)
            .values(document=document)
        )
    console.lake.append(
        "snapshots",
        draft,
        console.clock.now().date(),
        pa.table(
            {
                "person": pa.array(range(PEOPLE), pa.int64()),
                "in_audience": pa.array([True] * PEOPLE),
                "time_zone": pa.array(["UTC"] * PEOPLE),
            }
        ),
    )
    return draft


def start_button(app: AppTest) -> object:
    return next(b for b in app.button if str(b.key).startswith("launch.start."))


def tick_everything(app: AppTest) -> None:
    for key in TICKS:
        tick_of(app, key).check().run()


def tick_of(app: AppTest, key: str) -> Checkbox:
    return next(c for c in app.checkbox if str(c.key).startswith(f"launch.tick.{key}."))


def test_an_unfinished_draft_says_what_is_missing_and_has_no_start(site: Site) -> None:
    app = site.open("launch", experiment=site.draft())
    assert not app.exception
    said = texts(app)
    assert "No campaign or Canvas is chosen yet" in said
    assert not [b for b in app.button if str(b.key).startswith("launch.start.")]


def test_the_paragraph_comes_from_the_configuration(
    open_page: Opener, played_console: Console
) -> None:
    draft = ready(played_console)
    said = texts(open_page("launch", experiment=draft)).replace("\\", "")
    assert "1,000 people are in it" in said
    assert "10% get nothing" in said


def test_start_waits_for_the_ticks_and_the_number(
    open_page: Opener, played_console: Console
) -> None:
    draft = ready(played_console)
    app = open_page("launch", experiment=draft)
    assert start_button(app).disabled  # type: ignore[attr-defined]
    assert f"{len(TICKS)} checks stop the start" in texts(app)
    tick_everything(app)
    assert "Nothing stands in the way" in texts(app)
    assert start_button(app).disabled  # type: ignore[attr-defined]
    typed = next(t for t in app.text_input if str(t.key).startswith("launch.typed"))
    typed.set_value("899").run()
    assert start_button(app).disabled  # type: ignore[attr-defined]
    typed = next(t for t in app.text_input if str(t.key).startswith("launch.typed"))
    typed.set_value("900").run()
    assert not start_button(app).disabled  # type: ignore[attr-defined]


def test_start_files_one_wish_with_what_was_read(
    open_page: Opener, played_console: Console
) -> None:
    draft = ready(played_console)
    app = open_page("launch", experiment=draft)
    tick_everything(app)
    typed = next(t for t in app.text_input if str(t.key).startswith("launch.typed"))
    typed.set_value("900")
    app.run()
    start_button(app).click().run()  # type: ignore[attr-defined]
    app.run()
    filed = [
        intent
        for intent in open_intents(played_console.database, experiment_id=draft)
        if intent.kind is IntentKind.LAUNCH
    ]
    assert len(filed) == 1
    revision = load_draft(played_console.database, draft).revision
    assert filed[0].payload == {
        "revision": revision,
        "people": PEOPLE,
        "ticked": list(TICKS),
    }
    again = open_page("launch", experiment=draft)  # another tab sees the progress, not a button
    assert not [b for b in again.button if str(b.key).startswith("launch.start.")]


def test_who_can_get_a_message_is_everybody_but_the_holdout(played_console: Console) -> None:
    draft = ready(played_console)
    document = load_draft(played_console.database, draft).document
    seen = launch(played_console, draft, document, ticked=list(TICKS))
    assert seen.n_people == PEOPLE
    assert seen.can_get == 900
    assert seen.may_start
    assert not launch(played_console, draft, document, ticked=[]).may_start


def test_a_started_experiment_says_so_instead_of_starting_again(
    open_page: Opener, played_console: Console
) -> None:
    running = experiment_id(played_console, Status.RUNNING)
    app = open_page("launch", experiment=running)
    assert not app.exception
    assert "This experiment has started" in texts(app)
    assert not [b for b in app.button if str(b.key).startswith("launch.start.")]


def test_ticks_survive_a_reload_and_fall_with_other_targets(
    open_page: Opener, played_console: Console
) -> None:
    draft = ready(played_console)
    app = open_page("launch", experiment=draft)
    tick_of(app, "quiet_hours").check().run()
    again = open_page("launch", experiment=draft)
    assert tick_of(again, "quiet_hours").value
    assert not tick_of(again, "test_send").value
    document = load_draft(played_console.database, draft).document
    assert ticked_in(document) == {"quiet_hours": LOCAL_EMAIL}
    slot = gallery(played_console.database, document).slots[0]
    choose(document, slot, None)
    assert ticked_in(document) == {}


def test_who_overruled_the_gate_and_why_stands_beside_what_is_approved(
    open_page: Opener, played_console: Console
) -> None:
    draft = ready(played_console)
    rewrite(played_console, draft, _overruled={"by": "b@x.example", "reason": "A *trial* only"})
    said = texts(open_page("launch", experiment=draft))
    assert "overruled by b@x.example" in said
    assert "A \\*trial\\* only" in said


def test_the_time_zone_and_the_first_days_are_chosen_here(
    open_page: Opener, played_console: Console
) -> None:
    draft = ready(played_console)
    app = open_page("launch", experiment=draft)
    zone = next(b for b in app.selectbox if str(b.key).startswith("launch.zone"))
    zone.set_value("Asia/Seoul").run()
    slow = next(t for t in app.toggle if str(t.key).startswith("launch.ramp.on"))
    slow.set_value(True).run()
    people = next(n for n in app.number_input if str(n.key).startswith("launch.ramp.people"))
    people.set_value(250).run()
    document = load_draft(played_console.database, draft).document
    assert document["zone"] == "Asia/Seoul"
    assert document["ramp"] == {"first_day_people": 250, "days": DEFAULT_RAMP_DAYS}
    assert "Asia/Seoul" in texts(app)
    slow = next(t for t in app.toggle if str(t.key).startswith("launch.ramp.on"))
    slow.set_value(False).run()
    document = load_draft(played_console.database, draft).document
    assert document["ramp"]["first_day_people"] is None


def test_a_rehearsal_stays_for_its_revision_and_no_other(
    open_page: Opener, played_console: Console
) -> None:
    draft = ready(played_console)
    revision = load_draft(played_console.database, draft).revision
    result = {
        "day": "2026-09-22",
        "would_send": 4_321,
        "would_not_send": 7,
        "cost": 1.0,
        "currency": "EUR",
        "requests": 87,
        "by_option": {},
        "reasons": [],
        "one_request": None,
    }
    with played_console.database.write() as connection:
        connection.execute(
            schema.intents.insert().values(
                id="i",
                key="k",
                kind=IntentKind.DRY_RUN.value,
                experiment_id=draft,
                payload={"revision": revision},
                state="done",
                result=result,
                filed_by="me",
                filed_at=0.0,
                finished_at=0.0,
            )
        )
    assert "4,321" in texts(open_page("launch", experiment=draft))
    with played_console.database.write() as connection:
        connection.execute(schema.intents.update().values(payload={"revision": revision - 1}))
    assert "4,321" not in texts(open_page("launch", experiment=draft))


def test_a_test_goes_to_an_address_where_the_key_may_delete(
    open_page: Opener, played_console: Console
) -> None:
    draft = ready(played_console)

    def to_an_address() -> AppTest:
        app = open_page("launch", experiment=draft)
        way = next(g for g in app.button_group if str(g.key).startswith("launch.test.way"))
        way.set_value("email").run()
        typed = next(t for t in app.text_input if str(t.key).startswith("launch.test.address"))
        return typed.set_value("me@shop.example").run()

    def send(app: AppTest) -> Button:
        return next(b for b in app.button if str(b.key).startswith("launch.test.address"))

    app = to_an_address()
    assert not app.exception
    assert send(app).disabled
    assert "users.delete" in texts(app)
    with played_console.database.write() as connection:
        connection.execute(
            schema.permissions.delete().where(schema.permissions.c.name == "users.delete")
        )
        connection.execute(
            schema.permissions.insert().values(name="users.delete", result="excess", checked_at=0.0)
        )
    app = to_an_address()
    assert "deletes it again" in texts(app)
    send(app).click().run()
    (filed,) = open_intents(played_console.database, experiment_id=draft)
    assert (filed.kind, filed.payload["email"]) == (IntentKind.TEST_SEND, "me@shop.example")


def rewrite(console: Console, id: str, **parts: object) -> None:
    document = load_draft(console.database, id).document | parts
    with console.database.write() as connection:
        connection.execute(
            schema.drafts.update()
            .where(schema.drafts.c.experiment_id == id)
            .values(document=document)
        )
