"""Streaming service: bringing past subscribers back with the right title, price and rhythm."""

from __future__ import annotations

from services.sandbox.world.model import (
    CategoryAttribute,
    Condition,
    DerivedAttribute,
    Dimension,
    FlagAttribute,
    Metric,
    NumberAttribute,
    Option,
    Pair,
    Product,
    Segment,
    World,
)
from services.sandbox.world.plain_messages import campaigns, canvases, template

ATTRIBUTES = (
    DerivedAttribute("tenure_months", "tenure_months"),
    DerivedAttribute("days_since_subscribed", "days_away"),
    NumberAttribute("hours_watched_last_month", 14, 0.8, 0.5, 200, decimals=1),
    NumberAttribute("months_subscribed", 7, 0.8, 1, 90),
    CategoryAttribute(
        "favourite_genre", {"drama": 0.34, "comedy": 0.26, "sport": 0.22, "family": 0.18}, 0.1
    ),
    CategoryAttribute("last_plan", {"with_ads": 0.44, "standard": 0.4, "premium": 0.16}),
    CategoryAttribute("left_because", {"price": 0.45, "nothing_to_watch": 0.35, "moved": 0.2}, 0.3),
    FlagAttribute("app_installed", 0.55),
    FlagAttribute("sms_consent", 0.35),
)

DIMENSIONS = (
    Dimension(
        "offer",
        "offer",
        "Offer",
        (
            Option("none", "No offer", "None", -0.25, {"category:last_plan=premium": 0.6}),
            Option(
                "week",
                "Seven days on us",
                "Free week",
                0.06,
                {"category:left_because=nothing_to_watch": 0.5},
                1.5,
            ),
            Option(
                "half",
                "Half price for three months",
                "Half price",
                0.12,
                {"category:left_because=price": 0.5},
                9.0,
                0.55,
            ),
            Option(
                "ads",
                "The plan with ads for 4.99",
                "Plan with ads",
                0.0,
                {"category:last_plan=with_ads": 0.4, "category:left_because=price": 0.2},
                0.0,
                0.5,
            ),
        ),
    ),
    Dimension(
        "subject",
        "subject",
        "Subject line",
        (
            Option(
                "new",
                "What you missed",
                "What you missed",
                0.03,
                {"category:favourite_genre=drama": 0.34},
            ),
            Option(
                "season",
                "The season starts on Friday",
                "Season",
                0.0,
                {"category:favourite_genre=sport": 0.55},
            ),
            Option(
                "smile",
                "Twenty minutes to smile",
                "Smile",
                0.0,
                {"category:favourite_genre=comedy": 0.42},
            ),
            Option(
                "sofa",
                "Saturday night is planned",
                "Saturday",
                0.0,
                {"category:favourite_genre=family": 0.5},
            ),
        ),
    ),
    Dimension(
        "creative",
        "creative",
        "Creative",
        (Option("poster", "poster", "Poster"), Option("stills", "stills", "Stills")),
        noise=0.0,
    ),
    Dimension(
        "channel",
        "channel",
        "Channel",
        (
            Option("email", "email", "Email", 0.03, {"number:months_subscribed": 0.16}),
            Option("sms", "sms", "SMS", -0.02, {"category:favourite_genre=sport": 0.4}, 0.06),
            Option("push", "push", "Push", 0.0, {"number:hours_watched_last_month": 0.26}),
        ),
    ),
    Dimension(
        "hour",
        "hour",
        "Send hour",
        (
            Option("h10", 10, "10:00", -0.04, {"category:favourite_genre=family": 0.36}),
            Option("h17", 17, "17:00", 0.02, {"category:favourite_genre=sport": 0.36}),
            Option("h20", 20, "20:00", 0.05, {"category:favourite_genre=drama": 0.34}),
        ),
    ),
)

SEGMENTS = (
    Segment("everyone", "All past subscribers", "Whoever has left since.", tags=("base",)),
    Segment(
        "away",
        "Away for a month",
        "Not subscribed again within 30 days: people who come back leave this segment.",
        (Condition("days_since_subscribed", "above", 29),),
        ("winback",),
    ),
    Segment(
        "price_leavers",
        "Left over the price",
        "Said so when they left.",
        (Condition("left_because", "is", "price"),),
    ),
    Segment(
        "sport",
        "Sport on premium",
        "A small group with high fees.",
        (Condition("favourite_genre", "is", "sport"), Condition("last_plan", "is", "premium")),
    ),
)

STREAMING = World(
    key="streaming",
    name="Lantern",
    story=(
        "A streaming service and the people who left it. Few come back on their own; the right "
        "title at the right price brings them back earlier. Who returns leaves the segment."
    ),
    use_case="winback",
    currency="USD",
    attributes=ATTRIBUTES,
    agreed=tuple(a.name for a in ATTRIBUTES),
    segments=SEGMENTS,
    dimensions=DIMENSIONS,
    pairs=(Pair(("offer", "half"), ("subject", "season"), 0.15),),
    campaigns=campaigns("Come back", "poster"),
    canvases=canvases("Come back", "poster", "stills"),
    templates=(
        template("poster", "Poster", "poster.html"),
        template("stills", "Stills", "stills.html"),
    ),
    products=(
        Product("standard", 0.55, 1.0),
        Product("with-ads", 0.3, 0.6),
        Product("premium", 0.15, 1.6),
    ),
    metric=Metric("conversion", "event", "resubscribed", 7, "returns"),
    conversion_event="resubscribed",
    engagement_event="offer_viewed",
    browse_event="trailer_watched",
    sms_attribute="sms_consent",
    app_attribute="app_installed",
    sender="Lantern <hello@lantern.example>",
    zones=(("UTC", "GB", "en", 1.0),),
    organic_a_week=0.012,
    organic_spread=0.5,
    organic_likes={"category:last_plan=premium": 0.4, "number:hours_watched_last_month": 0.2},
    weekday_rhythm=(0.8, 0.8, 0.85, 0.95, 1.25, 1.25, 1.1),
    hour_rhythm=tuple((1 if h < 9 else 8 if h > 17 else 3) / 84 for h in range(24)),
    basket_median=11.99,
    basket_spread=0.05,
    basket_attribute=None,
    base_logit=-4.0,
    likes_scale=0.85,
    personal_spread=0.3,
    fatigue_logit=0.09,
    unsubscribe_share=0.004,
)
