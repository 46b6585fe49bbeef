"""The gate before launch: enough people? It follows the sliders, because it is a pure function."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.components import session
from pages.components.badges import escape
from pages.components.drafting import Editing, save
from pages.components.head import section
from pages.components.theme import chart_style
from pages.components.translate import _, number, percent, say
from services.errors import ConsoleError
from services.experiment.drafts import Document
from services.experiment.model import Experiment, PrimaryComparison
from services.experiment.power import SLOW_WEEKS, Gate, PrePeriod, Verdict
from services.insights.power_chart import power_curve
from services.messages import Message, msg
from services.workflow.accounts import Role
from services.workflow.metric_view import (
    GUESS,
    HOPE,
    MONEY_KINDS,
    OVERRULED,
    gate,
    guess_of,
    hoped_lift,
    overruled,
    with_control,
)

CONTROL_WORDS: dict[PrimaryComparison, Message] = {
    PrimaryComparison.HOLDOUT: msg("People without messages"),
    PrimaryComparison.USUAL: msg("People as usual"),
}
FARTHEST = 4  # times the hope: a curve that stays above would leave the drawing
MOST_HOPE, MOST_CONTROL = 50, 50  # percent


def draw_power(
    editing: Editing, experiment: Experiment, before: PrePeriod | None, n_people: int | None
) -> Gate | None:
    """Draw sliders, verdict and curve. Returns the gate, None where it cannot be worked out."""
    section(_("Enough people?"))
    hope = _sliders(editing, experiment)
    if n_people is None or not n_people:
        st.markdown(
            _(
                ":material/hourglass_top: **Not yet.** Choose the audience first; then its size "
                "says what can be proved."
            )
        )
        return None
    if before is None or guess_of(editing.document):
        _guess(editing, experiment)
    if before is None:
        st.markdown(
            _(
                ":material/hourglass_top: **Not yet.** Nothing is known about this audience. Guess "
                "how often it happens, or count the audience on the page Audience."
            )
        )
        return None
    found = gate(before, experiment, n_people, hope)
    if isinstance(found, ConsoleError):
        st.markdown(
            f":orange[:material/warning:] **{escape(say(found.what))}** {escape(say(found.hint))}"
        )
        return None
    _verdict(found)
    _curve(found)
    _worked_out(found, before, n_people, guess_of(editing.document) is not None)
    if found.verdict is Verdict.DO_NOT_RUN:
        _overrule(editing)
    return found


def _sliders(editing: Editing, experiment: Experiment) -> float:
    left, right = st.columns(2, gap="medium")
    hope = hoped_lift(editing.document)
    hope_key = editing.key("power.hope")
    with left:
        percentage = st.slider(
            _("Lift you hope for"),
            1,
            MOST_HOPE,
            min(MOST_HOPE, max(1, round(100 * hope))),
            format="%d%%",
            disabled=not editing.may_edit,
            key=hope_key,
            on_change=_set_hope,
            args=(editing.id, hope_key),
        )
    over = experiment.primary_comparison
    share = getattr(experiment.groups, over.value)
    control_key = editing.key(f"power.control.{over.value}")
    with right:
        st.slider(
            say(CONTROL_WORDS[over]),
            1,
            MOST_CONTROL,
            min(MOST_CONTROL, max(1, round(100 * share))),
            format="%d%%",
            disabled=not editing.may_edit,
            key=control_key,
            on_change=_set_control,
            args=(editing.id, over.value, control_key),
        )
    return float(percentage) / 100


def _verdict(found: Gate) -> None:
    words = escape(say(found.sentence))
    head, stop, rest = words.partition(". ")
    body = f"**{head}{stop.strip()}** {rest}" + "".join(f" {say(h)}" for h in found.hints)
    if found.verdict is Verdict.GO:
        st.success(body, icon=":material/check_circle:")
    elif found.verdict is Verdict.SLOW:
        st.warning(body, icon=":material/hourglass_top:")
    else:
        st.error(body, icon=":material/block:")


def _curve(found: Gate) -> None:
    if not found.table:
        return
    frame = pd.DataFrame(
        {
            "week": [row.weeks for row in found.table],
            "smallest_lift": [row.final_lift_share for row in found.table],
        }
    )
    finite = frame[frame["smallest_lift"] < float("inf")]
    if len(finite) and finite["smallest_lift"].min() > FARTHEST * found.hoped_share:
        last = finite.iloc[-1]
        st.markdown(
            _("Even after {weeks} weeks only lifts above {lift} could be proved.").format(
                weeks=number(last["week"]), lift=percent(last["smallest_lift"], digits=0)
            )
        )
    elif len(finite):
        alt = (
            _("The hoped-for lift can be proved from week {week} on").format(
                week=number(found.weeks)
            )
            if found.weeks
            else _("The hoped-for lift stays below what can be proved")
        )
        st.altair_chart(power_curve(finite, chart_style(), hope=found.hoped_share), alt=alt)


def _worked_out(found: Gate, before: PrePeriod, n_people: int, is_guess: bool) -> None:
    with st.popover(_("How this is worked out"), type="tertiary", icon=":material/info:"):
        source = _("a guess") if is_guess else _("rough") if before.rough else _("measured")
        lines = [
            _("People in the experiment: {n}.").format(n=number(n_people)),
            _("What a person does in a week without it, on average: {mean} ({source}).").format(
                mean=number(before.mean, digits=4), source=source
            ),
            _("People who do it in a week: {share}.").format(
                share=percent(before.active_week_share, digits=2)
            ),
            _(
                "A lift counts as proved when the interval of the planned length leaves zero; four "
                "of five true lifts of that size are found, and looking every day costs nothing."
            ),
            _("Part of the difference between people lasts; waiting does not average it out."),
            _("More than {weeks} weeks is called slow.").format(weeks=number(SLOW_WEEKS)),
        ]
        st.markdown("\n".join(f"- {line}" for line in lines))
        if found.weeks:
            week = next(row for row in found.table if row.weeks == found.weeks)
            st.markdown(
                _("Until then, people of the smaller group who do it: about {n}.").format(
                    n=number(week.small_group_events)
                )
            )


def _guess(editing: Editing, experiment: Experiment) -> None:
    now = guess_of(editing.document)
    money = experiment.metric.kind in MONEY_KINDS
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = editing.key("power.guess")
        st.number_input(
            _("Your guess: people in 1,000 who do it in a week"),
            min_value=0.1,
            max_value=1000.0,
            value=1000 * now.share if now else None,
            step=1.0,
            format="%g",
            disabled=not editing.may_edit,
            key=key,
            on_change=_set_guess,
            args=(editing.id, "share", key, 1000.0),
        )
        if money:
            amount_key = editing.key("power.amount")
            st.number_input(
                _("and each spends, {currency}").format(currency=experiment.currency),
                min_value=0.01,
                value=now.amount if now else None,
                format="%g",
                disabled=not editing.may_edit,
                key=amount_key,
                on_change=_set_guess,
                args=(editing.id, "amount", amount_key, 1.0),
            )


def _overrule(editing: Editing) -> None:
    kept = overruled(editing.document)
    person = session.account()
    if person is None or not person.may(Role.APPROVER):
        st.markdown(_("Only an approver may go on in spite of this, with a written reason."))
        return
    key = editing.key("power.overruled")
    st.text_input(
        _("Go on all the same, because"),
        value=str(kept["reason"]) if kept else "",
        max_chars=300,
        help=_("Kept with your account and shown to everybody who approves."),
        key=key,
        on_change=_set_overruled,
        args=(editing.id, person.email, key),
    )


def _set_hope(experiment_id: str, key: str) -> None:
    share = float(session.held(key)) / 100
    save(experiment_id, lambda document: document.__setitem__(HOPE, share))


def _set_control(experiment_id: str, over: str, key: str) -> None:
    share = float(session.held(key)) / 100

    def change(document: Document) -> None:
        document["groups"] = with_control(document.get("groups") or {}, over, share)

    save(experiment_id, change)


def _set_guess(experiment_id: str, part: str, key: str, scale: float) -> None:
    typed = session.held(key)

    def change(document: Document) -> None:
        kept = dict(document.get(GUESS) or {})
        document[GUESS] = kept | {part: float(typed) / scale if typed else None}

    save(experiment_id, change)


def _set_overruled(experiment_id: str, by: str, key: str) -> None:
    reason = str(session.held(key) or "").strip()
    save(
        experiment_id,
        lambda document: document.__setitem__(OVERRULED, {"by": by, "reason": reason}),
    )
