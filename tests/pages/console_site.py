"""A home with a console over it, and what a reader sees on a page."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streamlit.testing.v1 import AppTest

from services.bootstrap import Console
from services.database import schema
from services.experiment.store import create_draft
from services.experiment.use_cases import starting_document

AN_HOUR_S = 3600.0


@dataclass
class Site:
    """A home, its console, and a way to open a page of it."""

    home: Path
    console: Console
    open: Callable[..., AppTest]

    def draft(self, use_case: str = "upsell", **parts: object) -> str:
        """A draft with two chosen segments; `parts` replace parts of its document."""
        document = starting_document(use_case)
        document["audience"]["segment_ids"] = ["seg-0", "seg-1"]
        document |= parts
        database, clock = self.console.database, self.console.clock
        return create_draft(database, clock, by="local", use_case=use_case, document=document)

    def segments(self, count: int = 3) -> None:
        """Segments as the worker would have read them an hour ago."""
        with self.console.database.write() as connection:
            for number in range(count):
                size = 1000 * (number + 1)
                connection.execute(
                    schema.catalogue.insert().values(
                        kind="segment",
                        id=f"seg-{number}",
                        name=f"Segment {number:03}",
                        document={"size": size, "sizes": [{"day": "2026-01-01", "size": size}]},
                        refreshed_at=time.time() - AN_HOUR_S,
                    )
                )

    def worker(self) -> None:
        """A worker that has just said something."""
        with self.console.database.write() as connection:
            now = time.time()
            connection.execute(
                schema.heartbeats.insert().values(
                    process="worker", pid=1, started_at=now, at=now, virtual_at=now
                )
            )


def texts(app: AppTest) -> str:
    """Everything a reader sees in words, in one string."""
    parts = [e.value for e in (*app.title, *app.header, *app.subheader, *app.markdown)]
    parts += [e.value for e in (*app.caption, *app.success, *app.warning, *app.error)]
    parts += [e.label for e in (*app.button, *app.metric)] + [str(e.value) for e in app.metric]
    return "\n".join(str(part) for part in parts)
