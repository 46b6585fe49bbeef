"""Can the success metric be counted?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from services.experiment.model import Experiment, MetricKind, MetricSource, SourceKind
from services.experiment.problem import Problem, Step
from services.messages import msg

DAYS_A_WEEK = 7
MONEY = frozenset({MetricKind.REVENUE, MetricKind.ARPU})


def metric_problems(experiment: Experiment) -> Iterator[Problem]:
    """Problems of the step Metric: sources, window, guardrails."""
    metric = experiment.metric
    if not metric.sources:
        yield Problem(
            Step.METRIC,
            msg("Nothing says yet what a success is."),
            msg("Choose an event, a purchase, revenue or an attribute."),
        )
    for source in metric.sources:
        yield from _source(experiment, source)
    kinds = {source.kind for source in metric.sources}
    if metric.kind in MONEY and kinds - {SourceKind.REVENUE}:
        yield Problem(
            Step.METRIC,
            msg("Revenue is counted in money, but the metric counts something else."),
            msg("Choose revenue as the source, or another kind of metric."),
        )
    if metric.kind is MetricKind.CONVERSION and kinds - {SourceKind.EVENT, SourceKind.PURCHASE}:
        yield Problem(
            Step.METRIC,
            msg("A conversion is something people do once or not: an event or a purchase."),
            msg("Choose an event or a purchase, or another kind of metric."),
        )
    if metric.sources and all(source.weight == 0 for source in metric.sources):
        yield Problem(
            Step.METRIC,
            msg("All weights are zero, so nothing would count."),
            msg("Give at least one event a weight."),
        )
    if metric.window_days > DAYS_A_WEEK * experiment.planned_weeks:
        yield Problem(
            Step.METRIC,
            msg("The window is longer than the experiment."),
            msg("Shorten the window, or plan more weeks."),
        )
    counted = Counter((source.kind, source.name) for source in metric.sources)
    if any(n > 1 for n in counted.values()):
        yield Problem(
            Step.METRIC,
            msg("The same thing would be counted twice."),
            msg("Take one of the two entries out."),
        )
    watched = Counter(guardrail.kind for guardrail in experiment.guardrails)
    if any(n > 1 for n in watched.values()):
        yield Problem(
            Step.METRIC,
            msg("A guardrail stands there twice."),
            msg("Keep the one with the limit you want."),
        )


def _source(experiment: Experiment, source: MetricSource) -> Iterator[Problem]:
    if source.kind in (SourceKind.EVENT, SourceKind.ATTRIBUTE) and not source.name:
        yield Problem(
            Step.METRIC,
            msg("The metric lacks the name of what is counted."),
            msg("Type the name exactly as it is in Braze."),
        )
    elif source.kind is SourceKind.ATTRIBUTE and source.name not in experiment.audience.attributes:
        yield Problem(
            Step.METRIC,
            msg("The metric counts “{name}”, which is not an agreed attribute.", name=source.name),
            msg("Add it to the agreed attributes on the page Audience."),
            about=source.name or "",
        )
