"""Lead nurturing and conversion: from a first contact to revenue, on first-party data."""

from __future__ import annotations

from services.experiment.model import (
    Comparison,
    Dimension,
    DimensionKind,
    Metric,
    MetricKind,
    MetricSource,
    MinimumGap,
    OptionNeeds,
    SourceKind,
)
from services.experiment.starting_points.model import (
    UseCase,
    document,
    frequencies,
    options,
    texts,
)
from services.messages import msg

BID_METHOD = Dimension(
    key="bid_method",
    kind=DimensionKind.CUSTOM,
    label="Bid method",
    options=options(
        ("fixed", "Fixed quote", "fixed", 0.0),
        ("range", "Price range", "range", 0.0),
        ("call", "Call with an adviser", "call", 6.0),
    ),
)
BID_LEVEL = Dimension(
    key="bid_level",
    kind=DimensionKind.OFFER,
    label="Bid level",
    options=options(
        ("standard", "Standard", "standard", 0.0),
        ("keen", "5% below standard", "keen", 10.0),
        ("sharp", "10% below standard", "sharp", 20.0),
    ),
)
CREATIVE = Dimension(
    key="creative",
    kind=DimensionKind.CREATIVE,
    label="Creative",
    options=options(
        ("case", "Customer case", "case", 0.0),
        ("guide", "Buyer's guide", "guide", 0.0),
        ("calculator", "Calculator", "calculator", 0.0),
    ),
)
SUBJECT = Dimension(
    key="subject",
    kind=DimensionKind.SUBJECT,
    label="Subject line",
    options=texts(
        ("quote", "Your quote is ready"),
        ("question", "One question about your project"),
        ("steps", "Three steps to a decision"),
    ),
)

LEAD_NURTURING = UseCase(
    key="lead_nurturing",
    icon="filter_alt",
    name=msg("Lead nurturing and conversion"),
    goal=msg("More revenue from leads: the right bid and the right argument for each of them."),
    replaces=msg("Personalised paid ads that no longer find the right people."),
    audience_hint=msg("Choose leads with a form sent in the last 60 days and no order yet."),
    document=document(
        "lead_nurturing",
        "From lead to order",
        metric=Metric(
            kind=MetricKind.REVENUE,
            sources=(MetricSource(kind=SourceKind.REVENUE),),
            window_days=21,
            noun="dollars",
        ),
        dimensions=(BID_METHOD, BID_LEVEL, CREATIVE, SUBJECT, frequencies()),
        attributes=("lead_source", "days_since_signup", "project_size", "pages_viewed_30d"),
        rules=(
            MinimumGap(),
            OptionNeeds(
                dimension="bid_level",
                option="sharp",
                attribute="project_size",
                comparison=Comparison.ABOVE,
                value=5_000,
            ),
        ),
        planned_weeks=12,
    ),
)
