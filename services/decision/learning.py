"""Learn from closed rewards: the Gaussian posterior, several memories side by side.

Each memory keeps a sum over decisions in natural parameters (precision and shift), so days add up
in any order; forgetting multiplies the sum by the memory's rate for every day that passes. A day's
rewards enter by Newton steps on their exact likelihood around the posterior so far (Laplace; the
two-step form of online Bayesian logistic regression, Chapelle and Li 2011, with full covariance).

A change of the market is seen by the shortest memory doing best; then all of them start over from
it, so that the long one can again add up what holds now.

The level of all rewards wanders from day to day (weekdays, how often people are written to) without
any option being better or worse for it. So the intercept is let loose a little every day, and the
memories are judged by what they predict apart from the day's level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from scipy import linalg

from services.decision.arrays import Floats
from services.decision.design import Placement, aligned, place
from services.decision.layout import Layout
from services.decision.likelihood import Likelihood, Outcomes, likelihood_of, refuse_nonsense
from services.decision.model import Belief, Head, Reward, Space
from services.decision.variances import Moments, first_variances, reestimated, widened

MEMORIES = (1.0, 0.93, 0.8)  # kept a day; 0.8 is about the last five days
FIRST_WEIGHTS = (0.8, 0.15, 0.05)  # of the memories, unless recent days speak for another one
SHORTEST = 2
STARTED_OVER_SHARES = (0.05, 0.3, 1.0)  # of the shortest's data, what each memory starts over with
EVIDENCE_KEPT_SHARE = 0.85  # how fast the memories' track record fades, a day
ALARM_WEIGHT_SHARE = 0.9  # weight of the shortest memory that speaks for a market change
ALARM_IN_ROW = 2
ALARM_AFTER_DAYS = 14  # before, what was chosen changes faster than the market does
ALARM_SHOWN_DAYS = 7
INTERCEPT_WALK_VARIANCE = 0.03  # a day, logit units: the level may move by a sixth overnight
N_NEWTON_STEPS = 2
N_VARIANCE_STEPS = 2
LEAST_RATE_SHARE, MOST_RATE_SHARE = 1e-4, 0.95  # a base rate outside cannot start a logit


def prior(
    space: Space,
    n_features: int | Sequence[str],
    base_rate: float,
    *,
    reward: Reward = Reward.BINARY,
    attributes: Sequence[str] = (),
) -> Belief:
    """What is believed before the first outcome.

    n_features  names of the feature columns, or only how many there are
    base_rate   expected share of decisions with a reward (0 to 1); a guess is good enough
    attributes  the attribute each feature column came from; default: each its own
    """
    names = (
        tuple(f"x{i}" for i in range(n_features))
        if isinstance(n_features, int)
        else tuple(n_features)
    )
    layout = Layout(names, tuple(attributes) or names, space.dimensions)
    rate = min(max(base_rate, LEAST_RATE_SHARE), MOST_RATE_SHARE)
    n_heads = 2 if reward is Reward.REVENUE else 1
    heads = []
    for i in range(n_heads):
        start = np.zeros(layout.size)
        if i == 0 and reward is not Reward.SIGNED:
            start[0] = np.log(rate / (1 - rate))
        heads.append(
            Head(
                precision=np.zeros((len(MEMORIES), layout.size, layout.size)),
                shift=np.zeros((len(MEMORIES), layout.size)),
                start=start,
                variances=first_variances(layout),
            )
        )
    return Belief(
        version=0,
        reward=reward,
        base_rate=rate,
        layout=layout,
        heads=tuple(heads),
        evidence=np.log(FIRST_WEIGHTS),
    )


def learn(
    belief: Belief,
    space: Space,
    features: np.ndarray,
    combination: np.ndarray,
    reward: np.ndarray,
    day: date,
    *,
    names: Sequence[str] | None = None,
    attributes: Sequence[str] = (),
    strata: np.ndarray | None = None,
) -> Belief:
    """The next version of the belief, after the rewards of decisions made on `day`.

    features     float (n, n_features), as they were when deciding; names: their columns
    combination  int (n,): rows of `space`, the space of that day
    reward       float (n,): in the unit of `Reward`
    strata       int (n,), from 0: decisions whose rewards have a level of their own that day for a
                 reason no option has, such as how long their window stays open

    A day older than the newest one learnt counts as far as each memory still holds it. Rewards of
    one decision must be given once only: that is for the caller to see to.

    Raises DataError for rewards the kind of metric cannot have, or rows that do not fit.
    """
    combination = np.asarray(combination, dtype=np.int64)
    reward = np.asarray(reward, dtype=np.float64)
    refuse_nonsense(belief, space, features, combination, reward)
    belief = adapted(belief, space, names, attributes)
    columns = aligned(np.asarray(features), names, belief.layout)
    ordinal = day.toordinal()
    passed = max(ordinal - belief.last_day, 0) if belief.learnt else 0
    age = max(belief.last_day - ordinal, 0)
    rates = np.array(MEMORIES)
    used, row = np.unique(combination, return_inverse=True)
    outcomes = Outcomes.sorted(columns, row, reward, strata)
    placement = place(space, belief.layout, used)
    first = np.log(FIRST_WEIGHTS)
    evidence = first + (belief.evidence - first) * EVIDENCE_KEPT_SHARE**passed
    heads = []
    for i, head in enumerate(belief.heads):
        head = replace(
            head,
            precision=head.precision * (rates**passed)[:, None, None],
            shift=head.shift * (rates**passed)[:, None],
        )
        head = _loosened(head, passed)
        likelihood = likelihood_of(belief.reward, i)
        mine = likelihood.relevant(outcomes)
        if len(mine.reward):
            step = _updated(head, likelihood, mine, placement, rates**age)
            head, evidence = step.head, evidence + step.evidence
            strongest = int(np.argmax(evidence))
            head = _with_variances(head, belief.layout, strongest)
        heads.append(head)
    learnt = replace(
        belief,
        version=belief.version + 1,
        heads=tuple(heads),
        evidence=evidence,
        first_day=belief.first_day or ordinal,
        last_day=max(belief.last_day, ordinal),
        n_rewards=belief.n_rewards + len(reward),
    )
    if passed or not belief.learnt:
        is_short = learnt.weights[SHORTEST] > ALARM_WEIGHT_SHARE
        learnt = replace(learnt, short_in_row=belief.short_in_row + 1 if is_short else 0)
    since = max(learnt.first_day, learnt.changed_on)
    if learnt.short_in_row >= ALARM_IN_ROW and learnt.last_day - since >= ALARM_AFTER_DAYS:
        return _started_over(learnt)
    return learnt


def market_changed(belief: Belief) -> bool:
    """Whether the market was found to have changed, within the last ALARM_SHOWN_DAYS learnt days.

    Found is it when recent days are explained far better by the shortest memory, twice running;
    never in the first ALARM_AFTER_DAYS: the mix of combinations is still moving then.
    """
    return belief.changed_on > 0 and belief.last_day - belief.changed_on < ALARM_SHOWN_DAYS


def _started_over(belief: Belief) -> Belief:
    """Every memory starts over from a part of what the shortest holds, half of it from before the
    change: nearly nothing to all of it. Coming days tell how much of the old still holds."""
    shares = np.array(STARTED_OVER_SHARES)
    heads = tuple(
        replace(
            head,
            precision=shares[:, None, None] * head.precision[SHORTEST],
            shift=shares[:, None] * head.shift[SHORTEST],
        )
        for head in belief.heads
    )
    return replace(
        belief,
        heads=heads,
        evidence=np.zeros(len(MEMORIES)),
        short_in_row=0,
        changed_on=belief.last_day,
    )


def adapted(
    belief: Belief,
    space: Space,
    names: Sequence[str] | None = None,
    attributes: Sequence[str] = (),
) -> Belief:
    """The same belief with room for options and features it has not met; they start at the prior.

    Options that are gone keep their columns: they go on being integrated over, and are there
    should they come back.
    """
    wider = belief.layout.extended(space.dimensions, names or (), attributes)
    if wider == belief.layout:
        return belief
    to = belief.layout.places_in(wider)
    heads = []
    for head in belief.heads:
        precision = np.zeros((len(head.precision), wider.size, wider.size))
        precision[:, to[:, None], to[None, :]] = head.precision
        shift = np.zeros((len(head.shift), wider.size))
        shift[:, to] = head.shift
        start = np.zeros(wider.size)
        start[to] = head.start
        variances = widened(head.variances, belief.layout, wider)
        heads.append(
            replace(head, precision=precision, shift=shift, start=start, variances=variances)
        )
    return replace(belief, layout=wider, heads=tuple(heads))


@dataclass(frozen=True)
class Posterior:
    """One memory's Gaussian: mean float64 (p,), and the lower Cholesky factor of its precision."""

    mean: Floats
    factor: Floats


