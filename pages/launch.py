"""Launch: read it once more, see the checks and the dry run, then start."""

from __future__ import annotations

import streamlit as st

from pages.components import session, states
from pages.components.alone import alone
from pages.components.badges import escape
from pages.components.bottom_bar import setup_bar
from pages.components.drafting import Editing, open_draft, show_conflict
from pages.components.dry_run_parts import draw_dry_run
from pages.components.gate import gate
from pages.components.head import card_title, head, section
from pages.components.intent_progress import ask_button
from pages.components.launch_checks import MARKS, draw_checks
from pages.components.routes import ROUTES, go, link
from pages.components.schedule_form import draw_schedule
from pages.components.test_send import draw_test_send
from pages.components.translate import _, day, moment, ngettext, number, say
from services.activation.preflight import CheckState
from services.experiment.model import Status
from services.experiment.store import experiment_row
from services.intents.model import IntentKind
from services.workflow.accounts import LOCAL_EMAIL, Role
from services.workflow.launch_view import Launch, launch, ticked_in
from services.workflow.metric_view import draft_experiment, overruled


def draw_paragraph(editing: Editing, seen: Launch) -> None:
    """What is approved: made from the configuration and nothing else. Beside it, where somebody
    goes on in spite of "do not run", who and why."""
    with st.container(border=True):
        st.markdown(" ".join(escape(say(message)) for message in seen.paragraph))
        kept = overruled(editing.document)
        if kept is not None:
            by = str(kept.get("by") or "")
            words = (
                _("**“Do not run” was overruled**, because: {reason}")
                if by in ("", LOCAL_EMAIL)
                else _("**“Do not run” was overruled by {account}**, because: {reason}")
            )
            st.markdown(
                f"{MARKS[CheckState.LOOK]} "
                + words.format(account=escape(by), reason=escape(kept["reason"]))
            )


def draw_missing(seen: Launch) -> None:
    """What the draft lacks before it can be checked at all."""
    section(_("Still to do"))
    with st.container(border=True):
        for place, problem in enumerate(seen.missing):
            with st.container(horizontal=True, vertical_alignment="center", wrap=False):
                st.markdown(
                    f"{MARKS[CheckState.BLOCK]} **{escape(say(problem.what))}** "
                    f":small[{escape(say(problem.hint))}]",
                    width="stretch",
                )
                step = problem.step.value
                if step != "launch":
                    link(
                        step,
                        label=say(ROUTES[step].title),
                        icon=":material/arrow_forward:",
                        icon_position="right",
                    )
                elif place == 0:
                    link("experiments", label=_("Experiments"))


def draw_start(editing: Editing, seen: Launch) -> None:
    """What stops the start, the number to type, and Start."""
    with st.container(border=True):
        card_title(_("Start sending"))
        if seen.experiment is None:
            st.markdown(_("The draft is not finished. What is missing stands beside this."))
            return
        _stopper(seen)
        if not person.may(Role.APPROVER):
            return
        typed = ""
        if seen.can_get is not None:
            typed = st.text_input(
                _("To start, type the number of people who can get a message"),
                placeholder=number(seen.can_get),
                key=editing.key("launch.typed"),
                max_chars=16,
                autocomplete="off",
            )
        right = _digits(typed) == seen.can_get and seen.can_get is not None
        start_day = day(seen.first_day) if seen.first_day else ""
        ask_button(
            IntentKind.LAUNCH,
            editing.id,
            label=_("Start on {day}").format(day=start_day),
            key=f"launch.start.{editing.id}.{editing.draft.revision}",
            payload={
                "revision": editing.draft.revision,
                "people": seen.n_people,
                "ticked": list(ticked_in(editing.document)),
            },
            look="primary",
            icon=":material/rocket_launch:",
            disabled=not (seen.may_start and right),
            help=None if right else _("Type the number first."),
            width="stretch",
            single=True,
        )
        st.caption(
            _("You can stop at any time. Messages already handed to Braze cannot be called back.")
        )
    if not person.may(Role.APPROVER):
        states.not_allowed(Role.APPROVER)


def _stopper(seen: Launch) -> None:
    n = len(seen.blockers)
    if n:
        words = ngettext("{n} check stops the start.", "{n} checks stop the start.", n).format(
            n=number(n)
        )
        st.markdown(f"{MARKS[CheckState.BLOCK]} **{words}**")
    elif seen.can_get is None:
        st.markdown(
            f"{MARKS[CheckState.BLOCK]} **"
            + _("The audience has not been exported yet.")
            + "** "
            + _("Export it once on Audience.")
        )
    else:
        st.markdown(
            f"{MARKS[CheckState.OK]} **"
            + _("Nothing stands in the way.")
            + "** "
            + _("Read the paragraph once more: it is what you approve.")
        )


def _digits(typed: str) -> int | None:
    kept = "".join(character for character in typed if character.isdigit())
    return int(kept) if kept else None


def already_started(editing: Editing) -> bool:
    """Once the experiment runs, Today is the page; says by whom and when it was started."""
    row = experiment_row(session.services().database, editing.id)
    if row.status in (Status.DRAFT, Status.WAITING):
        return False
    with st.container(border=True):
        when = moment(row.launched_at.timestamp()) if row.launched_at else ""
        first = day(row.first_day, year=True) if row.first_day else ""
        st.markdown(
            ":green[:material/check_circle:] **"
            + _("This experiment has started, {when}.").format(when=when)
            + "** "
            + _("Its first day is {day}.").format(day=first)
        )
        if st.button(_("Go to Today"), type="primary", key="launch.today"):
            go("today", experiment=editing.id)
    return True


person = gate()
editing = open_draft("launch", person)
head(_("Ready to start?"))
show_conflict(editing)
if already_started(editing):
    st.stop()
console = session.services()
blocked = ""
with alone("launch.page"):
    seen = launch(console, editing.id, editing.document, ticked=ticked_in(editing.document))
    main, side = st.columns([8, 5], gap="large")
    with main:
        if seen.experiment is None:
            draw_missing(seen)
        else:
            draw_paragraph(editing, seen)
    with side:
        draw_start(editing, seen)
        draw_schedule(editing, draft_experiment(editing.document))
        if seen.experiment is not None and person.may(Role.EDITOR):
            draw_test_send(editing, seen.experiment)
    with main:
        if seen.experiment is not None:
            draw_checks(editing, seen)
            draw_dry_run(editing, seen.experiment, may_ask=person.may(Role.EDITOR))
    n = len(seen.blockers) or len(seen.missing)
    if n:
        blocked = ngettext("{n} check stops the start", "{n} checks stop the start", n).format(
            n=number(n)
        )
setup_bar("launch", saved_at=editing.draft.updated_at.timestamp(), blocked=blocked)
