"""Whose consent is known: of the newest export, by channel, and nobody else's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sending_world import DAY, World, an_experiment

from services.activation import consent
from services.activation.consent import consenting_people
from services.experiment.model import Channel, Experiment


def test_without_an_export_nobody_has_agreed_to_anything(tmp_path: Path):
    world = World(tmp_path, n_people=3)
    found = consenting_people(world.lake, an_experiment("another"))
    assert found == {channel: frozenset() for channel in Channel}


def test_the_newest_export_says_who_agreed(tmp_path: Path):
    world = World(tmp_path, n_people=4)
    assert consenting_people(world.lake, world.experiment)[Channel.EMAIL] == {1, 2, 3, 4}
    world.snapshot(DAY + timedelta(days=1), unsubscribed=(2,))
    found = consenting_people(world.lake, world.experiment)
    assert found[Channel.EMAIL] == {1, 3, 4}
    assert found[Channel.PUSH] == found[Channel.SMS] == frozenset()


def test_text_messages_go_by_the_agreed_attribute(tmp_path: Path):
    world = World(tmp_path, n_people=2)
    document = world.experiment.model_dump(mode="json")
    document["audience"] = {**document["audience"], "sms_consent_attribute": "texts"}
    asked = Experiment.model_validate(document)
    table = pa.table(
        {
            "person": pa.array([1, 2], pa.int64()),
            "email_subscribe": ["no", "opted_in"],
            "push_subscribe": ["opted_in", "no"],
            "attr:texts": [True, None],
        }
    )
    world.lake.append("snapshots", asked.id, DAY + timedelta(days=1), table)
    found = consenting_people(world.lake, asked)
    assert (found[Channel.SMS], found[Channel.EMAIL]) == ({1}, {2})
    assert found[Channel.PUSH] == {1}
    assert consenting_people(world.lake, world.experiment)[Channel.SMS] == frozenset()


def test_an_export_is_read_once_and_eight_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    world = World(tmp_path, n_people=20)
    kept: dict[object, object] = {}
    monkeypatch.setattr(consent, "_kept", kept)
    first = consenting_people(world.lake, world.experiment)
    assert consenting_people(world.lake, world.experiment) is first
    sizes = [len(kept)]
    for n in range(1, 10):
        world.snapshot(DAY + timedelta(days=n), unsubscribed=(n,))
        assert n not in consenting_people(world.lake, world.experiment)[Channel.EMAIL]
        sizes.append(len(kept))
    assert sizes == [*range(1, 9), 1, 2]
