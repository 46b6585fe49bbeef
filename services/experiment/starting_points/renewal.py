"""Renewal and retention: long contracts without discounts nobody needed."""

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
    document,
    hours,
    options,
    texts,
)
from services.messages import msg

OFFER = Dimension(
    key="offer",
    kind=DimensionKind.OFFER,
    label="Renewal offer",
    options=options(
        ("none", "No discount", "", 0.0),
        ("month_free", "First month free", "First month free", 29.0),
        ("ten_off", "10% off", "10% off", 35.0),
        ("gift", "Gift card", "A gift card worth 25", 25.0),
    ),
)
TERM = Dimension(
    key="term",
    kind=DimensionKind.CUSTOM,
    label="Contract length",
    options=options(
        ("m12", "12 months", "12 months", 0.0),
        ("m24", "24 months", "24 months", 0.0),
    ),
)
CREATIVE = Dimension(
    key="creative",
    kind=DimensionKind.CREATIVE,
    label="Creative",
    options=options(
        ("letter", "Personal letter", "letter", 0.0),
        ("savings", "Savings at a glance", "savings", 0.0),
        ("benefits", "What you keep", "benefits", 0.0),
    ),
)
SUBJECT = Dimension(
    key="subject",
    kind=DimensionKind.SUBJECT,
    label="Subject line",
    options=texts(
        ("keep", "Keep what you have"),
        ("ending", "Your contract ends soon"),
        ("thanks", "Thank you for staying with us"),
    ),
)

RENEWAL = UseCase(
    key="renewal",
    icon="autorenew",
    name=msg("Renewal and retention"),
    goal=msg("More renewals, for longer and at a better value, with fewer discounts."),
    replaces=msg("Manual A/B tests and deep discounts for everybody."),
    audience_hint=msg("Choose customers whose contract ends in the next 90 days."),
    document=document(
        "renewal",
        "Contract renewal",
        metric=Metric(
            kind=MetricKind.WEIGHTED,
            sources=(
                MetricSource(kind=SourceKind.EVENT, name="renewed_24_months", weight=2.0),
                MetricSource(kind=SourceKind.EVENT, name="renewed_12_months", weight=1.0),
            ),
            window_days=14,
            noun="renewal years",
        ),
        dimensions=(OFFER, TERM, CREATIVE, SUBJECT, hours(9, 13, 18)),
        attributes=("tenure_months", "monthly_price", "support_contacts_90d", "days_to_end"),
        rules=(
            *USUAL_RULES,
            OptionNeeds(
                dimension="offer",
                option="gift",
                attribute="tenure_months",
                comparison=Comparison.ABOVE,
                value=24,
            ),
        ),
        planned_weeks=12,
    ),
)
