"""Settle doubts over 72 virtual hours against a Braze that knows the truth and shows it late.

    python -m tests.faults.settle --batches 1000 --json

Every way in which an answer can be lost leaves a batch unknown; whether its people got the message
is decided by a coin. Braze shows a receipt between at once and 70 hours later. Wrong is a verdict
unlike the truth; settled is a verdict of any sort. Now and then Braze does not answer the question.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import cast

from services.activation import pausing
from services.activation.model import Claim, Reply
from services.activation.settlement import Receipts, settle_due
from services.braze.client import BrazeClient
from services.errors import BrazeBroken, NoAnswer, Queued
from services.experiment.model import TargetKind
from tests.activation.sending_world import WORKSPACE, World
from tests.faults.verdict import Verdict, show

BATCHES_A_WORLD = 40
LAST_HOUR = 73
LATEST_RECEIPT_H = 70.0
SHARE_OF_FAILED_QUESTIONS = 0.05
LEAST_SETTLED = 0.999
NOBODY = cast(BrazeClient, None)


class LateBraze:
    """Keeps who got what and when that shows; asked through the settlement's own question."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world = world
        self.got: dict[str, tuple[Claim, float, float]] = {}  # (batch, received at, shown from)
        self._rng = rng

    def answer(self, claim: Claim) -> Reply | BaseException:
        """Deliver or not, and lose the answer in one of the ways there are."""
        if self._rng.random() < 0.5:
            for person in claim.people:
                received = claim.claimed_at + self._rng.uniform(-60, 600)
                shown = claim.claimed_at + self._rng.uniform(0, LATEST_RECEIPT_H) * 3600
                self.got[person.external_id] = (claim, received, shown)
        if self._rng.random() < 0.1:
            return Reply(dispatch_id="d", errors=1)
        lost = (NoAnswer("silence"), NoAnswer("cut"), BrazeBroken("502", status=502), Queued("q"))
        return self._rng.choice(lost)

    def ask(self, _: BrazeClient, ids: Sequence[str]) -> Mapping[str, Receipts]:
        """The receipts that show by now."""
        if self._rng.random() < SHARE_OF_FAILED_QUESTIONS:
            raise BrazeBroken("500", status=500)
        now = self.world.clock.now().timestamp()
        shown: dict[str, Receipts] = {}
        for id in ids:
            batch, received, from_at = self.got.get(id, (None, 0.0, 0.0))
            visible = batch is not None and from_at <= now
            shown[id] = {_target(batch): received} if visible and batch is not None else {}
        return shown


def _target(batch: Claim) -> tuple[TargetKind, str]:
    return (batch.target_kind, batch.target_id)


def play(folder: Path, n_batches: int, rng: random.Random, verdict: Verdict) -> tuple[int, int]:
    """One world of doubts, settled hour by hour. Returns (doubts, settled)."""
    world = World(folder, n_people=n_batches * 50)
    world.plan()
    braze = LateBraze(world, rng)
    world.braze.answer = braze.answer
    while world.states().get("planned"):
        world.dispatch()
        pausing.resume(world.database, world.clock, by="me", reason="the harness goes on")
    n_doubts = sum(world.states().values())
    for _ in range(LAST_HOUR * 4):
        world.clock.advance(timedelta(minutes=15))
        settle_due(
            world.database, world.clock, NOBODY, WORKSPACE, world.experiment.id, ask=braze.ask
        )
    rows = world.rows("SELECT p.external_id, l.state FROM ledger l JOIN people p USING (person)")
    settled = 0
    for id, state in rows:
        settled += state in ("received", "not_received")
        verdict.count("wrong_received", int(state == "received" and id not in braze.got))
        verdict.count("wrong_not_received", int(state == "not_received" and id in braze.got))
    again = len(world.braze.truth) - len(set(world.braze.truth))
    verdict.count("sent_again", again)
    world.database.close()
    return n_doubts, settled


def settle(batches: int, seed: int = 0) -> Verdict:
    """Play worlds until `batches` have been in doubt."""
    verdict = Verdict("settle")
    rng = random.Random(seed)
    n_doubts = n_settled = left = 0
    left = batches
    while left > 0:
        with tempfile.TemporaryDirectory() as folder:
            doubts, settled = play(Path(folder), min(left, BATCHES_A_WORLD), rng, verdict)
        n_doubts, n_settled, left = n_doubts + doubts, n_settled + settled, left - BATCHES_A_WORLD
    verdict.n = n_doubts
    share = n_settled / n_doubts
    verdict.figures |= {"batches": batches, "settled_share": round(share, 6)}
    verdict.need("settled_share", share >= LEAST_SETTLED, f">= {LEAST_SETTLED}")
    return verdict


def main() -> int:
    """Print the verdict; exit 1 where a promise was broken."""
    options = argparse.ArgumentParser(description="Doubts settled by what Braze shows later.")
    options.add_argument("--batches", type=int, default=1_000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    return show(settle(chosen.batches, chosen.seed), as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main())
