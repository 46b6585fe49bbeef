"""Rules on amounts have their fields in the dialog and are read back on the page."""

from __future__ import annotations

import pytest
from console_site import Site, texts
from streamlit.testing.v1 import AppTest

from pages.components.limit_forms import LIMIT_FORMS
from pages.components.rule_dialog import KIND_WORDS

A_FORM = """
import streamlit as st
from pages.components.limit_forms import LIMIT_FORMS
from services.experiment.drafts import read_draft
from services.experiment.use_cases import starting_document

experiment = read_draft(starting_document("upsell") | {changes}).experiment
st.session_state["typed"] = LIMIT_FORMS["{kind}"](experiment, {before})
"""


def form(kind: str, before: dict[str, object] | None = None, **changes: object) -> AppTest:
    script = A_FORM.replace("{changes}", repr(changes)).replace("{kind}", kind)
    return AppTest.from_string(script.replace("{before}", repr(before or {}))).run()


@pytest.mark.parametrize(
    ("kind", "fields", "rule"),
    [
        ("budget", {"rule.budget.money": 900.0}, {"money": 900.0}),
        ("none_left", {"rule.none_left.then": "nothing"}, {"then": "nothing"}),
        ("may_send_nothing", {}, {}),
        ("net_of_cost", {"rule.net.worth": 30.0}, {"worth": 30.0}),
    ],
)
def test_what_is_typed_is_the_rule(kind: str, fields: dict[str, object], rule: dict[str, object]):
    app = form(kind, metric={"kind": "conversion"})
    for key, value in fields.items():
        widgets = app.radio if key.endswith(".then") else app.number_input
        widgets(key=key).set_value(value).run()
    assert not app.exception
    assert app.session_state["typed"] == rule


@pytest.mark.parametrize("kind", ["share_cap", "least_share"])
def test_a_share_is_typed_in_percent_and_comes_back_in_percent(kind: str):
    app = form(kind)
    assert app.session_state["typed"] is None
    app.selectbox[0].select_index(1).run()
    app.number_input[0].set_value(12.5).run()
    typed = app.session_state["typed"]
    assert typed["share"] == 0.125
    assert {"dimension", "option", "share"} == typed.keys()
    again = form(kind, before=typed)
    assert again.session_state["typed"] == typed
    assert again.number_input[0].value == 12.5


def test_costs_of_a_metric_in_money_need_no_worth():
    app = form("net_of_cost", metric={"kind": "revenue"})
    assert not app.number_input
    assert app.session_state["typed"] == {"worth": None}


def test_the_dialog_offers_every_rule_on_amounts():
    assert LIMIT_FORMS.keys() <= KIND_WORDS.keys()


def test_rules_on_amounts_are_read_back_with_what_they_do(site: Site):
    rules = [{"kind": "budget", "money": 900.0}, {"kind": "may_send_nothing"}]
    said = texts(site.open("options", experiment=site.draft(rules=rules)))
    assert "At most 900 USD in all, spread over the planned days." in said
    assert "prices that are fixed each day" in said
    assert "To send nothing this time is one of the choices." in said
