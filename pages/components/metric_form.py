"""What counts as a success: kind, what is counted, within how many days, and how it is said."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.components import session
from pages.components.badges import escape
from pages.components.drafting import Editing, save
from pages.components.translate import _, listed, ngettext, number, say
from services.experiment.drafts import Document
from services.experiment.model import Experiment, Metric, MetricKind, MetricSource, SourceKind
from services.messages import Message, msg
from services.workflow.metric_view import MONEY_KINDS, Countable

MOST_USUAL_DAYS = 30  # the model allows 60; a longer window delays every answer
CURRENCIES = ("USD", "EUR", "GBP", "KRW", "JPY", "AUD", "CAD", "CHF", "INR", "BRL", "SGD")
KIND_WORDS: dict[MetricKind, Message] = {
    MetricKind.CONVERSION: msg("Conversion"),
    MetricKind.REVENUE: msg("Revenue"),
    MetricKind.ARPU: msg("ARPU"),
    MetricKind.CUSTOM: msg("Your own"),
    MetricKind.WEIGHTED: msg("Weighted sum"),
}
SOURCE_WORDS: dict[str, Message] = {
    SourceKind.EVENT.value: msg("custom event"),
    SourceKind.PURCHASE.value: msg("purchase"),
    SourceKind.ATTRIBUTE.value: msg("attribute"),
}
ANY_PURCHASE = "purchase:"


def edit_metric(editing: Editing, experiment: Experiment, names: Countable) -> None:
    """Draw the fields for the draft's kind of metric; each saves by itself."""
    metric = experiment.metric
    off = not editing.may_edit
    key = editing.key("metric.kind")
    st.segmented_control(
        _("Success metric"),
        list(KIND_WORDS),
        default=metric.kind,
        required=True,
        format_func=lambda kind: say(KIND_WORDS[kind]),
        wrap=True,
        disabled=off,
        key=key,
        on_change=_set_kind,
        args=(editing.id, key),
    )
    if metric.kind is MetricKind.WEIGHTED:
        _weights(editing, metric, names, off)
    elif metric.kind in MONEY_KINDS:
        _currency(editing, experiment, off)
    else:
        _source(editing, metric, names, off)
    if metric.kind is not MetricKind.ARPU:
        days_key = editing.key("metric.window")
        st.slider(
            _("Within how many days of the message"),
            1,
            max(MOST_USUAL_DAYS, metric.window_days),
            metric.window_days,
            disabled=off,
            key=days_key,
            on_change=_set,
            args=(editing.id, "window_days", days_key),
        )
    if metric.kind not in MONEY_KINDS:
        noun_key = editing.key("metric.noun")
        st.text_input(
            _("What you call them, in the plural"),
            value=metric.noun,
            max_chars=40,
            placeholder=_("upgrades"),
            disabled=off,
            key=noun_key,
            on_change=_set,
            args=(editing.id, "noun", noun_key),
        )
    st.markdown(f"> {_sentence(metric, experiment.currency)}")


def _sentence(metric: Metric, currency: str) -> str:
    days = metric.window_days
    within = ngettext("within {n} day", "within {n} days", days).format(n=number(days))
    noun = escape(metric.noun or _("successes"))
    if metric.kind is MetricKind.REVENUE:
        return _(
            "What a customer spends **{within}** of a message counts, in {currency}, capped so "
            "that one huge order does not decide."
        ).format(within=within, currency=currency)
    if metric.kind is MetricKind.ARPU:
        return _("Revenue for each person of a group and 30 days counts, in {currency}.").format(
            currency=currency
        )
    if not metric.sources:
        return _("Choose what counts; the sentence follows.")
    if metric.kind is MetricKind.WEIGHTED:
        parts = [f"{number(s.weight, digits=1)} × {escape(s.name or '')}" for s in metric.sources]
        return _("Points **{within}** of a message count: {parts}.").format(
            within=within, parts=listed(parts)
        )
    what = escape(metric.sources[0].name or _("any purchase"))
    if metric.kind is MetricKind.CONVERSION:
        return _(
            "A customer counts as a success if there is **{what} {within}** of a message. Each "
            "person counts once."
        ).format(what=what, within=within)
    return _("Every **{what} {within}** of a message counts towards {noun}.").format(
        what=what, within=within, noun=noun
    )


def _source(editing: Editing, metric: Metric, names: Countable, off: bool) -> None:
    found = [f"event:{name}" for name in names.events]
    found += [ANY_PURCHASE] + [f"purchase:{name}" for name in names.products]
    if metric.kind is MetricKind.CUSTOM:
        found += [f"attribute:{name}" for name in names.attributes]
    now = _coded(metric.sources[0]) if metric.sources else None
    if now is not None and now not in found:
        found.insert(0, now)
    key = editing.key(f"metric.source.{metric.kind}")
    st.selectbox(
        _("Counts when the customer does"),
        found,
        index=found.index(now) if now is not None else None,
        format_func=_source_words,
        accept_new_options=True,
        placeholder=_("Choose, or type an event's name"),
        help=_("Names come from the last export. An event typed here must match Braze exactly."),
        disabled=off,
        key=key,
        on_change=_set_source,
        args=(editing.id, key),
    )


