"""Whatever happens in whatever order: never twice, never the holdout, never while paused."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sending_world import DAY, NINE, WORKSPACE, World

from services.activation import pausing
from services.activation.dispatcher import Post, deliver
from services.activation.ledger import claim
from services.activation.model import Claim, LedgerState, Reply
from services.activation.plans.store import expire
from services.activation.recovery import recover
from services.errors import BrazeBroken, NeverConnected, NoAnswer, Queued, RateLimited, Rejected

ANSWERS: dict[str, tuple[Reply | Exception, bool]] = {
    "taken": (Reply(dispatch_id="d"), True),
    "some refused": (Reply(dispatch_id="d", errors=1), True),
    "queued": (Queued("q"), True),
    "silence, taken": (NoAnswer("s"), True),
    "silence, lost": (NoAnswer("s"), False),
    "broken, taken": (BrazeBroken("b", status=502), True),
    "refused": (Rejected("r", status=400), False),
    "too many": (RateLimited("t", retry_after_s=1), False),
    "no line": (NeverConnected("n"), False),
}


class Sending(RuleBasedStateMachine):
    """Days of planning, claiming, sending, crashing, pausing, opting out, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(Path(self.folder.name), n_people=70)
        self.day = DAY
        self.world.plan()
        self.held: list[Claim] = []
        self.paused = False
        self.suppressed: dict[int, int] = {}  # person → messages before

    def teardown(self) -> None:
        self.world.database.close()
        self.folder.cleanup()

    @rule()
    def claim_and_crash(self) -> None:
        found = claim(self.world.database, self.world.clock, self.world.experiment, self._terms())
        if isinstance(found, Claim):
            assert not self.paused or not found.people
            self.held += [found] if found.batch_id is not None else []

    @precondition(lambda self: self.held)
    @rule(answer=st.sampled_from(sorted(ANSWERS)), keep=st.booleans())
    def send_what_was_claimed(self, answer: str, keep: bool) -> None:
        batch = self.held[0] if keep else self.held.pop(0)  # kept: sent again, as a bug would
        reply, delivered = ANSWERS[answer]
        self.world.braze.answer = lambda _: reply
        self.world.braze.delivers = lambda _: delivered
        before = self.world.braze.requests
        deliver(
            Post(self.world.database, self.world.clock, self.world.braze, self.world.home), batch
        )
        assert not self.paused or self.world.braze.requests == before

    @rule()
    def recover(self) -> None:
        recover(self.world.database, self.world.clock, alone=True)

    @rule()
    def plan_the_day_again(self) -> None:
        self.world.plan(day=self.day)

    @rule()
    def pause(self) -> None:
        pausing.pause(self.world.database, self.world.clock, by="me", reason="look")
        self.paused = True

    @rule()
    def resume(self) -> None:
        for scope in ("*", "campaign:campaign-a", "canvas:canvas-b"):
            pausing.resume(self.world.database, self.world.clock, scope, by="me", reason="fine")
        self.paused = False

    @rule(person=st.integers(1, 70))
    def suppress(self, person: int) -> None:
        if person not in self.suppressed and not self._in_flight(person):
            self.world.run("INSERT INTO suppressions VALUES (:p, 'asked', 0)", p=person)
            self.suppressed[person] = self._n_messages(person)

    @rule(minutes=st.sampled_from([1, 30, 180]))
    def time_passes(self, minutes: int) -> None:
        self.world.clock.advance(timedelta(minutes=minutes))
        expire(self.world.database, self.world.clock, WORKSPACE, "e1")

    @rule()
    def next_day(self) -> None:
        self.day += timedelta(days=1)
        at = NINE + (self.day - DAY)
        if self.world.clock.now() < at:
            self.world.clock.set(at)
            self.world.snapshot(self.day)
            self.world.plan(day=self.day)

    @invariant()
    def nobody_gets_two_messages_of_one_day(self) -> None:
        n_days = (self.day - DAY).days + 1
        for person in range(1, 71):
            assert self._n_messages(person) <= n_days
        if n_days == 1:
            assert not self.world.braze.twice()

    @invariant()
    def the_holdout_and_the_suppressed_get_none(self) -> None:
        for person in range(10, 71, 10):
            assert self._n_messages(person) == 0
        for person, before in self.suppressed.items():
            assert self._n_messages(person) == before

    @invariant()
    def the_ledger_admits_to_every_message(self) -> None:
        may_have = {
            f"id-{r.person}": r.n
            for r in self.world.rows(
                "SELECT person, COUNT(*) AS n FROM ledger WHERE state IN "
                "('sending', 'accepted', 'accepted_partial', 'queued', 'unknown') GROUP BY person"
            )
        }
        for person in {p for p, _ in self.world.braze.truth}:
            sent = sum(1 for p, _ in self.world.braze.truth if p == person)
            assert sent <= may_have.get(person, 0)

    @invariant()
    def everybody_decided_for_is_in_an_explained_state(self) -> None:
        rows = self.world.rows("SELECT state, reason FROM ledger")
        assert len(rows) % 63 == 0
        for row in rows:
            LedgerState(str(row.state))
            assert (row.state == "skipped") == (row.reason is not None)

    def _terms(self):
        return self.world.terms()

    def _in_flight(self, person: int) -> bool:
        # Opting out between claim and send is a second's worth of race that no ledger can close.
        return any(person == p.person for batch in self.held for p in batch.people)

    def _n_messages(self, person: int) -> int:
        return sum(1 for p, _ in self.world.braze.truth if p == f"id-{person}")


TestSending = Sending.TestCase
TestSending.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
