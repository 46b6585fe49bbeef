"""When it goes out: the time zone whose days count, and how many people enter in the first days."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

import streamlit as st

from pages.components import session
from pages.components.drafting import Editing, save
from pages.components.head import card_title
from pages.components.translate import _
from services.experiment.drafts import Document
from services.experiment.model import Experiment

MAX_RAMP_DAYS = 28  # of the experiment document
DEFAULT_RAMP_DAYS = 7
FIRST_ZONES = ("UTC", "Asia/Seoul", "Europe/Berlin", "Europe/London", "America/New_York")


def draw_schedule(editing: Editing, experiment: Experiment) -> None:
    """A card with the zone and the ramp; each field saves by itself."""
    with st.container(border=True):
        card_title(_("When"))
        _zone(editing, experiment.zone)
        _ramp(editing, experiment)


def _zone(editing: Editing, zone: str) -> None:
    names = zones()
    now = session.services().clock.now().replace(minute=0, second=0, microsecond=0)
    key = editing.key("launch.zone")
    st.selectbox(
        _("Time zone of the experiment"),
        names,
        index=names.index(zone) if zone in names else None,
        format_func=lambda name: f"{name} ({_offset(name, now)})",
        help=_(
            "Its midnight ends the day that is reported. Messages go out at each person's own "
            "hour, and at this zone's where theirs is not known."
        ),
        disabled=not editing.may_edit,
        key=key,
        on_change=_set_zone,
        args=(editing.id, key),
    )


def _ramp(editing: Editing, experiment: Experiment) -> None:
    on_key = editing.key("launch.ramp.on")
    slow = st.toggle(
        _("Begin with fewer people"),
        value=experiment.ramp.first_day_people is not None,
        help=_("Limits who enters the draw in the first days, never who is sent to."),
        disabled=not editing.may_edit,
        key=on_key,
        on_change=_set_ramp,
        args=(editing.id, on_key),
    )
    if not slow:
        return
    left, right = st.columns(2, vertical_alignment="bottom")
    people_key, days_key = editing.key("launch.ramp.people"), editing.key("launch.ramp.days")
    left.number_input(
        _("People on the first day"),
        min_value=1,
        value=experiment.ramp.first_day_people or 1_000,
        step=100,
        disabled=not editing.may_edit,
        key=people_key,
        on_change=_set_ramp,
        args=(editing.id, on_key),
    )
    right.number_input(
        _("Everybody after so many days"),
        1,
        MAX_RAMP_DAYS,
        experiment.ramp.days,
        disabled=not editing.may_edit,
        key=days_key,
        on_change=_set_ramp,
        args=(editing.id, on_key),
    )


def _set_zone(experiment_id: str, key: str) -> None:
    zone = session.held(key)
    if zone:
        save(experiment_id, lambda document: document.__setitem__("zone", str(zone)))


def _set_ramp(experiment_id: str, on_key: str) -> None:
    people = session.held(on_key.replace("ramp.on", "ramp.people"))
    days = session.held(on_key.replace("ramp.on", "ramp.days"))

    def change(document: Document) -> None:
        if not session.held(on_key):
            document["ramp"] = {"first_day_people": None, "days": 1}
            return
        before = dict(document.get("ramp") or {})
        document["ramp"] = {
            "first_day_people": int(people or before.get("first_day_people") or 1_000),
            "days": int(days or DEFAULT_RAMP_DAYS),
        }

    save(experiment_id, change)


@cache
def zones() -> list[str]:
    """Zones a person may live in: those of this product's readers first, then by name."""
    places = {
        name
        for name in available_timezones()
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/", "posix/", "right/"))
    }
    return [*FIRST_ZONES, *sorted(places - set(FIRST_ZONES))]


@lru_cache(maxsize=1_024)
def _offset(name: str, now: datetime) -> str:
    """Kept within the hour: hundreds of zones are read at every click on the page otherwise."""
    offset = now.astimezone(ZoneInfo(name)).utcoffset()
    minutes = round((offset or timedelta()).total_seconds() / 60)
    sign = "−" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60}:{abs(minutes) % 60:02}"
