"""Send one combination to a few people of one's own, before anybody else gets anything."""

from __future__ import annotations

import streamlit as st

from pages.components import session
from pages.components.drafting import Editing
from pages.components.intent_progress import ask_button
from pages.components.translate import _, say
from services.experiment.model import Experiment
from services.intents.model import Intent, IntentKind, IntentState
from services.workflow.sending_tests import MOST_ADDRESS_CHARS, address_refused, is_address
from services.workflow.test_profiles import ADDRESS, GONE, HANDED_OVER_AT, RECEIVED

MAX_CHARACTERS = 2_000
IDS = "ids"


def draw_test_send(editing: Editing, experiment: Experiment) -> None:
    """Folded: to whom, which options, and the button."""
    with st.expander(_("Send a test to yourself"), icon=":material/send:"):
        ways = {IDS: _("Customer IDs"), ADDRESS: _("Email address")}
        way = st.segmented_control(
            _("Send it to"),
            list(ways),
            format_func=ways.__getitem__,
            default=IDS,
            required=True,
            key=editing.key("launch.test.way"),
        )
        typed = _whom(editing, str(way))
        combination = _options(editing, experiment)
        if way == ADDRESS:
            _to_address(editing, experiment, typed, combination)
        else:
            _to_ids(editing, typed, combination)


def _whom(editing: Editing, way: str) -> str:
    if way == ADDRESS:
        return st.text_input(
            _("Your email address"),
            key=editing.key("launch.test.address"),
            max_chars=MOST_ADDRESS_CHARS,
            autocomplete="email",
        ).strip()
    return st.text_area(
        _("Customer IDs of your own, one a line"),
        key=editing.key("launch.test.ids"),
        max_chars=MAX_CHARACTERS,
    )


def _options(editing: Editing, experiment: Experiment) -> dict[str, str]:
    combination: dict[str, str] = {}
    for dimension in experiment.send_dimensions:
        names = {option.key: option.label for option in dimension.options}
        if len(names) < 2:
            combination[dimension.key] = next(iter(names), "")
            continue
        combination[dimension.key] = st.selectbox(
            dimension.label,
            list(names),
            format_func=names.__getitem__,
            key=editing.key(f"launch.test.{dimension.key}"),
        )
    return combination


def _to_ids(editing: Editing, typed: str, combination: dict[str, str]) -> None:
    ids = [line.strip() for line in typed.splitlines() if line.strip()]
    ask_button(
        IntentKind.TEST_SEND,
        editing.id,
        label=_("Send the test"),
        key=f"launch.test.{editing.id}",
        payload={"external_ids": ids, "combination": combination},
        icon=":material/send:",
        disabled=not ids,
        help=None if ids else _("Give at least one customer ID."),
        done=_("Braze took the test."),
    )
    st.caption(_("It goes out at once, to these people only, and does not count."))


def _to_address(
    editing: Editing, experiment: Experiment, typed: str, combination: dict[str, str]
) -> None:
    refused = address_refused(session.services(), experiment, combination)
    right = is_address(typed)
    asked = ask_button(
        IntentKind.TEST_SEND,
        editing.id,
        label=_("Send the test"),
        key=f"launch.test.address.{editing.id}",
        payload={ADDRESS: typed, "combination": combination},
        icon=":material/send:",
        disabled=refused is not None or not right,
        help=None if right else _("Give an email address."),
        done=_("Braze took the test."),
        single=True,  # the address leaves the request: another tab could not tell them apart
    )
    if asked is not None and asked.state is IntentState.DONE:
        st.caption(_what_followed(asked))
    elif refused is not None:
        st.caption(":orange[:material/warning:] " + say(refused))
    else:
        st.caption(
            _(
                "Anneal makes a test profile with this address, sends to it and deletes it again. "
                "The address is not kept. The target's own audience filters still apply."
            )
        )


def _what_followed(asked: Intent) -> str:
    received = dict(asked.result or {}).get(RECEIVED)
    if received is None or HANDED_OVER_AT not in asked.payload:
        return _("The test profile is deleted once the message has left, within an hour.")
    words = (
        _("Braze shows the message as sent.")
        if received
        else _(
            "Braze showed no message within an hour: perhaps the target's audience filters left "
            "the test profile out."
        )
    )
    fate = (
        _("The test profile is deleted.")
        if asked.payload.get(GONE)
        else _("The test profile is being deleted.")
    )
    return f"{words} {fate}"
