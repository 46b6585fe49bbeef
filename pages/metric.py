"""Metric: what counts as success, what is watched besides, and whether a lift can be proved."""

from __future__ import annotations

import streamlit as st

from pages.components import session
from pages.components.badges import escape
from pages.components.bottom_bar import setup_bar
from pages.components.drafting import open_draft, save, show_conflict
from pages.components.gate import gate
from pages.components.guardrail_pills import edit_guardrails
from pages.components.head import head, section
from pages.components.metric_form import edit_metric
from pages.components.power_card import draw_power
from pages.components.translate import _, say
from services.experiment.drafts import Document
from services.experiment.model import MAX_PLANNED_WEEKS, Experiment
from services.experiment.power import PrePeriod, Verdict
from services.workflow.audience_view import chosen_segments, people_in
from services.workflow.metric_view import (
    Countable,
    countable,
    draft_experiment,
    guess_of,
    guessed,
    history,
    overruled,
)

STEP = "metric"

person = gate()
console = session.services()
editing = open_draft(STEP, person)
experiment: Experiment = draft_experiment(editing.document)


@st.cache_data(ttl="5m", show_spinner=False, max_entries=64)
def known(
    home: str,
    experiment_id: str,
    metric: str,
    segments: tuple[str, ...],
    day: str,
    exported_on: str,
) -> tuple[Countable, PrePeriod | None, int | None]:
    """Names to count, four weeks before launch, people; read once, so that the slider is free."""
    today = console.clock.now().date()
    people = people_in(
        console.database,
        console.lake,
        experiment_id,
        chosen_segments(console.database, segments),
    )
    return (
        countable(console.lake, experiment_id, editing.document),
        history(console.lake, experiment_id, experiment, today),
        people.free if people is not None else None,
    )


def set_weeks(key: str) -> None:
    """Save the planned length."""
    weeks = int(session.held(key) or 1)

    def change(document: Document) -> None:
        document["planned_weeks"] = weeks

    save(editing.id, change)


names, before, n_people = known(
    str(console.home),
    editing.id,
    experiment.metric.model_dump_json(),
    experiment.audience.segment_ids,
    console.clock.now().date().isoformat(),
    editing.exported_on,
)
guess = guess_of(editing.document)
if before is None and guess is not None:
    before = guessed(guess, experiment.metric.kind)

with head(_("What counts as success?")):
    pass
show_conflict(editing)
left, right = st.columns([6, 7], gap="large")
with left:
    edit_metric(editing, experiment, names)
    section(_("Watch, but never optimise"))
    edit_guardrails(editing, experiment)
with right, st.container(border=True):
    found = draw_power(editing, experiment, before, n_people)
    weeks_key = editing.key("planned_weeks")
    st.number_input(
        _("Planned length, weeks"),
        min_value=1,
        max_value=MAX_PLANNED_WEEKS,
        value=experiment.planned_weeks,
        help=_("Fixed when the experiment starts: the interval is made for this length."),
        disabled=not editing.may_edit,
        width=200,
        key=weeks_key,
        on_change=set_weeks,
        args=(weeks_key,),
    )
    if found is not None and found.weeks and experiment.planned_weeks < found.weeks:
        words = _("Planned shorter than what the hoped-for lift needs.")
        st.markdown(f":small[:orange[:material/warning:] {words}]")

blocking = editing.blocking(STEP)
why = f"{say(blocking[0].what)} {say(blocking[0].hint)}" if blocking else ""
hopeless = found is not None and found.verdict is Verdict.DO_NOT_RUN
if not why and hopeless and overruled(editing.document) is None:
    why = _("It cannot be proved. Change it, or an approver gives a reason.")
for problem in editing.problems:
    if problem.step == STEP and not problem.blocking:
        st.markdown(
            f":small[:orange[:material/warning:] {escape(say(problem.what))} "
            f":grey[{escape(say(problem.hint))}]]"
        )
setup_bar(STEP, saved_at=editing.draft.updated_at.timestamp(), blocked=why)
