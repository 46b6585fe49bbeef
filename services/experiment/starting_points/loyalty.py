"""Loyalty and engagement: first purchases by new members of a loyalty programme."""

from __future__ import annotations

from services.experiment.model import (
    Dimension,
    DimensionKind,
    Metric,
    MetricKind,
    MetricSource,
    MinimumGap,
    SourceKind,
)
from services.experiment.starting_points.model import (
    UseCase,
    channels,
    document,
    frequencies,
    hours,
    options,
    texts,
)
from services.messages import msg

OFFER = Dimension(
    key="offer",
    kind=DimensionKind.OFFER,
    label="Offer",
    options=options(
        ("none", "No offer", "", 0.0),
        ("bonus_points", "500 bonus points", "500 bonus points", 0.5),
        ("free_shipping", "Free shipping", "Free shipping", 3.9),
        ("early_access", "Early access", "Early access to new products", 0.0),
    ),
)
CREATIVE = Dimension(
    key="creative",
    kind=DimensionKind.CREATIVE,
    label="Creative",
    options=options(
        ("progress", "Your progress", "progress", 0.0),
        ("catalogue", "Product picks", "catalogue", 0.0),
        ("club", "Welcome to the club", "club", 0.0),
    ),
)
SUBJECT = Dimension(
    key="subject",
    kind=DimensionKind.SUBJECT,
    label="Subject line",
    options=texts(
        ("start", "Your first reward is close"),
        ("picks", "Picked for you this week"),
        ("member", "A good time to be a member"),
    ),
)

LOYALTY = UseCase(
    key="loyalty",
    icon="loyalty",
    name=msg("Loyalty and engagement"),
    goal=msg("More purchases by new members of the loyalty programme."),
    replaces=msg("A fixed series that reacts to what members do."),
    audience_hint=msg("Choose members who joined in the last 60 days."),
    document=document(
        "loyalty",
        "First purchases of new members",
        metric=Metric(
            kind=MetricKind.CONVERSION,
            sources=(MetricSource(kind=SourceKind.PURCHASE),),
            window_days=7,
            noun="purchases",
        ),
        dimensions=(
            OFFER,
            CREATIVE,
            SUBJECT,
            channels("email", "push"),
            frequencies(),
            hours(8, 12, 18),
        ),
        attributes=("tier", "points_balance", "favourite_category", "app_installed"),
        rules=(MinimumGap(),),
    ),
)
