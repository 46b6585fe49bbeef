"""Repeat purchase: the next order, by what each customer likes."""

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
        ("double_points", "Double points", "Double points today", 0.15),
        ("free_pastry", "Free pastry", "A free pastry with any drink", 0.85),
        ("fifth_off", "20% off", "20% off your next order", 1.3),
    ),
)
ITEM = Dimension(
    key="item",
    kind=DimensionKind.CUSTOM,
    label="Featured item",
    options=options(
        ("flat_white", "Flat white", "Flat white", 0.0),
        ("cold_brew", "Cold brew", "Slow cold brew", 0.0),
        ("chai", "Chai latte", "Spiced chai latte", 0.0),
    ),
)
SUBJECT = Dimension(
    key="subject",
    kind=DimensionKind.SUBJECT,
    label="Subject line",
    options=texts(
        ("treat", "Your next cup has a surprise"),
        ("commute", "Two minutes before your train"),
        ("weather", "Made for a day like this"),
    ),
)

REPEAT_PURCHASE = UseCase(
    key="repeat_purchase",
    icon="shopping_bag",
    name=msg("Repeat purchase"),
    goal=msg("More orders, and more customers who come back for another one."),
    replaces=msg("The same series of emails for everybody who signed up."),
    audience_hint=msg("Choose customers with at least one order."),
    document=document(
        "repeat_purchase",
        "The next order",
        metric=Metric(
            kind=MetricKind.CONVERSION,
            sources=(MetricSource(kind=SourceKind.EVENT, name="order"),),
            window_days=3,
            noun="orders",
        ),
        dimensions=(OFFER, ITEM, SUBJECT, channels("email", "sms", "push"), hours(8, 12, 15, 18)),
        attributes=("tenure_months", "visits_30d", "days_since_order", "average_basket"),
        sms=True,
        rules=(MinimumGap(),),
    ),
)
