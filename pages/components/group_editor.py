"""The four groups: what each gets, and their shares, checked while one types."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.components import session
from pages.components.badges import GROUPS
from pages.components.drafting import Editing, save
from pages.components.theme import chart_style
from pages.components.translate import _, number, say
from services.experiment.drafts import Document, read_draft
from services.experiment.model import Group, PrimaryComparison
from services.insights.category_charts import group_bars
from services.messages import Message, msg
from services.workflow.audience_view import split

WHOLE_PERCENT = 100

GROUP_SENTENCES: dict[Group, Message] = {
    Group.PERSONALISED: msg("**Personalised** gets the best bet for each."),
    Group.RANDOM: msg("**Random** gets any allowed option."),
    Group.USUAL: msg("**As usual** gets what you send now."),
    Group.HOLDOUT: msg("**Holdout** gets nothing at all."),
}
OVER: dict[PrimaryComparison, Message] = {
    PrimaryComparison.HOLDOUT: msg("no message (holdout)"),
    PrimaryComparison.USUAL: msg("business as usual"),
}


def draw_groups(editing: Editing, people: int | None) -> None:
    """Bars with share and count, a sentence for each group, and the editor behind a button."""
    experiment = read_draft(editing.document).experiment
    rows = [
        {
            "group": group.value,
            "label": say(GROUPS[group].word),
            "share": share,
            "people": count if people is not None else float("nan"),
        }
        for group, share, count in split(people or 0, experiment)
        if share > 0
    ]
    if rows:
        st.altair_chart(
            group_bars(pd.DataFrame(rows), chart_style()),
            alt=_("How people are split into the groups"),
        )
    present = [Group(str(row["group"])) for row in rows]
    st.markdown(" ".join(say(GROUP_SENTENCES[group]) for group in present))
    st.caption(_("Drawn once, kept for good."))
    if editing.may_edit:
        with st.popover(_("Change the shares"), icon=":material/tune:"):
            _editor(editing)


def _editor(editing: Editing) -> None:
    shares: dict[str, Any] = editing.document.get("groups") or {}
    typed: dict[str, float] = {}
    with st.grid(2, min_column_width=110):
        for group in Group:
            key = editing.key(f"groups.{group.value}")
            typed[group.value] = st.number_input(
                _("{group}, %").format(group=say(GROUPS[group].word)),
                min_value=0.0,
                max_value=float(WHOLE_PERCENT),
                value=round(WHOLE_PERCENT * float(shares.get(group.value, 0.0)), 2),
                step=1.0,
                format="%g",
                key=key,
                on_change=_save_share,
                args=(editing.id, group.value, key),
            )
    total = sum(typed.values())
    if abs(total - WHOLE_PERCENT) < 0.01:
        st.markdown(_(":green[:material/check_circle:] Together 100%."))
    else:
        words = _("Together {total}%. They have to add up to 100%.").format(
            total=number(total, digits=0 if total == round(total) else 1)
        )
        st.markdown(f":orange[:material/warning:] {words}")
    key = editing.key("primary")
    now = str(editing.document.get("primary_comparison") or PrimaryComparison.HOLDOUT.value)
    st.selectbox(
        _("Personalised messages are judged against"),
        list(PrimaryComparison),
        index=list(PrimaryComparison).index(PrimaryComparison(now)),
        format_func=lambda over: say(OVER[over]),
        help=_("Fixed when the experiment starts; all other comparisons are named secondary."),
        key=key,
        on_change=_save_primary,
        args=(editing.id, key),
    )


def _save_share(experiment_id: str, group: str, key: str) -> None:
    share = float(session.held(key) or 0.0) / WHOLE_PERCENT

    def change(document: Document) -> None:
        document["groups"] = {**(document.get("groups") or {}), group: round(share, 6)}

    save(experiment_id, change)


def _save_primary(experiment_id: str, key: str) -> None:
    chosen = session.held(key)

    def change(document: Document) -> None:
        document["primary_comparison"] = str(chosen)

    save(experiment_id, change)
