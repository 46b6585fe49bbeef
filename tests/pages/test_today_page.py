"""Today says how far the day is, what is in doubt, and what stopped; it acts only by intents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from console_site import Site, texts
from played_pages import Opener, experiment_id, let_the_worker_live, opened

from pages.components.badges import escape
from services.activation.pausing import EVERYTHING, pause
from services.audience.loading import SizeChanged
from services.bootstrap import Console
from services.database import schema
from services.errors import ConsoleError
from services.experiment.model import Status
from services.intents.model import IntentKind, error_json
from services.intents.store import latest, open_intents
from services.messages import msg
from services.workflow.model import Stage
from services.workflow.today_view import today


@pytest.fixture
def open_page(
    played_home: Path, played_console: Console, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Opener]:
    with opened(played_home, monkeypatch) as open_page:
        yield open_page


def test_before_the_first_start_the_page_says_what_will_fill_it(site: Site) -> None:
    said = texts(site.open("today"))
    assert "Nothing is under way yet" in said


def test_the_day_is_told_in_one_sentence_seven_stages_and_a_table(
    open_page: Opener, played_console: Console
) -> None:
    app = open_page("today")
    assert not app.exception
    said = texts(app)
    for stage in ("Audience", "Outcomes", "Learn", "Decide", "Send", "Settle doubts"):
        assert stage in said
    view = today(
        played_console.database,
        played_console.clock,
        experiment_id(played_console, Status.RUNNING),
    )
    assert f"{view.n_out:,} of {view.n_total:,} messages are out" in said
    assert len(app.table[0].value) == len(view.words)


def test_each_target_says_how_far_its_messages_are(
    open_page: Opener, played_console: Console
) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    view = today(played_console.database, played_console.clock, id)
    assert sum(line.decided for line in view.targets) == view.n_total
    assert sum(line.accepted for line in view.targets) <= view.n_out
    for line in view.targets:
        assert line.decided >= line.claimed >= max(line.accepted, line.settled)
        assert line.name != line.id
    app = open_page("today")
    assert escape(view.targets[0].name) in app.table[1].value.to_string()


def test_every_doubt_stands_there_with_its_age_and_its_next_look(
    open_page: Opener, played_console: Console
) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    now_s = played_console.clock.now().timestamp()
    with played_console.database.write() as connection:
        planned = schema.ledger.select().where(schema.ledger.c.state == "planned")
        first = connection.execute(planned.limit(1)).one()
        same = [
            schema.ledger.c[n] == getattr(first, n) for n in ("day", "target_kind", "target_id")
        ]
        batch = connection.execute(planned.where(*same).limit(3)).all()
        number = connection.execute(
            schema.batches.insert()
            .values(
                experiment_id=id,
                day=batch[0].day,
                target_kind=batch[0].target_kind,
                target_id=batch[0].target_id,
                state="unknown",
                fence=1,
                n_people=len(batch),
                claimed_at=now_s - 7_300.0,
                lease_until_mono=0.0,
            )
            .returning(schema.batches.c.id)
        ).scalar_one()
        ours = schema.ledger.c.person.in_([row.person for row in batch])
        ours &= (schema.ledger.c.state == "planned") & (schema.ledger.c.day == first.day)
        for state in ("sending", "unknown"):
            connection.execute(
                schema.ledger.update()
                .where(ours if state == "sending" else schema.ledger.c.batch_id == number)
                .values(state=state, batch_id=number, next_look_at=now_s + 600.0)
            )
    view = today(played_console.database, played_console.clock, id)
    (line,) = view.in_doubt
    assert (line.request.n, round(line.age_s)) == (len(batch), 7_300)
    targets = {(t.kind, t.id): t for t in view.targets}
    through = targets.get(line.request.target)
    if through is not None:  # else a message of another day
        assert through.claimed - through.settled >= len(batch)
    shown = next(t.value for t in open_page("today").table if "Age" in t.value.columns)
    assert shown["Age"].tolist() == ["2 h"]


def test_every_message_of_the_day_stands_in_exactly_one_state(
    open_page: Opener, played_console: Console
) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    view = today(played_console.database, played_console.clock, id)
    with played_console.database.read() as connection:
        rows = connection.execute(
            schema.ledger.select().where(
                schema.ledger.c.experiment_id == id, schema.ledger.c.day == view.day.isoformat()
            )
        ).all()
    assert sum(count.n for count in view.words) == len(rows)
    assert sum(count.n for count in view.hours) == view.n_total


def test_messages_in_doubt_are_named_and_asked_about_once(
    open_page: Opener, played_console: Console
) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    _doubt(played_console, id, 3)
    let_the_worker_live(played_console)
    app = open_page("today")
    said = texts(app)
    assert "3 messages in doubt" in said
    assert "except 3 messages Anneal cannot be sure about" in said
    app.button(key=f"today.ask.{id}").click().run()
    app.run()
    asked = [
        intent
        for intent in open_intents(played_console.database, experiment_id=id)
        if intent.kind is IntentKind.ASK_BRAZE_NOW
    ]
    assert len(asked) == 1


def test_a_stage_that_stopped_is_said_with_what_is_safe(
    open_page: Opener, played_console: Console
) -> None:
    _fail(played_console, Stage.DECIDE, {"what": "The disk is full.", "values": {}})
    said = texts(open_page("today"))
    assert "stopped half-way" in said
    assert "nothing is sent twice" in said
    assert r"The disk is full." in said.replace("\\", "")


def test_an_audience_of_another_size_is_confirmed_by_a_person(
    open_page: Opener, played_console: Console
) -> None:
    problem = SizeChanged(
        msg("The export has {n} people; the last one had {before}.", n=5, before=9)
    )
    id = _fail(played_console, Stage.AUDIENCE, error_json(problem))
    app = open_page("today")
    assert "If that is how many people there are now" in texts(app)
    button = next(b for b in app.button if str(b.key).startswith("today.confirm."))
    assert button.label == "Use the 5 people"
    button.click().run()
    (asked,) = [
        intent
        for intent in open_intents(played_console.database, experiment_id=id)
        if intent.kind is IntentKind.CONFIRM_AUDIENCE
    ]
    day = today(played_console.database, played_console.clock, id).day
    assert asked.payload == {"day": day.isoformat(), "n_people": 5}


def test_a_stopped_stage_says_what_to_try_and_promises_no_later_stage(
    open_page: Opener, played_console: Console
) -> None:
    problem = ConsoleError(msg("The stairs are gone."), hint=msg("Take the lift."))
    id = _fail(played_console, Stage.AUDIENCE, error_json(problem))
    said = texts(open_page("today", experiment=id))
    assert "The stairs are gone." in said
    assert "Take the lift." in said
    assert "comes later today" not in said


def _fail(console: Console, stage: Stage, error: dict[str, object]) -> str:
    """The stage of the running experiment's day stopped with this; returns the experiment's id."""
    id = experiment_id(console, Status.RUNNING)
    day = today(console.database, console.clock, id).day
    with console.database.write() as connection:
        connection.execute(
            schema.cycles.update()
            .where(
                schema.cycles.c.experiment_id == id,
                schema.cycles.c.day == day.isoformat(),
                schema.cycles.c.stage == stage.value,
            )
            .values(state="failed", error=error)
        )
    return id


def test_a_pause_stands_on_top_with_its_reason_and_nothing_says_all_is_well(
    open_page: Opener, played_console: Console
) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    pause(played_console.database, played_console.clock, id, by="a@example.com", reason="Too loud")
    said = texts(open_page("today", experiment=id))
    assert "Too loud" in said
    assert "waits until somebody resumes" in said
    assert "Nothing needs you" not in said


@pytest.mark.parametrize("everything", [False, True])
def test_what_is_paused_is_not_called_running(
    open_page: Opener, played_console: Console, everything: bool
) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    badges = [m.value for m in open_page("today", experiment=id).markdown if "-badge[" in m.value]
    assert not any("Paused" in badge for badge in badges)
    scope = EVERYTHING if everything else id
    pause(played_console.database, played_console.clock, scope, by="a@example.com", reason="-")
    for page in ("today", "insights", "customers"):
        found = [m.value for m in open_page(page, experiment=id).markdown]
        assert any(":orange-badge[:material/pause_circle: Paused, day" in m for m in found)
        assert not any("play_circle: Running" in m for m in found)


def test_in_the_sandbox_a_day_can_be_played_by_an_intent(
    open_page: Opener, played_console: Console
) -> None:
    app = open_page("today")
    app.button(key="today.next_day").click().run()
    found = latest(played_console.database, IntentKind.NEXT_DAY)
    assert found is not None
    assert found.is_open
    assert "today.next_day" not in [button.key for button in app.button]


def test_a_day_without_work_yet_shows_the_last_one(played_console: Console) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    now = today(played_console.database, played_console.clock, id)

    class Later:
        def now(self) -> object:
            return played_console.clock.now() + timedelta(days=3)

    later = today(played_console.database, Later(), id)  # type: ignore[arg-type]
    assert later.day == now.day
    assert not later.is_today
    assert later.now_hour is None


def _doubt(console: Console, id: str, n: int) -> None:
    """n more messages of the first day whose requests never got an answer."""
    table, drawn = schema.ledger, schema.assignments
    now = console.clock.now().timestamp()
    with console.database.write() as connection:
        rows = connection.execute(
            table.select().where(table.c.experiment_id == id).order_by(table.c.day)
        ).all()
        first = rows[0]
        taken = {row.person for row in rows if row.day == first.day}
        members = connection.execute(
            drawn.select().where(drawn.c.experiment_id == id, drawn.c.grp == first.grp)
        ).all()
        for person in [row.person for row in members if row.person not in taken][:n]:
            fresh = dict(first._mapping) | {
                "person": person,
                "decision_id": f"{person:032x}",
                "state": "planned",
                "batch_id": None,
                "fence": 0,
                "tries": 0,
                "updated_at": now,
                "settled_at": None,
                "next_look_at": now + 3_600,
            }
            connection.execute(table.insert().values(**fresh))
            for step in ("sending", "unknown"):
                mine = (table.c.person == person) & (table.c.day == first.day)
                connection.execute(table.update().where(mine).values(state=step))
