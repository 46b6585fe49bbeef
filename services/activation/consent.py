"""Who positively agreed to which channel, by the newest export: read once for each export."""

from __future__ import annotations

from collections.abc import Mapping

from services.audience.eligibility import channel_consent
from services.experiment.model import Channel, Experiment
from services.lake import Lake

KEPT_EXPORTS = 8  # experiments whose newest export is kept in memory
SUBSCRIPTIONS = ("person", "email_subscribe", "push_subscribe")

Consent = Mapping[Channel, frozenset[int]]
_kept: dict[tuple[str | None, ...], Consent] = {}  # by content hash, so it can never be stale


def consenting_people(lake: Lake, experiment: Experiment) -> Consent:
    """For each channel the people whose consent the newest snapshot says. Missing = no.

    People who are no longer in the export are in no set: nothing positive is known of them.
    """
    day = lake.latest_day("snapshots", experiment.id)
    if day is None:
        return {channel: frozenset() for channel in Channel}
    parts = lake.parts("snapshots", experiment.id, day)
    attribute = experiment.audience.sms_consent_attribute
    key = (attribute, *(part.sha256 for part in parts))
    known = _kept.get(key)
    if known is not None:
        return known
    columns = [*SUBSCRIPTIONS, *([f"attr:{attribute}"] if attribute else [])]
    table = lake.load(parts, columns)
    people = table.column("person").to_numpy()
    found = {
        channel: frozenset(people[agreed].tolist())
        for channel, agreed in channel_consent(table, attribute).items()
    }
    if len(_kept) >= KEPT_EXPORTS:
        _kept.clear()
    _kept[key] = found
    return found
