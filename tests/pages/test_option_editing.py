"""Options are typed in a table, changed in a list on a phone, and pasted from a spreadsheet."""

from __future__ import annotations

import pyarrow as pa
import pytest
from console_site import Site, texts
from streamlit.testing.v1 import AppTest

from services.experiment.store import load_draft
from services.workflow.options_view import options_state


def options(site: Site, id: str, dimension: str) -> list[dict]:
    document = load_draft(site.console.database, id).document
    return next(d["options"] for d in document["dimensions"] if d["key"] == dimension)


def button(app: AppTest, start: str) -> object:
    return next(b for b in app.button if str(b.key).startswith(start))


@pytest.fixture
def offer(site: Site) -> tuple[str, str]:
    """A draft and the key of its first dimension."""
    id = site.draft()
    return id, load_draft(site.console.database, id).document["dimensions"][0]["key"]


def test_pasting_is_offered_where_options_are_typed(site: Site, offer: tuple[str, str]) -> None:
    """What becomes of the lines: tests of reading them, and the journey in a browser."""
    id, dimension = offer
    app = site.open("options", experiment=id)
    button(app, f"options.paste.{dimension}").click().run()
    assert not app.exception
    assert [a.label for a in app.text_area] == ["Lines from the spreadsheet"]
    assert button(app, "paste.add").disabled


def test_as_a_list_every_option_is_a_row_with_a_menu(site: Site, offer: tuple[str, str]) -> None:
    id, dimension = offer
    app = site.open("options", experiment=id)
    toggle = next(t for t in app.toggle if t.key == "options.as_list")
    assert not toggle.value
    toggle.set_value(True).run()
    assert not app.exception
    said = texts(app).replace("\\", "")
    for option in options(site, id, dimension):
        assert f"**{option['label']}**" in said


def test_people_per_option_and_without_any_are_counted(site: Site) -> None:
    rules = [
        {
            "kind": "option_needs",
            "dimension": "d",
            "option": key,
            "attribute": "tenure",
            "comparison": "above",
            "value": limit,
        }
        for key, limit in (("a", 6), ("b", 12))
    ]
    dimension = {
        "key": "d",
        "kind": "offer",
        "label": "D",
        "options": [{"key": k, "label": k, "value": k, "cost": 0.0} for k in ("a", "b")],
    }
    id = site.draft(dimensions=[dimension], rules=rules, targets=[])
    day = site.console.clock.now().date()
    people = pa.table(
        {
            "person": pa.array(range(4), pa.int64()),
            "in_audience": pa.array([True] * 4),
            "email_subscribe": pa.array(["opted_in"] * 4),
            "push_subscribe": pa.array(["opted_in"] * 4),
            "attr:tenure": pa.array([3, 9, 15, None], pa.float64()),
        }
    )
    site.console.lake.append("snapshots", id, day, people)
    document = load_draft(site.console.database, id).document
    state = options_state(site.console.lake, id, document, day)
    assert state.people_for("d", "a") == 2
    assert state.people_for("d", "b") == 1
    assert state.n_nobody == 2
    assert [(group.n, len(group.why)) for group in state.without] == [(2, 2)]
    assert state.instead == "nothing"
    said = texts(site.open("options", experiment=id))
    assert "2 people have no option left" in said
    assert "2: a only for people whose tenure is above 6" in said.replace("\\", "")
    document["rules"] = [*rules, {"kind": "none_left", "then": "usual"}]
    assert options_state(site.console.lake, id, document, day).instead == "usual"
