"""Options: what may vary, the options of each dimension, and the rules between them."""

from __future__ import annotations

import streamlit as st

from pages.components import session, states
from pages.components.badges import escape
from pages.components.bottom_bar import setup_bar
from pages.components.combination_card import draw_alike, draw_combinations, is_about_alike
from pages.components.dialog import open_dialog
from pages.components.dimension_dialog import new_dimension
from pages.components.drafting import open_draft, save, show_conflict
from pages.components.gate import gate
from pages.components.head import head, section
from pages.components.option_editor import edit_options
from pages.components.rule_list import draw_rules
from pages.components.translate import _, number, say
from services.experiment.drafts import Document, read_draft
from services.experiment.model import Experiment
from services.workflow.options_view import OptionsState, options_state

STEP = "options"
ADD = "+"

person = gate()
console = session.services()
editing = open_draft(STEP, person)
experiment: Experiment = read_draft(editing.document).experiment
dimensions = {dimension.key: dimension for dimension in experiment.dimensions}
choice = editing.key("options.dimension")


@st.cache_data(ttl="5m", show_spinner=False, max_entries=64)
def counted(
    home: str, experiment_id: str, revision: int, day: str, exported_on: str
) -> OptionsState:
    """The counts, kept until draft or export change: they go through the whole audience."""
    today = console.clock.now().date()
    return options_state(console.lake, experiment_id, editing.document, today)


def set_usual(dimension: str, key: str) -> None:
    """Save one option of business as usual."""
    chosen = session.held(key)

    def change(document: Document) -> None:
        groups = dict(document.get("groups") or {})
        usual = dict(groups.get("usual_combination") or {})
        groups["usual_combination"] = usual | {dimension: chosen}
        document["groups"] = groups

    save(editing.id, change)


def draw_dimensions(state: OptionsState) -> None:
    """The dimensions with their counts, and the options of the one chosen."""
    labels = {key: f"{d.label} · {number(len(d.options))}" for key, d in dimensions.items()}
    if editing.may_edit:
        labels[ADD] = _("+ Add")
    last = session.held(choice)
    now = last if last in dimensions else next(iter(dimensions), None)
    if dimensions:
        shown = st.segmented_control(
            _("Dimension"),
            list(labels),
            default=now,
            required=True,
            format_func=labels.__getitem__,
            label_visibility="collapsed",
            wrap=True,
            key=f"{choice}.shown.{len(dimensions)}.{session.held(f'{choice}.turn', 0)}",
        )
        if shown == ADD:
            session.hold(f"{choice}.turn", int(session.held(f"{choice}.turn", 0)) + 1)
            open_dialog(_("Add a dimension"), lambda: new_dimension(editing))
        elif shown:
            session.hold(choice, shown)
            now = shown
        if now is not None:
            edit_options(editing, dimensions[now], state)
        return
    actions = states.empty(
        "tune",
        _("Nothing varies yet"),
        _("Add what Anneal may choose for each person: the offer, the subject line, the hour."),
    )
    if editing.may_edit and actions.button(
        _("Add a dimension"), icon=":material/add:", key=editing.key("options.first")
    ):
        open_dialog(_("Add a dimension"), lambda: new_dimension(editing))


def draw_usual() -> None:
    """Which combination stands for business as usual, where that group has people."""
    section(_("What is sent as usual?"))
    usual = experiment.groups.usual_combination or {}
    with st.grid(3, min_column_width=180):
        for dimension in experiment.send_dimensions:
            options = {option.key: option.label for option in dimension.options}
            now = usual.get(dimension.key)
            key = editing.key(f"usual.{dimension.key}")
            st.selectbox(
                dimension.label,
                list(options),
                index=list(options).index(now) if now in options else None,
                format_func=options.__getitem__,
                placeholder=_("Choose an option"),
                disabled=not editing.may_edit,
                key=key,
                on_change=set_usual,
                args=(dimension.key, key),
            )


state = counted(
    str(console.home),
    editing.id,
    editing.draft.revision,
    console.clock.now().date().isoformat(),
    editing.exported_on,
)
with head(_("What may vary?")):
    pass
show_conflict(editing)
left, right = st.columns([5, 2], gap="large")
with left:
    draw_dimensions(state)
    draw_rules(editing, state)
    if experiment.groups.usual > 0:
        draw_usual()
with right:
    draw_combinations(editing, experiment, state)
    draw_alike(editing)

blocking = editing.blocking(STEP)
for found in editing.problems:
    if found.step == STEP and not found.blocking and not is_about_alike(found):
        st.markdown(
            f":small[:orange[:material/warning:] {escape(say(found.what))} "
            f":grey[{escape(say(found.hint))}]]"
        )
setup_bar(
    STEP,
    saved_at=editing.draft.updated_at.timestamp(),
    blocked=f"{say(blocking[0].what)} {say(blocking[0].hint)}" if blocking else "",
)
