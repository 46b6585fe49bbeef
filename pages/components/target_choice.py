"""Through which campaign, Canvas or API campaign messages go: one choice for each channel."""

from __future__ import annotations

import streamlit as st

from pages.components import session
from pages.components.badges import escape
from pages.components.drafting import Editing, save
from pages.components.head import section
from pages.components.translate import _, say
from services.experiment.drafts import Document, read_draft
from services.experiment.model import TargetKind
from services.messages import Message, msg
from services.workflow.targets_view import (
    Place,
    Slot,
    choose,
    may_tell_apart,
    set_field,
    tell_apart,
)
from services.workflow.templates_view import Gallery

NOTHING = ""
KIND_WORDS: dict[TargetKind, Message] = {
    TargetKind.CAMPAIGN: msg("Campaign"),
    TargetKind.CANVAS: msg("Canvas"),
    TargetKind.API_CAMPAIGN: msg("API campaign"),
}


def draw_places(editing: Editing, seen: Gallery) -> None:
    """A drop-down for each channel, or for each option that has campaigns of its own."""
    section(_("Sent through"))
    if seen.catalogue is not None and not any(slot.places for slot in seen.slots):
        _how_to_make_one()
        return
    _apart(editing, seen)
    with st.grid(3, min_column_width=260):
        for number, slot in enumerate(seen.slots):
            with st.container():
                _slot(editing, seen, slot, number)
    if seen.by_hand:
        st.caption(_("This draft has more targets, with conditions of their own. They are kept."))


def _apart(editing: Editing, seen: Gallery) -> None:
    names = {d.key: d.label for d in may_tell_apart(seen.experiment)}
    if not names or not editing.may_edit:
        return
    key = editing.key("templates.apart")
    st.selectbox(
        _("A campaign of its own for each"),
        [NOTHING, *names],
        index=[NOTHING, *names].index(seen.apart or NOTHING),
        format_func=lambda one: names.get(one, _("channel only")),
        help=_("For options that Liquid tags cannot show, such as another layout or sender."),
        key=key,
        on_change=_told_apart,
        args=(editing.id, key),
        width=280,
    )


def _told_apart(experiment_id: str, key: str) -> None:
    by = str(session.held(key) or "")

    def change(document: Document) -> None:
        tell_apart(document, read_draft(document).experiment, by or None)

    save(experiment_id, change, step="templates")


def _slot(editing: Editing, seen: Gallery, slot: Slot, place: int) -> None:
    known = {one.key: one for one in slot.places}
    now = f"{slot.chosen.kind.value}:{slot.chosen.id}" if slot.chosen else NOTHING
    options = [NOTHING, *known]
    if now not in options:
        options.append(now)
    key = editing.key(f"templates.slot.{place}.{'.'.join(slot.when.values())}")
    st.selectbox(
        escape(slot.label) or _("Campaign or Canvas"),
        options,
        index=options.index(now),
        format_func=lambda one: _place_words(one, known),
        key=key,
        disabled=not editing.may_edit,
        on_change=_chosen,
        args=(editing.id, key, slot, known),
    )
    chosen = known.get(now)
    for problem in chosen.problems if chosen else ():
        colour, icon = ("red", "block") if problem.blocking else ("orange", "warning")
        st.markdown(
            f":small[:{colour}[:material/{icon}:] {escape(say(problem.what))} "
            f"{escape(say(problem.hint))}]"
        )
    if chosen is not None and chosen.kind is TargetKind.API_CAMPAIGN:
        _api_fields(editing, seen, slot, chosen, place)


def _place_words(one: str, known: dict[str, Place]) -> str:
    if one == NOTHING:
        return _("not chosen yet")
    place = known.get(one)
    if place is None:
        return one
    if place.kind is TargetKind.CAMPAIGN:
        return place.name
    return f"{place.name} · {say(KIND_WORDS[place.kind])}"


def _chosen(experiment_id: str, key: str, slot: Slot, known: dict[str, Place]) -> None:
    place = known.get(str(session.held(key)))

    def change(document: Document) -> None:
        choose(document, slot, place)

    save(experiment_id, change, step="templates")


def _api_fields(editing: Editing, seen: Gallery, slot: Slot, chosen: Place, place: int) -> None:
    """What an API campaign does not bring itself: variation, template, sender and app."""
    target = slot.chosen
    if target is None or seen.catalogue is None:
        return
    templates = {
        id: str(details.get("name") or id) for id, details in seen.catalogue.templates.items()
    }
    choices = (
        ("variation_id", _("Counted under"), dict(chosen.variations), target.variation_id),
        ("template_id", _("Email template"), templates, target.template_id),
    )
    for field, label, names, now in choices:
        key = editing.key(f"templates.{field}.{place}")
        st.selectbox(
            label,
            list(names),
            index=list(names).index(now) if now in names else None,
            format_func=names.__getitem__,
            placeholder=_("not chosen yet"),
            disabled=not editing.may_edit,
            key=key,
            on_change=_set_field,
            args=(editing.id, slot, field, key),
        )
    typed = (
        ("sender", _("Sender"), "Shop <shop@example.com>", target.sender),
        ("app_id", _("App identifier"), "", target.app_id),
    )
    for field, label, example, now in typed:
        key = editing.key(f"templates.{field}.{place}")
        st.text_input(
            label,
            value=now or "",
            placeholder=example,
            max_chars=200,
            help=_("In Braze: Settings, App Settings.") if field == "app_id" else None,
            disabled=not editing.may_edit,
            key=key,
            on_change=_set_field,
            args=(editing.id, slot, field, key),
        )


def _set_field(experiment_id: str, slot: Slot, field: str, key: str) -> None:
    value = str(session.held(key) or "").strip()
    save(experiment_id, lambda document: set_field(document, slot, field, value))


def _how_to_make_one() -> None:
    with st.container(border=True):
        st.markdown(":grey[:material/mail:] **" + _("No campaign that Anneal could trigger") + "**")
        st.markdown(
            "1. "
            + _("In Braze, make a campaign for the channel and choose **API-triggered** delivery.")
            + "\n2. "
            + _("Make one message, without a control group, and put the tags of your options in.")
            + "\n3. "
            + _(
                "Start it in Braze. It sends only when Anneal triggers it. Then read the list "
                "again."
            )
        )
