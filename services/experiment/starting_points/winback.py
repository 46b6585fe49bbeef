"""Winback: past subscribers, by creative, message, channel and rhythm."""

from __future__ import annotations

from services.experiment.model import (
    Dimension,
    DimensionKind,
    Exclude,
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
        ("week_free", "One week free", "One week free", 2.5),
        ("half_price", "Half price for two months", "Half price for two months", 9.0),
    ),
)
MESSAGE = Dimension(
    key="message",
    kind=DimensionKind.CUSTOM,
    label="Message",
    options=options(
        ("new", "What is new", "See what has changed since you left", 0.0),
        ("missed", "What you missed", "The stories everybody talks about", 0.0),
        ("easy", "Easy to return", "Your account is as you left it", 0.0),
    ),
)
CREATIVE = Dimension(
    key="creative",
    kind=DimensionKind.CREATIVE,
    label="Creative",
    options=options(
        ("picture", "Large picture", "picture", 0.0),
        ("list", "Short list", "list", 0.0),
        ("letter", "Plain letter", "letter", 0.0),
    ),
)
SUBJECT = Dimension(
    key="subject",
    kind=DimensionKind.SUBJECT,
    label="Subject line",
    options=texts(
        ("back", "Good to see you again"),
        ("open", "The door is still open"),
        ("month", "This month, only better"),
    ),
)

WINBACK = UseCase(
    key="winback",
    icon="undo",
    name=msg("Winback"),
    goal=msg("More past subscribers back, by the message and the rhythm that suits each of them."),
    replaces=msg("Elaborate A/B tests and ever finer segments."),
    audience_hint=msg("Choose people who cancelled 1 to 12 months ago."),
    document=document(
        "winback",
        "Welcome back",
        metric=Metric(
            kind=MetricKind.CONVERSION,
            sources=(MetricSource(kind=SourceKind.EVENT, name="subscription_started"),),
            window_days=7,
            noun="returns",
        ),
        dimensions=(
            OFFER,
            MESSAGE,
            CREATIVE,
            SUBJECT,
            channels("email", "sms"),
            frequencies(),
            hours(9, 18),
        ),
        attributes=("months_since_cancelled", "tenure_months", "cancel_reason"),
        sms=True,
        rules=(
            MinimumGap(),
            Exclude(when={"channel": "sms", "creative": "picture"}),
        ),
        planned_weeks=12,
    ),
)