def _weights(editing: Editing, metric: Metric, names: Countable, off: bool) -> None:
    rows = pd.DataFrame(
        {
            "name": pd.Series([s.name or "" for s in metric.sources], dtype="string"),
            "weight": pd.Series([s.weight for s in metric.sources], dtype="float"),
        }
    )
    key = editing.key(f"metric.weights.{len(metric.sources)}")
    st.data_editor(
        rows,
        num_rows="fixed" if off else "dynamic",
        hide_index=True,
        disabled=off,
        key=key,
        on_change=_set_weights,
        args=(editing.id, key),
        alt=_("Events and the points each is worth"),
        column_config={
            "name": st.column_config.TextColumn(_("Event"), width=210, required=True),
            "weight": st.column_config.NumberColumn(
                _("Points"), width=90, default=1.0, required=True
            ),
        },
    )
    if names.events:
        st.caption(_("Known events: {names}").format(names=escape(listed(names.events[:8]))))
    st.caption(_("Example: a renewal 5, a support call −1. Points below zero are possible."))


def _currency(editing: Editing, experiment: Experiment, off: bool) -> None:
    choices = list(dict.fromkeys([experiment.currency, *CURRENCIES]))
    key = editing.key("metric.currency")
    st.selectbox(
        _("Currency of your amounts"),
        choices,
        help=_("Braze's own reports are in US dollars; Anneal does not convert."),
        disabled=off,
        width=200,
        key=key,
        on_change=_set_currency,
        args=(editing.id, key),
    )


def _coded(source: MetricSource) -> str:
    return f"{source.kind.value}:{source.name or ''}"


def _source_words(code: str) -> str:
    kind, colon, name = code.partition(":")
    if not colon or kind not in SOURCE_WORDS:
        return code
    if not name:
        return _("any purchase")
    return f"{name} ({say(SOURCE_WORDS[kind])})"


def _decoded(code: str) -> dict[str, Any]:
    kind, colon, name = code.partition(":")
    if not colon or kind not in SOURCE_WORDS:
        kind, name = SourceKind.EVENT.value, code.strip()
    return {"kind": kind, "name": name or None, "weight": 1.0}


def _set(experiment_id: str, part: str, key: str) -> None:
    value = session.held(key)

    def change(document: Document) -> None:
        document["metric"] = dict(document.get("metric") or {}) | {part: value}

    save(experiment_id, change)


def _set_kind(experiment_id: str, key: str) -> None:
    kind = MetricKind(session.held(key))

    def change(document: Document) -> None:
        metric = dict(document.get("metric") or {})
        sources = [s for s in metric.get("sources") or () if s["kind"] != SourceKind.REVENUE.value]
        if kind in MONEY_KINDS:
            sources = [{"kind": SourceKind.REVENUE.value, "name": None, "weight": 1.0}]
        elif kind is not MetricKind.WEIGHTED:
            sources = sources[:1]
        document["metric"] = metric | {"kind": kind.value, "sources": sources}

    save(experiment_id, change)


def _set_source(experiment_id: str, key: str) -> None:
    code = session.held(key)

    def change(document: Document) -> None:
        sources = [_decoded(str(code))] if code else []
        document["metric"] = dict(document.get("metric") or {}) | {"sources": sources}

    save(experiment_id, change)


def _set_weights(experiment_id: str, key: str) -> None:
    edits: dict[str, Any] = dict(session.held(key) or {})

    def change(document: Document) -> None:
        metric = dict(document.get("metric") or {})
        rows = [dict(source) for source in metric.get("sources") or ()]
        for row, cells in (edits.get("edited_rows") or {}).items():
            rows[int(row)] |= cells
        gone = set(edits.get("deleted_rows") or ())
        rows = [row for place, row in enumerate(rows) if place not in gone]
        for cells in edits.get("added_rows") or ():
            if cells.get("name"):
                fresh = {"kind": SourceKind.EVENT.value, "weight": 1.0}
                rows.append(fresh | {k: v for k, v in cells.items() if v is not None})
        document["metric"] = metric | {"sources": rows}

    if save(experiment_id, change) and (edits.get("added_rows") or edits.get("deleted_rows")):
        session.new_generation(experiment_id)


def _set_currency(experiment_id: str, key: str) -> None:
    currency = session.held(key)

    def change(document: Document) -> None:
        document["currency"] = str(currency)

    save(experiment_id, change)