def posterior(head: Head, layout: Layout, memory: int) -> Posterior:
    """Prior and data of one memory put together."""
    return _solved(head, head.precision[memory], head.shift[memory], layout)


def _solved(head: Head, precision: Floats, shift: Floats, layout: Layout) -> Posterior:
    prior_precision = 1.0 / head.variances[layout.block_of]
    whole = precision.copy()
    whole[np.diag_indices_from(whole)] += prior_precision
    factor = linalg.cholesky(whole.T, lower=True, overwrite_a=True, check_finite=False)
    pull = shift + prior_precision * head.start
    return Posterior(linalg.cho_solve((factor, True), pull, check_finite=False), factor)


@dataclass(frozen=True)
class _Step:
    head: Head
    evidence: Floats


def _updated(
    head: Head, likelihood: Likelihood, outcomes: Outcomes, placement: Placement, kept: Floats
) -> _Step:
    head = likelihood.scaled(head, outcomes)
    precision, shift = head.precision.copy(), head.shift.copy()
    evidence, noise = np.zeros(len(kept)), head.noise
    for memory, share in enumerate(kept):
        before = _solved(head, head.precision[memory], head.shift[memory], placement.layout)
        at = before.mean
        levelled = outcomes.with_levels(likelihood.levels(head, outcomes, placement, at))
        evidence[memory] = likelihood.log_density(head, levelled, placement, at)
        outcomes_now = levelled.centred()
        for step in range(N_NEWTON_STEPS):
            added = likelihood.expanded(head, outcomes_now, placement, at)
            precision[memory] = head.precision[memory] + share * added.precision
            shift[memory] = head.shift[memory] + share * added.shift
            if step < N_NEWTON_STEPS - 1:  # the last step's mean is not needed for the sums
                at = _solved(head, precision[memory], shift[memory], placement.layout).mean
        if memory == 0:
            noise = likelihood.next_noise(head, outcomes_now, placement, at)
    return _Step(replace(head, precision=precision, shift=shift, noise=noise), evidence)


def _loosened(head: Head, days: int) -> Head:
    """Add a random walk of the intercept to what the data say (information form of a Kalman
    prediction): the other coefficients lose only what they knew through the intercept."""
    if not days:
        return head
    precision, shift = head.precision.copy(), head.shift.copy()
    for memory in range(len(precision)):
        column = precision[memory][:, 0].copy()
        gain = 1.0 / (1.0 / (INTERCEPT_WALK_VARIANCE * days) + column[0])
        precision[memory] -= gain * np.outer(column, column)
        shift[memory] -= gain * column * shift[memory][0]
    return replace(head, precision=precision, shift=shift)


def _with_variances(head: Head, layout: Layout, memory: int) -> Head:
    for _ in range(N_VARIANCE_STEPS):
        now = posterior(head, layout, memory)
        inverse, _ = linalg.lapack.dpotri(now.factor, lower=1)
        moments = Moments(now.mean, np.diag(inverse))
        head = replace(head, variances=reestimated(layout, moments, head.start))
    return head
