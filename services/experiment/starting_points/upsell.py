"""Cross-sell or upsell: the next subscription tier, by the offer that suits each customer."""

from __future__ import annotations

from services.experiment.model import (
    Comparison,
    Dimension,
    DimensionKind,
    Metric,
    MetricKind,
    MetricSource,
    OptionNeeds,
    SourceKind,
)
from services.experiment.starting_points.model import (
    USUAL_RULES,
    UseCase,
    channels,
    document,
    hours,
    options,
    texts,
)
from services.messages import msg

OFFER = Dimension(
    key="offer",
    kind=DimensionKind.OFFER,
    label="Discount",
    options=options(
        ("none", "No discount", "", 0.0),
        ("setup_free", "Free installation", "Free installation", 4.0),
        ("ten_off", "10% off for six months", "10% off for six months", 12.0),
        ("twenty_off", "20% off for six months", "20% off for six months", 24.0),
    ),
)
PLAN = Dimension(
    key="plan",
    kind=DimensionKind.CUSTOM,
    label="Plan",
    options=options(
        ("fibre_300", "Fibre 300", "Fibre 300", 0.0),
        ("fibre_500", "Fibre 500", "Fibre 500", 0.0),
        ("fibre_1000", "Fibre 1000", "Fibre 1000", 0.0),
    ),
)
SUBJECT = Dimension(
    key="subject",
    kind=DimensionKind.SUBJECT,
    label="Subject line",
    options=texts(
        ("speed", "More speed for your home"),
        ("family", "Enough for everybody at once"),
        ("price", "Your upgrade at a fair price"),
    ),
)

UPSELL = UseCase(
    key="upsell",
    icon="trending_up",
    name=msg("Cross-sell or upsell"),
    goal=msg("More revenue per customer: the right plan, at the right price, at the right moment."),
    replaces=msg("A yearly campaign in which everybody gets the next tier up."),
    audience_hint=msg("Choose subscribers who can upgrade and have no open complaint."),
    document=document(
        "upsell",
        "Next plan up",
        metric=Metric(
            kind=MetricKind.ARPU,
            sources=(MetricSource(kind=SourceKind.REVENUE),),
            window_days=14,
            noun="dollars",
        ),
        dimensions=(OFFER, PLAN, SUBJECT, channels("email", "push"), hours(8, 12, 19)),
        attributes=("tenure_months", "current_plan", "monthly_price", "data_usage_gb"),
        rules=(
            *USUAL_RULES,
            OptionNeeds(
                dimension="offer",
                option="twenty_off",
                attribute="tenure_months",
                comparison=Comparison.ABOVE,
                value=12,
            ),
        ),
        planned_weeks=10,
    ),
)
