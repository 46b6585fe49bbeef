"""Where tests to an address are tried: a complete draft, a key that may delete, and a sandbox."""

from __future__ import annotations

from datetime import timedelta

import httpx

from services.bootstrap import Workplace
from services.braze.users import export_by_ids
from services.database import schema
from services.experiment.model import Channel, Status
from services.experiment.store import experiments, load_draft
from services.intents.model import Intent, IntentKind
from services.intents.store import file_intent, find
from services.workflow.acting import act_on_next
from tests.stage import Stage

ADDRESS = "me.myself@shop.example"


class Studio:
    """A draft that lacks nothing, a worker's place with a key that may delete, and a sandbox."""

    def __init__(self, stage: Stage, place: Workplace) -> None:
        self.stage, self.place, self.console = stage, place, place.console
        rows = {row.status: row.id for row in experiments(self.console.database)}
        self.draft = rows[Status.DRAFT]
        document = load_draft(self.console.database, rows[Status.RUNNING]).document
        with self.console.database.write() as c:
            c.execute(
                schema.drafts.update()
                .where(schema.drafts.c.experiment_id == self.draft)
                .values(document=document)
            )
        assert stage.experiment is not None
        self.experiment = stage.experiment
        self.n_asked = 0

    def clear(self) -> None:
        """No request open, nothing paused, nothing wrong with the line."""
        self.faults()
        with self.console.database.write() as c:
            c.execute(schema.intents.delete())
            c.execute(schema.pauses.delete())

    def combination(self, channel: Channel = Channel.EMAIL) -> dict[str, str]:
        chosen = {d.key: d.options[0].key for d in self.experiment.send_dimensions}
        for option in self.experiment.send_dimensions:
            for one in option.options:
                target = self.experiment.target_for({**chosen, option.key: one.key})
                if target is not None and target.channel is channel:
                    return {**chosen, option.key: one.key}
        raise AssertionError(f"nothing goes out by {channel}")

    def ask(self, channel: Channel = Channel.EMAIL, address: str = ADDRESS) -> str:
        self.n_asked += 1
        key = f"test {self.n_asked}"
        payload = {"email": address, "combination": self.combination(channel)}
        database, clock = self.console.database, self.console.clock
        file_intent(database, clock, IntentKind.TEST_SEND, key, payload, "me", self.draft)
        return key

    def send(self, channel: Channel = Channel.EMAIL, address: str = ADDRESS) -> Intent:
        key = self.ask(channel, address)
        assert act_on_next(self.place)
        return self.found(key)

    def found(self, key: str) -> Intent:
        intent = find(self.console.database, key=key)
        assert intent is not None
        return intent

    def now(self, intent: Intent) -> Intent:
        return self.found(intent.key)

    def is_there(self, profile: str) -> bool:
        return bool(export_by_ids(self.place.reading, [profile], ()).users)

    def later(self, by: timedelta) -> None:
        self.stage.control.jump(self.console.clock.now() + by)

    def faults(self, *faults: dict[str, object]) -> None:
        url = f"{self.stage.sandbox.url}/_sandbox/faults"
        assert httpx.post(url, json={"faults": list(faults)}, trust_env=False).is_success

    def kept_bytes(self) -> bytes:
        """Everything in the home that Anneal has written; the sandbox is somebody else."""
        files = (p for p in self.console.home.rglob("*") if p.is_file())
        return b"".join(p.read_bytes() for p in files if "sandbox" not in p.parts)
