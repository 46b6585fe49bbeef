"""The set-up, page by page: what is shown, what a click saves, what stops somebody."""

from __future__ import annotations

import pytest
from console_site import Site, texts

from services.experiment.store import experiments, load_draft, save_draft
from services.intents.model import IntentKind
from services.intents.store import latest
from services.settings import write_connection


def document(site: Site, experiment_id: str) -> dict[str, object]:
    return load_draft(site.console.database, experiment_id).document


def by_label(elements: object, label: str) -> object:
    return next(element for element in elements if element.label == label)  # type: ignore[attr-defined]


def test_the_first_visit_offers_the_use_cases_and_the_connection(site: Site) -> None:
    said = texts(site.open())
    assert "No experiments yet" in said
    assert "Not connected to Braze yet" in said
    assert "Winback" in said


def test_starting_from_a_use_case_makes_one_draft_however_often_it_is_handled(site: Site) -> None:
    app = site.open()
    app.button(key="experiments.start.winback").click().run()
    app.run()
    rows = experiments(site.console.database)
    assert [row.use_case for row in rows] == ["winback"]
    assert app.title[0].value == "Who is it for?"


def test_a_draft_is_listed_and_can_be_continued(site: Site) -> None:
    experiment_id = site.draft(name="Autumn [sale]")
    app = site.open()
    assert r"**Autumn \[sale\]**" in texts(app)
    app.button(key=f"experiments.draft.{experiment_id}").click().run()
    assert app.title[0].value == "Who is it for?"


@pytest.mark.parametrize("step", ["metric", "templates", "launch"])
def test_set_up_without_an_experiment_says_where_to_start(site: Site, step: str) -> None:
    app = site.open(step)
    assert "No experiment chosen" in texts(app)
    assert len(app.title) == 1


def test_an_old_link_is_a_sentence(site: Site) -> None:
    app = site.open("audience", experiment="not-there")
    assert "There is no such experiment" in texts(app)
    assert len(app.title) == 1


def test_the_audience_page_counts_people_and_their_groups(site: Site) -> None:
    site.segments()
    app = site.open("audience", experiment=site.draft())
    assert not app.exception
    assert app.metric[0].value == "about 3,000"
    assert "counted twice" in texts(app)


def test_segments_that_were_never_read_are_asked_for(site: Site) -> None:
    app = site.open("audience", experiment=site.draft())
    assert "have not been read yet" in texts(app)
    app.button(key="audience.refresh").click().run()
    assert latest(site.console.database, IntentKind.REFRESH_CATALOGUE) is not None


def test_many_segments_are_searched_in_the_database(site: Site) -> None:
    site.segments(count=60)
    app = site.open("audience", experiment=site.draft())
    assert len(app.dataframe[0].value) == 25
    search = next(field for field in app.text_input if field.label == "Search 60 segments")
    search.set_value("segment 05").run()
    assert list(app.dataframe[0].value["name"]) == [f"Segment {n:03}" for n in range(50, 60)]


def test_agreed_attributes_save_by_themselves(site: Site) -> None:
    experiment_id = site.draft()
    app = site.open("audience", experiment=experiment_id)
    app.get("pills")[0].set_value(["tenure_months"]).run()
    saved = document(site, experiment_id)
    assert saved["audience"]["attributes"] == ["tenure_months"]  # type: ignore[index]


def test_shares_that_do_not_add_up_are_said_at_once(site: Site) -> None:
    experiment_id = site.draft()
    app = site.open("audience", experiment=experiment_id)
    by_label(app.number_input, "Holdout, %").set_value(20.0)  # type: ignore[attr-defined]
    app.run()
    assert "Together 110%" in texts(app)
    assert app.button(key="bar.next").disabled


def test_the_metric_page_says_what_a_success_is(site: Site) -> None:
    site.segments()
    experiment_id = site.draft()
    app = site.open("metric", experiment=experiment_id)
    assert not app.exception
    app.get("segmented_control")[0].set_value("conversion").run()
    by_label(app.selectbox, "Counts when the customer does").set_value("purchase:")  # type: ignore[attr-defined]
    app.run()
    assert "A customer counts as a success if there is **any purchase within 14 days**" in texts(
        app
    )
    metric = document(site, experiment_id)["metric"]
    assert metric["sources"] == [{"kind": "purchase", "name": None, "weight": 1.0}]  # type: ignore[index]


