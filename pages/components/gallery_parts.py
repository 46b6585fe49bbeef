"""The parts of Templates: how to look, the gallery of frames, checks and approval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.components import session, states
from pages.components.badges import CONTENT, drawn, escape
from pages.components.content_change import draw_change
from pages.components.drafting import Editing
from pages.components.head import card_title
from pages.components.intent_progress import ask_button
from pages.components.mail_frame import draw_frame
from pages.components.translate import _, day, ngettext, number, say, say_json
from services.bootstrap import Console
from services.content.lock import LockState
from services.experiment.model import Experiment
from services.intents.model import IntentKind
from services.lake import Lake
from services.workflow.accounts import LOCAL_EMAIL, Account, Role
from services.workflow.templates_view import (
    Card,
    Gallery,
    Sample,
    cards,
    look_dimensions,
    samples,
)

CARDS_A_PAGE = 24
PHONE, DESKTOP = "phone", "desktop"


@dataclass(frozen=True)
class Look:
    """How the reader wants to see the messages."""

    phone: bool
    remote_images: bool
    variants_of: str | None
    combination: Mapping[str, str]
    profile: Mapping[str, Any]


@st.cache_data(ttl="5m", show_spinner=False, max_entries=64)
def kept_samples(
    home: str, experiment_id: str, exported_on: str, _lake: Lake, _experiment: Experiment
) -> list[Sample]:
    """People to look as, kept for a while or until the next export: finding them reads a whole
    snapshot."""
    return samples(_lake, _experiment, experiment_id)


def draw_toolbar(console: Console, seen: Gallery, editing: Editing) -> Look:
    """Screen, person, options, remote images."""
    words = {PHONE: _("Phone"), DESKTOP: _("Desktop")}
    icons = {PHONE: ":material/smartphone:", DESKTOP: ":material/computer:"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        screen = st.segmented_control(
            _("Screen"),
            list(words),
            default=PHONE,
            required=True,
            format_func=lambda one: f"{icons[one]} {words[one]}",
            key="templates.screen",
        )
        people = kept_samples(
            str(console.home), editing.id, editing.exported_on, console.lake, seen.experiment
        )
        chosen = st.selectbox(
            _("Seen as customer"),
            range(len(people) + 1),
            format_func=lambda place: _about(people, place),
            key="templates.sample",
            width=280,
        )
        variants_of, combination = _options(seen)
        remote = st.toggle(
            _("Load remote images"),
            key="templates.remote",
            help=_("Loading them tells the image server that somebody looked."),
        )
    profile = people[chosen - 1].profile if chosen else {}
    return Look(screen == PHONE, remote, variants_of, combination, profile)


def draw_gallery(seen: Gallery, look: Look, editing: Editing, person: Account) -> None:
    """Every target as the chosen person would get it."""
    database = session.services().database
    found = cards(database, seen, look.combination, look.variants_of, look.profile)
    pages = -(-len(found) // CARDS_A_PAGE)
    page = st.pagination(pages, key="templates.page") if pages > 1 else 1
    shown = found[CARDS_A_PAGE * (page - 1) : CARDS_A_PAGE * page]
    asked: set[str] = set()
    with st.grid(3 if look.phone else 2, min_column_width=300 if look.phone else 520):
        for card in shown:
            with st.container(border=True, height="stretch"):
                _card(card, look, person, first=card.subject not in asked)
            asked.add(card.subject)
    _combination_check(editing, person)


def waiting_subjects(seen: Gallery) -> set[str]:
    """Contents that nobody has approved as they are now."""
    found = cards(session.services().database, seen, {}, None, {})
    return {card.subject for card in found if card.lock is not LockState.APPROVED}


def _options(seen: Gallery) -> tuple[str | None, dict[str, str]]:
    dimensions = look_dimensions(seen.experiment)
    if not dimensions:
        return None, {}
    combination: dict[str, str] = {}
    with st.popover(_("Options shown"), icon=":material/tune:"):
        labels = {d.key: d.label for d in dimensions}
        variants_of = st.selectbox(
            _("One card for each"),
            ["", *labels],
            index=1,
            format_func=lambda key: labels.get(key, _("channel only")),
            key="templates.variants",
        )
        for dimension in dimensions:
            if dimension.key == variants_of:
                continue
            names = {option.key: option.label for option in dimension.options}
            combination[dimension.key] = st.selectbox(
                dimension.label,
                list(names),
                format_func=names.__getitem__,
                key=f"templates.option.{dimension.key}",
            )
    return variants_of or None, combination


def _about(people: list[Sample], place: int) -> str:
    if place == 0:
        return _("Nobody in particular")
    parts = [f"{name} {value}" for name, value in people[place - 1].about]
    return " · ".join(parts) or _("Customer {n}").format(n=number(place))


def _card(card: Card, look: Look, person: Account, *, first: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            card_title(card.variant or card.name)
        st.markdown(drawn(CONTENT[card.lock.value]), width="content")
    if card.variant:
        st.caption(escape(card.name))
    if card.preview is None:
        states.wrong(
            _("This message cannot be shown"), escape(say(card.error)), key=card.key, retry=False
        )
        return
    name = _("{name}, as a customer sees it").format(name=card.variant or card.name)
    draw_frame(card.preview, phone=look.phone, remote_images=look.remote_images, name=name)
    st.space("stretch")
    if card.n_alike > 1:
        st.markdown(
            ":small["
            + _("All {n} options look the same here: the message does not use them.").format(
                n=number(card.n_alike)
            )
            + "]"
        )
    st.caption(_approval_words(card))
    if first and card.lock is LockState.CHANGED:
        draw_change(card.changes, card.name, f"{card.subject}.{(card.digest or '')[:8]}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if first and card.lock is not LockState.APPROVED and card.digest:
            if person.may(Role.APPROVER):
                ask_button(
                    IntentKind.APPROVE_CONTENT,
                    None,
                    label=_("Approve"),
                    key=f"templates.approve.{card.subject}.{card.digest[:8]}",
                    payload={"subjects": [{"subject": card.subject, "digest": card.digest}]},
                    look="primary",
                    icon=":material/lock:",
                )
            else:
                words = _("An approver decides about it.")
                st.markdown(f":small[{words}]", width="content")
        _checks(card)


def _approval_words(card: Card) -> str:
    if card.approval is None:
        return _("Nobody has approved it yet. Nothing is sent before.")
    when = day(card.approval.approved_at)
    by = card.approval.approved_by
    if card.lock is LockState.CHANGED:
        if by == LOCAL_EMAIL:
            return _("Changed after {day}. Sending waits until it is approved again.").format(
                day=when
            )
        return _(
            "Changed after {account} approved it on {day}. Sending waits until it is approved "
            "again."
        ).format(account=escape(by), day=when)
    if by == LOCAL_EMAIL:
        return _("Approved, {day}").format(day=when)
    return _("Approved by {account}, {day}").format(account=escape(by), day=when)


def _checks(card: Card) -> None:
    problems = card.preview.problems if card.preview else ()
    label = (
        ngettext("{n} check to look at", "{n} checks to look at", len(problems)).format(
            n=number(len(problems))
        )
        if problems
        else _("Checks are fine")
    )
    with st.popover(label, type="tertiary", icon=":material/checklist:"):
        if not problems:
            st.markdown(
                _(
                    "Subject, preheader, size, unsubscribe link and all values are as they "
                    "should be."
                )
            )
        for problem in problems:
            colour, icon = ("red", "block") if problem.blocking else ("orange", "warning")
            st.markdown(
                f":{colour}[:material/{icon}:] **{escape(say(problem.what))}**  \n"
                f"{escape(say(problem.hint))}"
            )


def _combination_check(editing: Editing, person: Account) -> None:
    """Every combination somebody could get, rendered by the worker."""
    if not person.may(Role.EDITOR):
        return
    revision = editing.draft.revision
    asked = ask_button(
        IntentKind.RENDER_COMBINATIONS,
        editing.id,
        label=_("Check every combination"),
        key=f"templates.render.{editing.id}.{revision}",
        payload={"revision": revision},
        icon=":material/fact_check:",
    )
    result = dict(asked.result or {}) if asked is not None and not asked.is_open else {}
    if "n" not in result:
        return
    problems = list(result.get("problems", ()))
    n = int(result["n"])
    words = ngettext("{n} combination checked", "{n} combinations checked", n).format(n=number(n))
    found = ngettext("{n} finding", "{n} findings", len(problems)).format(n=number(len(problems)))
    st.markdown(f"**{words}**, {found}.")
    for problem in problems[:10]:
        colour, icon = ("red", "block") if problem.get("blocking") else ("orange", "warning")
        times = ngettext("in {n} combination", "in {n} combinations", problem["n"])
        st.markdown(
            f":{colour}[:material/{icon}:] {escape(say_json(problem['what']))} "
            f":small[{times.format(n=number(problem['n']))}]"
        )
