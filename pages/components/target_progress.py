"""On Today: what holds sending, how far each target is, and each request that is in doubt."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.components.badges import escape
from pages.components.bottom_bar import paused_words
from pages.components.head import section
from pages.components.translate import _, moment, number, say
from services.workflow.targets_today import DoubtLine, TargetLine
from services.workflow.today_view import Today

MINUTE_S, HOUR_S, DAY_S = 60.0, 3_600.0, 86_400.0


def draw_held(view: Today) -> None:
    """Who paused sending, when and why. Nothing where it is not paused."""
    if view.held is not None:
        why = escape(say(view.held.paused_reason))
        st.markdown(f":orange[:material/pause_circle: **{paused_words(view.held)}.**] {why}")


def draw_targets(targets: tuple[TargetLine, ...]) -> None:
    """A line a target: from decided to settled. Nothing where no message is planned."""
    if not targets:
        return
    section(_("Campaign by campaign"))
    names = [escape(line.name) for line in targets]
    steps = {
        _("Decided"): [line.decided for line in targets],
        _("Handed over"): [line.claimed for line in targets],
        _("Accepted"): [line.accepted for line in targets],
        _("Settled"): [line.settled for line in targets],
    }
    frame = pd.DataFrame({_("Campaign or Canvas"): names, **steps})
    st.table(frame.style.format(dict.fromkeys(steps, number)), border="horizontal", hide_index=True)
    st.caption(
        _(
            "Settled: what became of it is certain. What is handed over and not settled is on its "
            "way or in doubt."
        )
    )


def draw_requests(view: Today) -> None:
    """The requests in doubt, oldest first, with their age and when Braze is asked next."""
    lines = view.in_doubt
    if not lines:
        return
    rows = [
        (
            escape(line.name),
            line.request.n,
            _age(line),
            moment(line.request.next_look_s, zone=view.zone) if line.request.next_look_s else "–",
        )
        for line in lines
    ]
    messages = _("Messages")
    frame = pd.DataFrame(
        rows, columns=[_("Campaign or Canvas"), messages, _("Age"), _("Braze is asked")]
    )
    st.table(frame.style.format({messages: number}), border="horizontal", hide_index=True)
    left = view.doubts.n - sum(line.request.n for line in lines)
    if left > 0:
        st.caption(_("And {n} more, younger than these.").format(n=number(left)))


def _age(line: DoubtLine) -> str:
    if line.age_s < HOUR_S:
        return _("{n} min").format(n=number(line.age_s // MINUTE_S))
    if line.age_s < DAY_S:
        return _("{n} h").format(n=number(line.age_s // HOUR_S))
    return _("{n} d").format(n=number(line.age_s // DAY_S))
