"""The part of Insights that says whether its numbers can be trusted."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.components import session, states
from pages.components.badges import GROUPS, badge, drawn
from pages.components.translate import _, number
from services.experiment.model import Experiment
from services.insights.balance import Alarm
from services.workflow.trust_view import trust


def draw_trust(experiment: Experiment) -> None:
    """Groups against the draw, by the exact e-process, as a table."""
    found = trust(session.services().database, experiment)
    if found is None:
        states.not_yet(_("Groups: not yet"), _("Nobody has entered the experiment yet."))
        return
    st.markdown(_verdict(found.alarm))
    rows = [
        {
            _("Group"): drawn(GROUPS[line.group]),
            _("Expected"): number(line.expected),
            _("Seen"): number(line.seen),
        }
        for line in found.lines
    ]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, width=460)
    st.caption(
        _("People are drawn once and keep their group. This check is exact however often you look.")
    )


def _verdict(alarm: Alarm) -> str:
    match alarm:
        case Alarm.FINE:
            return badge("green", "check_circle", _("Group sizes are as drawn"))
        case Alarm.WARN:
            return badge("orange", "warning", _("Group sizes drift from the draw"))
        case Alarm.PAUSE:
            return badge(
                "red", "error", _("Group sizes are not those drawn: do not trust the lift")
            )
