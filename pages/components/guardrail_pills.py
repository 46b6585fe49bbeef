"""What is watched and never optimised, with the limit of each."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import session
from pages.components.drafting import Editing, save
from pages.components.translate import _, say
from services.experiment.drafts import Document
from services.experiment.model import Experiment, GuardrailKind
from services.messages import Message, msg

WORDS: dict[GuardrailKind, Message] = {
    GuardrailKind.UNSUBSCRIBES: msg("Unsubscribes"),
    GuardrailKind.SPAM_REPORTS: msg("Spam reports"),
    GuardrailKind.MESSAGES_PER_PERSON: msg("Messages a person"),
}
LIMIT_WORDS: dict[GuardrailKind, Message] = {
    GuardrailKind.UNSUBSCRIBES: msg("Unsubscribes, % of delivered messages"),
    GuardrailKind.SPAM_REPORTS: msg("Spam reports, % of delivered messages"),
    GuardrailKind.MESSAGES_PER_PERSON: msg("Messages a person and week"),
}
# Mailbox providers act on spam reports from 0.1 %; the others are where senders usually worry.
USUAL_LIMITS = {
    GuardrailKind.UNSUBSCRIBES: 0.005,
    GuardrailKind.SPAM_REPORTS: 0.001,
    GuardrailKind.MESSAGES_PER_PERSON: 4.0,
}
IN_PERCENT = frozenset({GuardrailKind.UNSUBSCRIBES, GuardrailKind.SPAM_REPORTS})


def edit_guardrails(editing: Editing, experiment: Experiment) -> None:
    """Pills to watch or not, and the limits behind a button."""
    chosen = {guardrail.kind: guardrail.limit for guardrail in experiment.guardrails}
    key = editing.key("guardrails")
    st.pills(
        _("Watched every day"),
        list(WORDS),
        selection_mode="multi",
        default=list(chosen),
        format_func=lambda kind: say(WORDS[kind]),
        wrap=True,
        disabled=not editing.may_edit,
        label_visibility="collapsed",
        key=key,
        on_change=_choose,
        args=(editing.id, key),
    )
    if chosen and editing.may_edit:
        with st.popover(_("Limits"), type="tertiary", icon=":material/tune:"):
            for kind, limit in chosen.items():
                scale = 100.0 if kind in IN_PERCENT else 1.0
                limit_key = editing.key(f"guardrails.{kind.value}")
                st.number_input(
                    say(LIMIT_WORDS[kind]),
                    min_value=0.01,
                    value=round(limit * scale, 4),
                    step=0.1,
                    format="%g",
                    key=limit_key,
                    on_change=_limit,
                    args=(editing.id, kind.value, limit_key, scale),
                )
            st.caption(_("Above its limit the page Today says so, and you decide."))


def _choose(experiment_id: str, key: str) -> None:
    kinds = [GuardrailKind(kind) for kind in session.held(key) or ()]

    def change(document: Document) -> None:
        before: dict[str, Any] = {
            g["kind"]: g["limit"] for g in document.get("guardrails") or () if "kind" in g
        }
        document["guardrails"] = [
            {"kind": kind.value, "limit": before.get(kind.value, USUAL_LIMITS[kind])}
            for kind in kinds
        ]

    save(experiment_id, change)


def _limit(experiment_id: str, kind: str, key: str, scale: float) -> None:
    limit = float(session.held(key) or 0.01) / scale

    def change(document: Document) -> None:
        document["guardrails"] = [
            g | {"limit": limit} if g.get("kind") == kind else g
            for g in document.get("guardrails") or ()
        ]

    save(experiment_id, change)
