"""Referral: new accounts of a business credit card, brought by those who have one."""

from __future__ import annotations

from services.experiment.model import (
    Dimension,
    DimensionKind,
    Metric,
    MetricKind,
    MetricSource,
    SourceKind,
)
from services.experiment.starting_points.model import UseCase, document, hours, options, texts
from services.messages import msg

CARD = Dimension(
    key="card",
    kind=DimensionKind.OFFER,
    label="Card",
    options=options(
        ("cashback", "Cashback card", "Cashback card", 0.0),
        ("travel", "Travel card", "Travel card", 0.0),
        ("low_rate", "Low-rate card", "Low-rate card", 0.0),
    ),
)
REWARD = Dimension(
    key="reward",
    kind=DimensionKind.CUSTOM,
    label="Reward",
    options=options(
        ("points", "10,000 points", "10,000 points", 0.0),
        ("credit", "Statement credit of 100", "A statement credit of 100", 0.0),
        ("both_win", "50 for each of you", "50 for each of you", 0.0),
    ),
)
CREATIVE = Dimension(
    key="creative",
    kind=DimensionKind.CREATIVE,
    label="Creative",
    options=options(
        ("story", "A business like yours", "story", 0.0),
        ("numbers", "The numbers", "numbers", 0.0),
    ),
)
SUBJECT = Dimension(
    key="subject",
    kind=DimensionKind.SUBJECT,
    label="Subject line",
    options=texts(
        ("know", "Who do you know in business?"),
        ("thanks", "A thank-you for every referral"),
        ("share", "Share the card you use"),
    ),
)
CALL = Dimension(
    key="cta",
    kind=DimensionKind.CALL_TO_ACTION,
    label="Call to action",
    options=texts(("refer", "Refer a business"), ("link", "Get your link")),
)

REFERRAL = UseCase(
    key="referral",
    icon="group_add",
    name=msg("Referral"),
    goal=msg("More new accounts that customers bring, with the card and the words that suit them."),
    replaces=msg("Broad A/B tests over one fixed series of emails."),
    audience_hint=msg("Choose card holders who have paid with the card in the last 60 days."),
    document=document(
        "referral",
        "Bring another business",
        metric=Metric(
            kind=MetricKind.CONVERSION,
            sources=(MetricSource(kind=SourceKind.EVENT, name="referral_completed"),),
            window_days=14,
            noun="referrals",
        ),
        dimensions=(CARD, REWARD, CREATIVE, SUBJECT, CALL, hours(7, 11, 16)),
        attributes=("tenure_months", "monthly_spend", "industry", "n_employees"),
        planned_weeks=14,
    ),
)
