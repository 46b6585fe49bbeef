"""Send everything that is due: claim, send once, write down what became of it.

A batch is claimed durably before its request begins, and no request is ever repeated. Whatever
happens between, the worst is a doubt that settlement clears up later.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from services.activation import lease
from services.activation.classifying import classify_problem, classify_reply
from services.activation.consent import consenting_people
from services.activation.delivering import digest_of_people
from services.activation.fates.store import Sent, Settling, settling, standing, write_fate
from services.activation.gates.store import family_of, target_name
from services.activation.ledger import Terms, claim
from services.activation.model import (
    TARGET_REASONS,
    Claim,
    Dispatched,
    Held,
    HeldBack,
    HeldReason,
    LedgerState,
    Sender,
    SkipReason,
    Verdict,
)
from services.activation.pausing import paused_outside
from services.activation.plans.store import expire, n_due
from services.activation.recognising import Keeper, Marks, hold_all, marks_of, recognise
from services.activation.switches import store as switches
from services.activation.switches.buckets import DEFAULT_SHARE, HeaderNotes
from services.activation.tally import Progress, Tally
from services.braze.limits import RateWindow
from services.clock import Clock
from services.database.engine import Database
from services.errors import ConsoleError
from services.experiment.model import Experiment
from services.lake import Lake


@dataclass(frozen=True)
class Post:
    """Where sending happens: database, clock, sender, home with the STOP file, Braze's headers,
    and who keeps the marks beside the database."""

    database: Database
    clock: Clock
    sender: Sender
    home: Path
    notes: HeaderNotes = field(default_factory=HeaderNotes)
    keeper: Keeper | None = None


def dispatch_due(
    database: Database,
    clock: Clock,
    sender: Sender,
    lake: Lake,
    experiment: Experiment,
    *,
    workspace: str,
    home: Path,
    threads: int = 1,
    share: float = DEFAULT_SHARE,
    notes: HeaderNotes | None = None,
    progress: Progress | None = None,
    marks: Marks | None = None,
) -> Dispatched:
    """Send every planned row whose time has come, in batches of one target, until none is left.

    `share` of Braze's rate limit is the most Anneal takes; `notes` is what the sending client
    reports its headers to. Stops early where something holds everything: see `Dispatched.held`.
    `marks` are the files beside the database that tell a restored one (default: in the home).
    An error of our own is raised after the batch it hit is written down as in doubt.
    """
    late = expire(database, clock, workspace, experiment.id)
    n_total = n_due(database, clock, workspace, experiment.id)
    tally = Tally(n_total, progress)
    if late:
        tally.skip({SkipReason.HOUR_PASSED: late})
    if n_total == 0:
        return tally.result()
    marks = marks or marks_of(home, workspace)
    unlike = recognise(database, marks)
    if unlike is not None:
        hold_all(database, clock, unlike)
        tally.hold(Held(HeldReason.SECOND_LIFE))
        return tally.result()
    keeper = Keeper(database, marks)
    keeper.keep_newest()
    post = Post(database, clock, sender, home, notes or HeaderNotes(), keeper)
    terms = Terms(workspace, consenting_people(lake, experiment), share)
    try:
        if threads <= 1:
            _run(post, experiment, terms, tally)
            return tally.result()
        with ThreadPoolExecutor(threads) as pool:
            runs = [pool.submit(_run, post, experiment, terms, tally) for _ in range(threads)]
        for run in runs:
            run.result()
        return tally.result()
    finally:
        keeper.keep_newest()


@dataclass(frozen=True)
class Fate:
    """What became of one request, not yet written down."""

    batch: Claim
    verdict: Verdict
    sent: Sent
    window: RateWindow | None
    fault: BaseException | None = None  # of our own; raised once the fate is written down


def _run(post: Post, experiment: Experiment, terms: Terms, tally: Tally) -> None:
    answered: Fate | None = None  # written with the next claim: one commit instead of two
    try:
        while not tally.stopped():
            outside = paused_outside(post.home)
            if outside.paused:
                reason = HeldReason.PAUSED if outside.readable else HeldReason.UNREADABLE
                tally.hold(Held(reason))
                return
            if post.keeper is not None:
                post.keeper.keep()
            found = claim(
                post.database,
                post.clock,
                experiment,
                terms,
                blocked=tally.blocked(),
                first=None if answered is None else _settling(post, answered, terms.share),
            )
            answered = None
            if found is None:
                return
            if isinstance(found, Held):
                tally.hold(found)
                if found.reason in TARGET_REASONS:
                    continue
                return
            tally.skip(dict(found.skipped))
            if found.batch_id is not None:
                answered = _ask(post, found)
                tally.sent(found, answered.verdict)
                if answered.verdict.state is not LedgerState.ACCEPTED:
                    fate, answered = answered, None
                    _write(post, fate, terms.share)
                    if fate.verdict.state is LedgerState.NOT_DISPATCHED:
                        held = _why_back(fate.verdict)
                        tally.hold(Held(held, until=fate.verdict.retry_at))
            tally.dealt_with(len(found.people) + sum(found.skipped.values()))
    finally:
        if answered is not None:
            _write(post, answered, terms.share)


def deliver(post: Post, batch: Claim, share: float = DEFAULT_SHARE) -> Verdict:
    """Send one claimed batch and write down what became of it. Returns the verdict.

    An exception that is no answer of Braze is raised again, after the batch is written as unknown.
    """
    fate = _ask(post, batch)
    _write(post, fate, share)
    return fate.verdict


def _ask(post: Post, batch: Claim) -> Fate:
    begun: list[float] = []

    def guard() -> None:
        check(post, batch)
        begun.append(post.clock.now().timestamp())

    fault: BaseException | None = None
    try:
        verdict = classify_reply(batch, post.sender.send(batch, guard))
    except BaseException as problem:  # also an interrupt: the request may be out
        verdict = classify_problem(batch, problem, post.clock.now().timestamp())
        if not isinstance(problem, ConsoleError):
            fault = problem
    sent = Sent(begun[-1] if begun else None, digest_of_people(batch))
    return Fate(batch, verdict, sent, post.notes.take(family_of(batch.target_kind)), fault)


def _write(post: Post, fate: Fate, share: float) -> None:
    write_fate(
        post.database,
        post.clock,
        fate.batch,
        fate.verdict,
        sent=fate.sent,
        window=fate.window,
        share=share,
    )
    if fate.fault is not None:
        raise fate.fault


def _settling(post: Post, fate: Fate, share: float) -> Settling:
    return settling(
        post.clock, fate.batch, fate.verdict, sent=fate.sent, window=fate.window, share=share
    )


def check(post: Post, batch: Claim) -> None:
    """The last look before the first byte: lease, switches, fence. Raises HeldBack."""
    if lease.wall_s() > batch.deadline_wall or lease.boot_s() > batch.deadline_boot:
        raise HeldBack(HeldReason.LEASE_OVER)
    outside = paused_outside(post.home)
    if outside.paused:
        raise HeldBack(HeldReason.PAUSED if outside.readable else HeldReason.UNREADABLE)
    target = target_name(batch.target_kind.value, batch.target_id)
    scopes = (switches.EVERYTHING, batch.experiment_id, target)
    try:
        with post.database.read() as connection:
            now = standing(connection, batch, scopes)
    except Exception as problem:  # whatever it is: what cannot be read is paused
        raise HeldBack(HeldReason.UNREADABLE) from problem
    if now.paused:
        raise HeldBack(HeldReason.PAUSED)
    if not now.ours:
        raise HeldBack(HeldReason.LEASE_OVER)


def _why_back(verdict: Verdict) -> HeldReason:
    if verdict.retry_at is not None:
        return HeldReason.RATE_LIMIT
    if verdict.tried:
        return HeldReason.WAITING
    return HeldReason.PAUSED
