"""Build one rule from drop-downs and read it back as a sentence before it is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st
from pydantic import TypeAdapter, ValidationError

from pages.components.badges import escape
from pages.components.drafting import Editing, save
from pages.components.limit_forms import LIMIT_FORMS, LIMIT_WORDS
from pages.components.translate import _, say
from services.experiment.drafts import Document, read_draft
from services.experiment.model import Comparison, Dimension, Experiment, Rule
from services.experiment.sentences import WEEKDAYS, rule_sentence
from services.experiment.validation import problems
from services.messages import Message, msg

KIND_WORDS: dict[str, Message] = {
    "exclude": msg("Two options never go together"),
    "option_needs": msg("An option only for some people"),
    "at_most": msg("At most so many messages to one person"),
    "minimum_gap": msg("A gap between two messages to one person"),
    "quiet_days": msg("Days on which nothing is sent"),
    "daily_cap": msg("At most so many messages, or so much money, a day"),
    **LIMIT_WORDS,
}
COMPARISON_WORDS: dict[Comparison, Message] = {
    Comparison.IS: msg("is"),
    Comparison.IS_NOT: msg("is not"),
    Comparison.ABOVE: msg("is above"),
    Comparison.BELOW: msg("is below"),
    Comparison.KNOWN: msg("is known"),
}
YES, NO = ("yes", "true"), ("no", "false")
_RULE: TypeAdapter[Rule] = TypeAdapter(Rule)
Fields = Mapping[str, Any]


def rule_dialog(editing: Editing, place: int | None) -> None:
    """Body of the dialog. `place` is the rule to change, None for a new one."""
    experiment = read_draft(editing.document).experiment
    rules: list[Fields] = list(editing.document.get("rules") or ())
    before: Fields = rules[place] if place is not None else {}
    kinds = list(KIND_WORDS)
    kind = st.selectbox(
        _("What kind of rule?"),
        kinds,
        index=kinds.index(before["kind"]) if before else 0,
        format_func=lambda name: say(KIND_WORDS[name]),
        key=f"rule.kind.{place}",
    )
    typed = _FORMS[kind](experiment, before if before.get("kind") == kind else {})
    rule = _built(kind, typed)
    if rule is None:
        words = _("Fill in the fields to read the rule back.")
        st.markdown(f":small[:grey[{words}]]")
    else:
        st.markdown(f"> {escape(say(rule_sentence(rule, experiment)))}")
        refused = _refused(editing.document, rule, place)
        if refused:
            st.markdown(f":orange[:material/warning:] {refused}")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Cancel"), type="tertiary", key=f"rule.cancel.{place}"):
            st.rerun()
        fits = rule is not None and not _refused(editing.document, rule, place)
        if st.button(
            _("Save the rule"), type="primary", disabled=not fits, key=f"rule.save.{place}"
        ):
            if rule is not None:
                _keep(editing.id, rule, place)
            st.rerun()


def _built(kind: str, typed: dict[str, Any] | None) -> Rule | None:
    if typed is None:
        return None
    try:
        return _RULE.validate_python({"kind": kind} | typed)
    except ValidationError:
        return None


def _with(document: Document, rule: Rule, place: int | None) -> list[Any]:
    rules = list(document.get("rules") or ())
    written = rule.model_dump(mode="json")
    if place is None or place >= len(rules):
        return [*rules, written]
    rules[place] = written
    return rules


def _refused(document: Document, rule: Rule, place: int | None) -> str:
    """Why the rule cannot stand: what it would newly make impossible."""
    before = {str(found.what) for found in problems(document) if found.blocking}
    after = problems(document | {"rules": _with(document, rule, place)})
    fresh = [found for found in after if found.blocking and str(found.what) not in before]
    return f"{escape(say(fresh[0].what))} {escape(say(fresh[0].hint))}" if fresh else ""


def _keep(experiment_id: str, rule: Rule, place: int | None) -> None:
    def change(document: Document) -> None:
        if rule.model_dump(mode="json") not in (document.get("rules") or ()):
            document["rules"] = _with(document, rule, place)

    save(experiment_id, change)


def _exclude(experiment: Experiment, before: Fields) -> dict[str, Any] | None:
    dimensions = [d for d in experiment.send_dimensions if d.options]
    if len(dimensions) < 2:
        st.markdown(_("This needs two dimensions with options."))
        return None
    held: Mapping[str, str] = before.get("when") or {}
    keys = list(held)[:2] or [dimensions[0].key, dimensions[1].key]
    first = _option_of(dimensions, keys[0], held.get(keys[0]), "rule.first", _("Never"))
    others = [d for d in dimensions if first is None or d.key != first[0]]
    second_key = keys[1] if len(keys) > 1 else others[0].key
    second = _option_of(others, second_key, held.get(second_key), "rule.second", _("together with"))
    if first is None or second is None:
        return None
    return {"when": {first[0]: first[1], second[0]: second[1]}}


def _option_of(
    dimensions: list[Dimension], key: str, option: str | None, name: str, label: str
) -> tuple[str, str] | None:
    left, right = st.columns(2, vertical_alignment="bottom")
    keys = [d.key for d in dimensions]
    labels = {d.key: d.label for d in dimensions}
    chosen = left.selectbox(
        label,
        keys,
        index=keys.index(key) if key in keys else 0,
        format_func=labels.__getitem__,
        key=name,
    )
    dimension = next(d for d in dimensions if d.key == chosen)
    options = {o.key: o.label for o in dimension.options}
    picked = right.selectbox(
        _("Option"),
        list(options),
        index=list(options).index(option) if option in options else None,
        format_func=options.__getitem__,
        placeholder=_("Choose an option"),
        label_visibility="collapsed",
        key=f"{name}.option.{chosen}",
    )
    return (chosen, picked) if picked else None


def _option_needs(experiment: Experiment, before: Fields) -> dict[str, Any] | None:
    dimensions = [d for d in experiment.send_dimensions if d.options]
    if not dimensions or not experiment.audience.attributes:
        st.markdown(_("This needs a dimension with options, and an agreed attribute."))
        return None
    chosen = _option_of(
        dimensions,
        str(before.get("dimension") or dimensions[0].key),
        before.get("option"),
        "rule.needs",
        _("Only for some people"),
    )
    attributes = list(experiment.audience.attributes)
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    held = str(before.get("attribute") or attributes[0])
    attribute = left.selectbox(
        _("whose"),
        attributes,
        index=attributes.index(held) if held in attributes else 0,
        key="rule.attribute",
    )
    comparisons = list(COMPARISON_WORDS)
    comparison = middle.selectbox(
        _("Comparison"),
        comparisons,
        index=comparisons.index(Comparison(before.get("comparison") or Comparison.ABOVE)),
        format_func=lambda name: say(COMPARISON_WORDS[name]),
        label_visibility="collapsed",
        key="rule.comparison",
    )
    value: Any = None
    if comparison in (Comparison.ABOVE, Comparison.BELOW):
        now = before.get("value")
        start = float(now) if isinstance(now, int | float) and not isinstance(now, bool) else None
        value = right.number_input(
            _("Value"), value=start, format="%g", label_visibility="collapsed", key="rule.number"
        )
    elif comparison is not Comparison.KNOWN:
        value = _as_typed(
            right.text_input(
                _("Value"),
                value=str(before.get("value") or ""),
                label_visibility="collapsed",
                key="rule.text",
            )
        )
    if chosen is None or (value is None and comparison is not Comparison.KNOWN):
        return None
    return {
        "dimension": chosen[0],
        "option": chosen[1],
        "attribute": attribute,
        "comparison": comparison,
        "value": value,
    }


def _as_typed(text: str) -> str | float | bool | None:
    plain = text.strip()
    if plain.casefold() in (*YES, say(msg("yes"))):
        return True
    if plain.casefold() in (*NO, say(msg("no"))):
        return False
    try:
        return float(plain)
    except ValueError:
        return plain or None


def _at_most(_experiment: Experiment, before: Fields) -> dict[str, Any]:
    left, right = st.columns(2)
    messages = left.number_input(
        _("Messages"), 1, 90, int(before.get("messages") or 2), key="rule.messages"
    )
    days = right.number_input(_("in days"), 1, 90, int(before.get("days") or 7), key="rule.days")
    return {"messages": int(messages), "days": int(days)}


def _minimum_gap(_experiment: Experiment, before: Fields) -> dict[str, Any]:
    hours = st.number_input(
        _("Hours"), 0, 24 * 30, int(before.get("hours", 20)), step=1, key="rule.hours"
    )
    return {"hours": int(hours)}


def _quiet_days(_experiment: Experiment, before: Fields) -> dict[str, Any] | None:
    chosen = st.pills(
        _("Nothing is sent on"),
        list(WEEKDAYS),
        selection_mode="multi",
        default=list(before.get("weekdays") or ()),
        format_func=lambda number: say(WEEKDAYS[number]),
        wrap=True,
        key="rule.weekdays",
    )
    return {"weekdays": sorted(chosen)} if chosen else None


def _daily_cap(experiment: Experiment, before: Fields) -> dict[str, Any] | None:
    left, right = st.columns(2)
    messages = left.number_input(
        _("Messages a day"),
        min_value=1,
        value=before.get("messages"),
        step=100,
        key="rule.cap.messages",
    )
    money = right.number_input(
        _("Money a day, {currency}").format(currency=experiment.currency),
        min_value=0.01,
        value=before.get("money"),
        step=10.0,
        key="rule.cap.money",
    )
    if messages is None and money is None:
        return None
    return {"messages": int(messages) if messages else None, "money": money}


_FORMS: dict[str, Callable[[Experiment, Fields], dict[str, Any] | None]] = {
    "exclude": _exclude,
    "option_needs": _option_needs,
    "at_most": _at_most,
    "minimum_gap": _minimum_gap,
    "quiet_days": _quiet_days,
    "daily_cap": _daily_cap,
    **LIMIT_FORMS,
}
