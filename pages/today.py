"""Today: how far the cycle is, where every message is, and what needs somebody."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.components import session, states
from pages.components.alone import alone
from pages.components.badges import badge, escape
from pages.components.following import follow
from pages.components.gate import gate
from pages.components.head import head, section
from pages.components.intent_progress import ask_button
from pages.components.target_progress import draw_held, draw_requests, draw_targets
from pages.components.theme import chart_style
from pages.components.translate import (
    _,
    hour,
    long_day,
    moment,
    ngettext,
    number,
    say,
    say_json,
)
from services.errors import ConsoleError
from services.insights.stacked_charts import messages_by_hour
from services.intents.model import IntentKind, error_from
from services.messages import Message, msg
from services.workflow.accounts import Role
from services.workflow.health_view import HealthItem, health
from services.workflow.model import Stage, StageRecord, StageState
from services.workflow.today_view import Today, today

LIVE_EVERY_S = 2.0
IDLE_EVERY_S = 30.0

STAGE_NAMES: dict[Stage, Message] = {
    Stage.AUDIENCE: msg("Audience"),
    Stage.OUTCOMES: msg("Outcomes"),
    Stage.LEARN: msg("Learn"),
    Stage.DECIDE: msg("Decide"),
    Stage.ACTIVATE: msg("Send"),
    Stage.SETTLE: msg("Settle doubts"),
    Stage.SERIES: msg("Fetch numbers"),
}
STATE_MARKS = {
    StageState.WAITING: ":grey[:material/radio_button_unchecked:]",
    StageState.DOING: ":blue[:material/progress_activity:]",
    StageState.DONE: ":green[:material/check_circle:]",
    StageState.FAILED: ":red[:material/error:]",
    StageState.SKIPPED: ":grey[:material/do_not_disturb_on:]",
}
HEALTH_MARKS = {
    "healthy": ("green", "check_circle"),
    "look": ("orange", "warning"),
    "act": ("red", "error"),
}


def draw_day(view: Today) -> None:
    """Everything that changes while one looks: drawn again every few seconds."""
    draw_held(view)
    st.markdown(_sentence(view))
    if view.failed is not None:
        _failed_card(view, view.failed)
    with st.grid(7, min_column_width=130):
        for stage in view.stages:
            _stage_card(view, stage)
    _progress(view)
    left, right = st.columns([8, 5], gap="large")
    with left:
        _by_hour(view)
    with right:
        _by_state(view)
        if view.doubts.n:
            _doubts_card(view)
    draw_targets(view.targets)


def _sentence(view: Today) -> str:
    first, *rest = [escape(say(message)) for message in view.sentence]
    return " ".join([f"**{first}**", *rest])


def _stage_card(view: Today, stage: StageRecord) -> None:
    with st.container(border=True, height="stretch", gap=None):
        st.markdown(f"{STATE_MARKS[stage.state]} **{say(STAGE_NAMES[stage.stage])}**")
        st.caption(_stage_words(view, stage))


def _stage_words(view: Today, stage: StageRecord) -> str:
    at = stage.finished_at or stage.started_at
    time = hour(at.timestamp(), zone=view.zone) if at else ""
    if stage.state is StageState.FAILED:
        return _("stopped {time}").format(time=time)
    if stage.state is StageState.SKIPPED:
        return _("not needed today")
    if stage.stage is Stage.ACTIVATE and view.n_total and stage.state is not StageState.WAITING:
        share = view.n_out / view.n_total
        if view.last_wave_s is not None:
            return _("{share}, until {time}").format(
                share=f"{int(100 * share)}%", time=hour(view.last_wave_s, zone=view.zone)
            )
        return _("{count}, {time}").format(count=number(view.n_out), time=time)
    if stage.state is StageState.WAITING:
        return _("comes later today") if view.started and not view.failed else _("waits")
    words = _noted(stage)
    return ", ".join(part for part in (words, time) if part)


def _noted(stage: StageRecord) -> str:
    note = dict(stage.note)
    if "what" in note:
        return say_json(note)
    if stage.state is StageState.DOING and stage.n_total:
        return _("{done} of {total}").format(done=number(stage.n_done), total=number(stage.n_total))
    n = stage.n_done
    if stage.stage is Stage.OUTCOMES and isinstance(note.get("n_outcomes"), int):
        n = int(str(note["n_outcomes"]))
    if stage.stage is Stage.AUDIENCE and n:
        return ngettext("{n} person", "{n} people", n).format(n=number(n))
    if stage.stage is Stage.DECIDE and n:
        return ngettext("{n} decision", "{n} decisions", n).format(n=number(n))
    if stage.stage is Stage.OUTCOMES and n:
        return ngettext("{n} new", "{n} new", n).format(n=number(n))
    return ""


def _progress(view: Today) -> None:
    if not view.n_total or view.n_out >= view.n_total:
        return
    words = _("Sending: {out} of {total}").format(
        out=number(view.n_out), total=number(view.n_total)
    )
    if view.seconds_left:
        words += " · " + _time_left(view.seconds_left)
    st.progress(min(1.0, view.n_out / view.n_total), text=words)


def _time_left(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return _("about {minutes} min left").format(minutes=number(minutes))
    return _("about {hours} h {minutes} min left").format(
        hours=number(hours), minutes=number(minutes)
    )


def _by_hour(view: Today) -> None:
    section(_("Messages by hour"))
    if not view.hours:
        states.not_yet(
            _("Messages: not yet"),
            _("They appear here as soon as today’s decisions are made."),
        )
        return
    legend = {
        "accepted": _(":blue[■] accepted by Braze"),
        "refused": _(":red[■] refused"),
        "doubt": _(":orange[■] in doubt"),
        "planned": _(":grey[□] planned"),
    }
    seen = {count.kind for count in view.hours}
    st.markdown(":small[" + " ".join(words for kind, words in legend.items() if kind in seen) + "]")
    frame = pd.DataFrame(
        [(c.hour, c.kind, c.n) for c in view.hours], columns=["hour", "state", "n"]
    )
    busiest = frame.groupby("hour")["n"].sum().idxmax()
    st.altair_chart(
        messages_by_hour(frame, chart_style(), now_hour=view.now_hour),
        alt=_("Most messages leave at {hour}:00").format(hour=int(busiest)),
    )
    st.caption(_("All times in {zone}.").format(zone=view.zone))


def _by_state(view: Today) -> None:
    section(_("Where every message is"))
    if not view.words:
        st.caption(_("No message is planned for this day."))
        return
    rows = [
        (badge(count.word.colour, count.word.icon, say(count.word.word)), count.n)
        for count in view.words
    ]
    frame = pd.DataFrame(rows, columns=[_("State"), _("Messages")])
    st.table(frame.style.format({_("Messages"): number}), border="horizontal", hide_index=True)
    if view.skipped:
        with st.popover(_("Why not sent"), type="tertiary", icon=":material/info:"):
            for reason, n in view.skipped:
                st.markdown(f"**{number(n)}** {escape(say(reason.what))}")


def _doubts_card(view: Today) -> None:
    unsure = view.doubts
    with st.container(border=True):
        title = ngettext("{n} message in doubt", "{n} messages in doubt", unsure.n)
        st.markdown(f":orange[:material/help:] **{title.format(n=number(unsure.n))}**")
        words = _(
            "The line to Braze broke after Anneal had sent and before Braze answered. They may "
            "have gone out. Anneal does **not** send them again; it asks Braze who got them."
        )
        if view.in_doubt:
            when = moment(view.in_doubt[0].request.claimed_s, zone=view.zone)
            words = _("First seen {when}.").format(when=when) + " " + words
        if unsure.next_look_s is not None and unsure.next_look_s > view.now_s:
            look = moment(unsure.next_look_s, zone=view.zone)
            words += " " + _("Next look: {when}.").format(when=look)
        st.markdown(words)
        draw_requests(view)
        if person.may(Role.EDITOR):
            ask_button(
                IntentKind.ASK_BRAZE_NOW,
                view.row.id,
                label=_("Ask Braze now"),
                key=f"today.ask.{view.row.id}",
                done=_("Braze was asked. What it said is in the table above."),
            )


def _failed_card(view: Today, stage: StageRecord) -> None:
    error = dict(stage.error or {})
    with st.container(border=True):
        name = say(STAGE_NAMES[stage.stage])
        st.markdown(
            ":red[:material/error:] "
            + _("**{stage} stopped.** {what}").format(stage=name, what=escape(say_json(error)))
        )
        problem = error_from(error)
        if problem is not None and problem.hint is not None:
            st.markdown(escape(say(problem.hint)))
        st.markdown(
            _(
                "Everything before it is kept. The worker tries this stage again by itself; "
                "no message is sent twice."
            )
        )
        n = view.size_to_confirm
        if n is not None and person.may(Role.EDITOR):
            st.markdown(
                _("If that is how many people there are now, say so: the day then goes on.")
            )
            ask_button(
                IntentKind.CONFIRM_AUDIENCE,
                view.row.id,
                label=ngettext("Use the {n} person", "Use the {n} people", n).format(n=number(n)),
                key=f"today.confirm.{view.row.id}.{view.day}.{n}",
                payload={"day": view.day.isoformat(), "n_people": n},
                single=True,
            )


def _health(items: list[HealthItem]) -> None:
    section(_("Health"))
    marks = []
    for item in items:
        colour, icon = HEALTH_MARKS[item.state]
        marks.append(badge(colour, icon, say(item.words)))
    st.markdown(" ".join(marks))
    for item in items:
        if item.state != "healthy" and item.advice is not None:
            st.markdown(f":small[{escape(say(item.advice))}]")


def live() -> None:
    """The part that reads itself again; its rhythm follows whether anything moves."""
    view = today(console.database, console.clock, found.row.id)
    if view.moving is not view_now.moving or view.day != view_now.day:
        st.rerun()
    draw_day(view)


person = gate()
found = follow("today")
console = session.services()
try:
    view_now = today(console.database, console.clock, found.row.id)
except ConsoleError as problem:
    if states.wrong_error(problem, key="today.wrong"):
        st.rerun()
    st.stop()
title = _("Today, {day}") if view_now.is_today else _("Last day: {day}")
with head(title.format(day=long_day(view_now.day))):
    if console.settings.sandbox and person.may(Role.EDITOR):
        ask_button(
            IntentKind.NEXT_DAY,
            found.row.id,
            label=_("Next day"),
            key="today.next_day",
            icon=":material/skip_next:",
            help=_("Simulated customers only: plays one whole day at once."),
            single=True,
        )
st.fragment(live, run_every=LIVE_EVERY_S if view_now.moving else IDLE_EVERY_S)()
with alone("today.health"):
    _health(health(console.database, console.lake, found.row, found.experiment, view_now.day))
