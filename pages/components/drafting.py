"""Editing a draft: every field saves by itself, and nothing that anybody typed is lost.

A tab remembers the revision it last read. Where somebody else saved first and touched other parts,
both changes are kept; where they touched the same part, the page shows both and asks.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import streamlit as st

from pages.components import session, states
from pages.components.badges import escape
from pages.components.head import head, setup_line
from pages.components.routes import ROUTES, STEPS, go
from pages.components.translate import _, say
from services.errors import ConflictError, ConsoleError
from services.experiment.drafts import Document
from services.experiment.model import Status
from services.experiment.records import Draft, DraftConflict, ExperimentRow
from services.experiment.store import experiment_row, load_draft, save_draft
from services.experiment.validation import Problem, problems
from services.messages import Message, msg
from services.workflow.accounts import Account, Role

Change = Callable[[Document], Any]

_BASE = "draft.base"
_CONFLICT = "draft.conflict"
_REFUSED = "draft.refused"
_STEP = "draft.step"

PART_WORDS: dict[str, Message] = {
    "name": msg("Name"),
    "audience": msg("Audience"),
    "metric": msg("Success metric"),
    "guardrails": msg("Guardrails"),
    "dimensions": msg("Options"),
    "rules": msg("Rules"),
    "groups": msg("Groups"),
    "targets": msg("Templates"),
    "zone": msg("Time zone"),
    "ramp": msg("First days"),
    "_ticked": msg("Confirmed settings"),
}


@dataclass(frozen=True)
class Editing:
    """The draft a set-up page works on. `may_edit` is False for viewers and after the start."""

    row: ExperimentRow
    draft: Draft
    problems: tuple[Problem, ...]
    may_edit: bool

    @property
    def id(self) -> str:
        """The experiment's id."""
        return self.row.id

    @property
    def document(self) -> Document:
        """The draft as last saved. Change it through `save` only."""
        return self.draft.document

    @property
    def exported_on(self) -> str:
        """Day of the newest export of the audience, or nothing: part of what counts depend on, so
        that a cached one is counted anew as soon as there is an export."""
        day = session.services().lake.latest_day("snapshots", self.id)
        return "" if day is None else day.isoformat()

    def key(self, name: str) -> str:
        """Key of a widget: a new one after somebody else's change, so that it reads anew."""
        return f"{name}.{self.id}.{session.generation(self.id)}"

    def blocking(self, step: str) -> list[Problem]:
        """What keeps this step from being done."""
        return [found for found in self.problems if found.step == step and found.blocking]


def open_draft(step: str, person: Account) -> Editing:
    """Load the draft the URL names and draw the line above the title.

    Stops the page with a sentence where there is no experiment or it is no longer a draft.
    """
    experiment_id = session.current_experiment()
    if not experiment_id:
        _choose_first(step)
    database = session.services().database
    try:
        row = experiment_row(database, experiment_id)
        draft = load_draft(database, experiment_id)
    except ConsoleError as problem:
        session.look_at(None)
        _choose_first(step, problem)
    base: Draft | None = session.held(_base_key(row.id))
    if base is None or base.revision != draft.revision:
        if base is not None:
            session.new_generation(row.id)
        session.hold(_base_key(row.id), draft)
    found = tuple(problems(draft.document))
    done = {key: not any(p.step == key and p.blocking for p in found) for key in STEPS}
    done[STEPS[-1]] = row.status is not Status.DRAFT  # the last step is done by starting
    session.hold(_STEP, step)
    setup_line(row.name or _("Untitled"), draft.revision, step, done)
    may_edit = person.may(Role.EDITOR) and row.status is Status.DRAFT
    _say_refusals(row, person)
    return Editing(row, draft, found, may_edit)


