"""Templates: a channel gets its campaign, content is approved as it is seen, mails stay caged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from console_site import Site, texts
from played_pages import Opener, experiment_id, opened

from pages.components.mail_frame import _document, _inside
from services.audience.catalogue import content_digest
from services.bootstrap import Console
from services.content.preview import Preview
from services.database import schema
from services.experiment.model import Channel, Status, TargetKind
from services.experiment.store import load_draft
from services.experiment.validation import problems
from services.intents.model import IntentKind
from services.intents.store import latest
from services.workflow.targets_view import choose, set_field, tell_apart
from services.workflow.templates_view import cards, gallery, samples

HOSTILE = "<script>top.location='https://evil.example'</script><b>Hello</b>"


@pytest.fixture
def open_page(
    played_home: Path, played_console: Console, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Opener]:
    with opened(played_home, monkeypatch) as open_page:
        yield open_page


def test_before_the_list_is_read_the_page_says_so(site: Site) -> None:
    app = site.open("templates", experiment=site.draft())
    assert not app.exception
    assert "Your campaigns have not been read yet" in texts(app)


def test_a_chosen_campaign_is_in_the_draft_at_once(
    open_page: Opener, played_console: Console
) -> None:
    id = experiment_id(played_console, Status.DRAFT)
    app = open_page("templates", experiment=id)
    assert not app.exception
    box = next(b for b in app.selectbox if str(b.key).startswith("templates.slot.0"))
    named = next(option for option in box.options if "(email)" in option)
    box.select_index(box.options.index(named)).run()
    targets = load_draft(played_console.database, id).document["targets"]
    assert [target["channel"] for target in targets] == ["email"]
    assert not app.exception


def test_choosing_again_replaces_and_nothing_takes_it_out(played_console: Console) -> None:
    id = experiment_id(played_console, Status.DRAFT)
    document = load_draft(played_console.database, id).document
    slot = gallery(played_console.database, document).slots[0]
    for place in slot.places[:2]:
        choose(document, slot, place)
    assert [target["id"] for target in document["targets"]] == [slot.places[1].id]
    choose(document, slot, None)
    assert document["targets"] == []


def test_approving_names_exactly_the_content_that_was_seen(
    open_page: Opener, played_console: Console
) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    with played_console.database.write() as connection:
        connection.execute(schema.approvals.update().values(revoked_at=1.0))
        document = connection.execute(
            schema.drafts.select().where(schema.drafts.c.experiment_id == id)
        ).one()
    draft_id = experiment_id(played_console, Status.DRAFT)
    with played_console.database.write() as connection:
        connection.execute(
            schema.drafts.update()
            .where(schema.drafts.c.experiment_id == draft_id)
            .values(document=document.document)
        )
    app = open_page("templates", experiment=draft_id)
    button = next(b for b in app.button if str(b.key).startswith("templates.approve."))
    button.click().run()
    asked = latest(played_console.database, IntentKind.APPROVE_CONTENT)
    assert asked is not None
    [subject] = asked.payload["subjects"]
    with played_console.database.read() as connection:
        kind, _, content_id = subject["subject"].partition(":")
        row = connection.execute(
            schema.catalogue.select().where(
                schema.catalogue.c.kind == kind, schema.catalogue.c.id == content_id
            )
        ).one()
    assert subject["digest"] == row.content_digest


def test_options_that_look_alike_share_one_card(played_console: Console) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    seen = gallery(played_console.database, load_draft(played_console.database, id).document)
    found = cards(played_console.database, seen, {}, "hour", {})
    assert {card.n_alike for card in found} == {4}
    assert len(found) == len(seen.experiment.targets)


def test_people_to_look_as_have_no_id(played_console: Console) -> None:
    id = experiment_id(played_console, Status.RUNNING)
    experiment = gallery(
        played_console.database, load_draft(played_console.database, id).document
    ).experiment
    found = samples(played_console.lake, experiment, id)
    assert found
    for sample in found:
        assert not {"external_id", "braze_id", "person", "email"} & sample.profile.keys()


def test_a_mails_script_is_only_ever_inside_the_inner_frame() -> None:
    shown = Preview(Channel.EMAIL, sender="<script>1</script>", subject="a", html=HOSTILE)
    inside = _inside(shown, phone=True, remote_images=False, name="x")
    outer = _document(inside, phone=True)
    assert "<script" not in outer
    assert 'sandbox=""' in outer


def test_text_messages_are_shown_as_text() -> None:
    for channel in (Channel.SMS, Channel.PUSH):
        shown = Preview(channel, sender="50505", title=HOSTILE, text=HOSTILE)
        inside = _inside(shown, phone=True, remote_images=False, name="x")
        assert "<script" not in inside
        assert "&lt;b&gt;Hello" in inside


def running_as_draft(console: Console) -> str:
    """The draft, saying what the running experiment says."""
    document = load_draft(console.database, experiment_id(console, Status.RUNNING)).document
    draft = experiment_id(console, Status.DRAFT)
    with console.database.write() as connection:
        connection.execute(
            schema.drafts.update()
            .where(schema.drafts.c.experiment_id == draft)
            .values(document=document)
        )
    return draft


def test_what_changed_since_the_approval_can_be_read(
    open_page: Opener, played_console: Console
) -> None:
    draft = running_as_draft(played_console)
    table = schema.catalogue
    with played_console.database.write() as connection:
        id = load_draft(played_console.database, draft).document["targets"][0]["id"]
        row = connection.execute(table.select().where(table.c.id == id)).one()
        [name] = row.document["messages"]
        message = row.document["messages"][name] | {"subject": "Entirely *new* words"}
        changed = row.document | {"messages": {name: message}}
        connection.execute(
            table.update()
            .where(table.c.id == id)
            .values(document=changed, content_digest=content_digest("campaign", changed))
        )
    app = open_page("templates", experiment=draft)
    button = next(b for b in app.button if str(b.key).startswith("templates.compare."))
    button.click().run()
    assert not app.exception
    assert "1 field differs" in texts(app)
    assert any("+Entirely *new* words" in code.value for code in app.code)


def test_options_may_have_campaigns_of_their_own_and_go_back(
    open_page: Opener, played_console: Console
) -> None:
    draft = running_as_draft(played_console)
    before = load_draft(played_console.database, draft).document["targets"]
    app = open_page("templates", experiment=draft)
    box = next(b for b in app.selectbox if str(b.key).startswith("templates.apart"))
    box.set_value("offer").run()
    document = load_draft(played_console.database, draft).document
    seen = gallery(played_console.database, document)
    offers = next(d for d in seen.experiment.dimensions if d.key == "offer").options
    assert len(seen.slots) == len(before) * len(offers)
    assert all(slot.chosen for slot in seen.slots)  # what the channel had stands for each
    assert not [p for p in problems(document) if p.blocking and p.step == "templates"]
    tell_apart(document, seen.experiment, None)
    assert sorted(document["targets"], key=str) == sorted(before, key=str)
    assert not app.exception


def test_an_api_campaign_can_be_chosen_and_is_told_what_it_lacks(played_console: Console) -> None:
    document = load_draft(played_console.database, running_as_draft(played_console)).document
    slot = gallery(played_console.database, document).slots[0]
    place = next(p for p in slot.places if p.kind is TargetKind.API_CAMPAIGN)
    choose(document, slot, place)
    lacking = [p for p in problems(document) if "not set up completely" in str(p.what)]
    assert [p.blocking for p in lacking] == [True]
    templates = gallery(played_console.database, document).catalogue.templates
    template = next(iter(templates))
    for field, value in (("template_id", template), ("sender", "a@x.example"), ("app_id", "app")):
        set_field(document, slot, field, value)
    assert not [p for p in problems(document) if p.blocking and p.step == "templates"]
    seen = gallery(played_console.database, document)
    found = cards(played_console.database, seen, {}, None, {})
    shown = next(c for c in found if c.target.kind is TargetKind.API_CAMPAIGN)
    assert shown.subject == f"template:{template}"
    assert shown.preview.sender == "a@x.example"
    with pytest.raises(KeyError):
        set_field(document, slot, "id", "another")
