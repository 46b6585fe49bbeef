"""Trials written down as they are done, so that a long benchmark can be gone on with."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.learning_trials import Trial

Key = tuple[str, str, int]  # world, peer, seed


class Kept:
    """Finished trials in a file of one JSON object a line; without a file nothing is kept.

    Trials of an engine that has changed since must be taken out of the file by hand.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._known: dict[Key, Trial] = {}
        for line in file.read_text().splitlines() if file and file.exists() else ():
            read = json.loads(line)
            key = (read.pop("world"), read.pop("peer"), read.pop("seed"))
            self._known[key] = Trial(**read | {"alarms": tuple(read["alarms"])})

    def found(self, key: Key) -> Trial | None:
        """The trial if it was done before."""
        return self._known.get(key)

    def add(self, key: Key, done: Trial) -> None:
        """Write one trial down."""
        self._known[key] = done
        if self._file is None:
            return
        world, peer, seed = key
        line = json.dumps({"world": world, "peer": peer, "seed": seed} | asdict(done))
        with self._file.open("a") as out:
            out.write(line + "\n")
