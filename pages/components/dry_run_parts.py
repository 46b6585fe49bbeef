"""The dry run on Launch: what tomorrow would look like. Nothing leaves this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from pages.components import session
from pages.components.badges import escape
from pages.components.drafting import Editing
from pages.components.head import section
from pages.components.intent_progress import ask_button
from pages.components.translate import _, day, moment, money, number, say_json
from services.experiment.model import Experiment
from services.intents.model import Intent, IntentKind, IntentState
from services.intents.store import latest


def draw_dry_run(editing: Editing, experiment: Experiment, *, may_ask: bool) -> None:
    """The button, its progress, and what came of it for this revision of the draft."""
    section(_("Dry run of the first day"))
    revision = editing.draft.revision
    asked = None
    if may_ask:
        asked = ask_button(
            IntentKind.DRY_RUN,
            editing.id,
            label=_("Rehearse the first day"),
            key=f"launch.dry_run.{editing.id}.{revision}",
            payload={"revision": revision},
            icon=":material/play_circle:",
        )
    asked = asked or _kept(editing.id, revision)
    result = dict(asked.result or {}) if asked is not None and not asked.is_open else {}
    if "would_send" not in result:
        if asked is None or not asked.is_open:
            st.caption(_("It shows every request that would go out. Nothing leaves this machine."))
        return
    if asked is not None and asked.finished_at is not None:
        when = moment(asked.finished_at.timestamp(), zone=experiment.zone)
        st.caption(
            _("Nothing left this machine. Rehearsed {when} for {day}.").format(
                when=when, day=day(str(result["day"]))
            )
        )
    _figures(result)
    by_option, why_not, request = st.tabs([_("By option"), _("Why not sent"), _("One request")])
    with by_option:
        _by_option(result, experiment)
    with why_not:
        _why_not(result)
    with request:
        _request(result)


def _kept(experiment_id: str, revision: int) -> Intent | None:
    """What somebody has rehearsed of this revision: after a reload, and for who only looks."""
    newest = latest(session.services().database, IntentKind.DRY_RUN, experiment_id=experiment_id)
    if newest is None or newest.payload.get("revision") != revision:
        return None
    return newest if newest.state is IntentState.DONE else None


def _figures(result: Mapping[str, Any]) -> None:
    compared = result.get("today")
    with st.container(horizontal=True, gap="large"):
        st.metric(
            _("Would send"),
            number(result["would_send"]),
            _("today {n}").format(n=number(compared["sent"])) if compared else None,
            delta_color="off",
            delta_arrow="off",
            width="content",
        )
        st.metric(
            _("Would not"),
            number(result["would_not_send"]),
            width="content",
            help=_("People of the experiment who get nothing that day, the holdout included."),
        )
        st.metric(
            _("Cost at most"), money(result["cost"], result["currency"], digits=0), width="content"
        )


def _by_option(result: Mapping[str, Any], experiment: Experiment) -> None:
    rows = []
    for dimension in experiment.dimensions:
        counts = result["by_option"].get(dimension.key)
        if not counts:
            continue
        for option in dimension.options:
            n = int(counts.get(option.key, 0))
            rows.append((dimension.label, option.label, number(n)))
    if not rows:
        st.caption(_("Nobody would get a message."))
        return
    st.dataframe(
        pd.DataFrame(rows, columns=["dimension", "option", "n"]),
        hide_index=True,
        height="content" if len(rows) <= 20 else 400,
        alt=_("How many people would get each option"),
        column_config={
            "dimension": st.column_config.TextColumn(_("Dimension"), width=140),
            "option": st.column_config.TextColumn(_("Option"), width=260),
            "n": st.column_config.TextColumn(_("People"), width=90, alignment="right"),
        },
    )


def _why_not(result: Mapping[str, Any]) -> None:
    if not result["reasons"]:
        st.caption(_("Everybody would get a message."))
        return
    rows = [(number(one["n"]), escape(say_json(one))) for one in result["reasons"]]
    frame = pd.DataFrame(rows, columns=[_("People"), _("Why")])
    st.table(frame, border="horizontal", hide_index=True)


def _request(result: Mapping[str, Any]) -> None:
    body = result.get("one_request")
    if body is None:
        st.caption(_("There would be no request."))
        return
    st.code(json.dumps(body, indent=2, ensure_ascii=False), language="json", wrap_lines=True)
    st.caption(_("One of {n} requests, as it would go out.").format(n=number(result["requests"])))