def save(experiment_id: str, change: Change, *, step: str | None = None) -> bool:
    """Apply `change` to the draft as this tab knows it and save. False where it was not saved.

    Call it from a widget's `on_change`. `change` gets the document and changes it in place.
    """
    console, person = session.services(), session.account()
    if person is None or not person.may(Role.EDITOR):
        return False
    base: Draft = session.held(_base_key(experiment_id)) or load_draft(
        console.database, experiment_id
    )
    mine = copy.deepcopy(base.document)
    change(mine)
    try:
        _write(experiment_id, mine, base.revision, person, step)
    except DraftConflict as conflict:
        touched = _differing(mine, base.document)
        if touched & _differing(conflict.document, base.document):
            session.hold(f"{_CONFLICT}.{experiment_id}", (mine, conflict))
            return False
        merged = conflict.document | {part: mine[part] for part in touched if part in mine}
        session.new_generation(experiment_id)
        _write(experiment_id, merged, conflict.revision, person, step)
    except ConflictError as problem:
        session.hold(f"{_REFUSED}.{experiment_id}", problem)
        return False
    return True


def show_conflict(editing: Editing) -> None:
    """Where two people changed the same part: what differs, and whose stays."""
    held = session.held(f"{_CONFLICT}.{editing.id}")
    if held is None:
        return
    mine, conflict = held
    parts = sorted(_differing(mine, conflict.document))
    words = [say(PART_WORDS[part]) if part in PART_WORDS else part for part in parts]
    with st.container(border=True):
        st.markdown(
            f":orange[:material/warning:] **{escape(say(conflict.what))}**  \n"
            + _("What differs: {parts}.").format(parts=escape(", ".join(words)))
        )
        for part, word in zip(parts, words, strict=True):
            left, right = st.columns(2)
            left.markdown(_("**{part}**, yours").format(part=escape(word)))
            left.json(mine.get(part), expanded=1)
            right.markdown(_("**{part}**, theirs").format(part=escape(word)))
            right.json(conflict.document.get(part), expanded=1)
        with st.container(horizontal=True):
            if st.button(_("Keep mine"), key="draft.keep_mine"):
                _settle(editing.id, mine, conflict.revision)
            if st.button(_("Take theirs"), key="draft.take_theirs", type="tertiary"):
                _settle(editing.id, None, conflict.revision)


def _settle(experiment_id: str, document: Document | None, revision: int) -> None:
    person = session.account()
    session.hold(f"{_CONFLICT}.{experiment_id}", None)
    session.new_generation(experiment_id)
    if document is not None and person is not None:
        try:
            _write(experiment_id, document, revision, person, None)
        except DraftConflict as conflict:
            session.hold(f"{_CONFLICT}.{experiment_id}", (document, conflict))
    st.rerun()


def _write(
    experiment_id: str, document: Document, revision: int, person: Account, step: str | None
) -> None:
    console = session.services()
    save_draft(
        console.database,
        console.clock,
        experiment_id,
        document,
        expected_revision=revision,
        by=person.email,
        step=step or session.held(_STEP),
    )
    session.hold(_base_key(experiment_id), load_draft(console.database, experiment_id))


def _differing(one: Document, other: Document) -> set[str]:
    return {part for part in one.keys() | other.keys() if one.get(part) != other.get(part)}


def _say_refusals(row: ExperimentRow, person: Account) -> None:
    refused: ConsoleError | None = session.held(f"{_REFUSED}.{row.id}")
    session.hold(f"{_REFUSED}.{row.id}", None)
    if refused is not None:
        states.wrong_error(refused, key="draft.refused", retry=False)
    if row.status is not Status.DRAFT:
        st.markdown(
            _(":material/lock: This experiment has started. You see its set-up as it was drawn up.")
        )
    elif not person.may(Role.EDITOR):
        states.not_allowed(Role.EDITOR)


def _choose_first(step: str, problem: ConsoleError | None = None) -> NoReturn:
    head(say(ROUTES[step].title))
    if problem is not None:
        states.wrong_error(problem, key="draft.missing", retry=False)
    actions = states.empty(
        "science",
        _("No experiment chosen"),
        _("Start a new one, or open one from the list of experiments."),
    )
    if actions.button(_("Experiments"), key="draft.choose"):
        go("experiments")
    st.stop()


def _base_key(experiment_id: str) -> str:
    return f"{_BASE}.{experiment_id}"