def test_a_guess_opens_the_gate_and_a_hopeless_plan_closes_it(site: Site) -> None:
    site.segments()
    experiment_id = site.draft()
    app = site.open("metric", experiment=experiment_id)
    app.get("segmented_control")[0].set_value("conversion").run()
    by_label(app.selectbox, "Counts when the customer does").set_value("purchase:")  # type: ignore[attr-defined]
    app.run()
    guess = "Your guess: people in 1,000 who do it in a week"
    by_label(app.number_input, guess).set_value(1.0)  # type: ignore[attr-defined]
    app.run()
    assert app.error
    assert "Do not run" in app.error[0].value
    assert app.button(key="bar.next").disabled
    reason = by_label(app.text_input, "Go on all the same, because")
    reason.set_value("The board wants to see it").run()  # type: ignore[attr-defined]
    assert not app.button(key="bar.next").disabled
    assert document(site, experiment_id)["_overruled"] == {
        "by": "local",
        "reason": "The board wants to see it",
    }


def test_the_options_page_counts_combinations_and_reads_rules_back(site: Site) -> None:
    app = site.open("options", experiment=site.draft())
    assert not app.exception
    assert app.metric[0].value == "216"
    assert "At least 20 hours between two messages to one person." in texts(app)


def test_adding_and_taking_out_an_option_changes_the_draft(site: Site) -> None:
    experiment_id = site.draft()
    app = site.open("options", experiment=experiment_id)
    by_label(app.button, "Add an option").click().run()  # type: ignore[attr-defined]
    options = document(site, experiment_id)["dimensions"][0]["options"]  # type: ignore[index]
    assert options[-1]["label"] == "New option"
    assert len({option["key"] for option in options}) == len(options)
    assert app.metric[0].value == "270"


def test_two_tabs_that_change_different_parts_lose_nothing(site: Site) -> None:
    experiment_id = site.draft()
    first = site.open("audience", experiment=experiment_id)
    second = site.open("metric", experiment=experiment_id)
    by_label(second.number_input, "Planned length, weeks").set_value(6)  # type: ignore[attr-defined]
    second.run()
    first.get("pills")[0].set_value(["current_plan"]).run()
    saved = document(site, experiment_id)
    assert saved["planned_weeks"] == 6
    assert saved["audience"]["attributes"] == ["current_plan"]  # type: ignore[index]


@pytest.mark.parametrize(("button", "kept"), [("keep_mine", "mine"), ("take_theirs", "theirs")])
def test_two_people_who_change_the_same_part_are_asked(site: Site, button: str, kept: str) -> None:
    experiment_id = site.draft()
    app = site.open("audience", experiment=experiment_id)
    draft = load_draft(site.console.database, experiment_id)
    audience = {**draft.document["audience"], "attributes": ["data_usage_gb"]}
    save_draft(
        site.console.database,
        site.console.clock,
        experiment_id,
        draft.document | {"audience": audience},
        expected_revision=draft.revision,
        by="somebody@example.com",
    )
    app.get("pills")[0].set_value(["tenure_months"]).run()
    assert "What differs: Audience" in texts(app)
    app.button(key=f"draft.{button}").click().run()
    saved = document(site, experiment_id)["audience"]["attributes"]  # type: ignore[index]
    assert saved == {"mine": ["tenure_months"], "theirs": ["data_usage_gb"]}[kept]


def test_the_connection_page_never_shows_a_key_again(site: Site) -> None:
    app = site.open("connection")
    assert "Not connected yet" in texts(app)
    endpoint = "https://rest.iad-03.braze.com"
    app.selectbox(key="connection.endpoint").set_value(endpoint)
    app.text_input(key="connection.key").set_value("a-made-up-key-for-this-test")
    app.button(key="connection.save").click().run()
    assert app.text_input(key="connection.key").value == ""
    written = (site.home / "connection.json").read_text()
    assert "a-made-up-key-for-this-test" in written
    assert "a-made-up-key-for-this-test" not in str(app.main)


def test_checking_the_connection_asks_the_worker_once(site: Site) -> None:
    write_connection(site.home, endpoint="https://rest.iad-03.braze.com", key=None)
    site.worker()
    app = site.open("connection")
    app.button(key="connection.check").click().run()
    filed = latest(site.console.database, IntentKind.CHECK_CONNECTION)
    assert filed is not None
    assert not [button for button in app.button if button.key == "connection.check"]
