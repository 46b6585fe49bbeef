"""Internet provider: the right plan, discount and moment for an upgrade, measured as ARPU."""

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
    NumberAttribute("usage_gb_30d", 240, 0.8, 5, 6_000),
    NumberAttribute("monthly_fee", 38, 0.2, 20, 90, decimals=2),
    NumberAttribute("support_calls_90d", 0.8, 0.7, 0, 12, missing_share=0.1),
    CategoryAttribute("plan", {"fibre_100": 0.55, "fibre_250": 0.32, "fibre_500": 0.13}),
    CategoryAttribute("household", {"single": 0.36, "couple": 0.34, "family": 0.3}, 0.08),
    CategoryAttribute("router_age", {"new": 0.4, "ageing": 0.35, "old": 0.25}),
    FlagAttribute("app_installed", 0.5),
    FlagAttribute("sms_consent", 0.6),
)

DIMENSIONS = (
    Dimension(
        "offer",
        "offer",
        "Discount",
        (
            Option("none", "No discount", "None", -0.2, {"number:usage_gb_30d": 0.42}),
            Option(
                "first_month",
                "First month free",
                "First month free",
                0.06,
                {"category:household=single": 0.36},
                4.0,
            ),
            Option(
                "router",
                "A new router with it",
                "New router",
                0.04,
                {"category:router_age=old": 0.62, "category:household=family": 0.2},
                6.0,
            ),
            Option(
                "half_year",
                "10 off every month for half a year",
                "10 off, six months",
                0.12,
                {"category:plan=fibre_100": 0.34, "number:usage_gb_30d": -0.2},
                12.0,
                0.72,
            ),
        ),
    ),
    Dimension(
        "plan",
        "custom",
        "Plan offered",
        (
            Option("next", "One step faster", "Next tier", 0.08, {"category:plan=fibre_100": 0.3}),
            Option(
                "top",
                "Fibre 1000",
                "Top tier",
                -0.1,
                {"number:usage_gb_30d": 0.36, "category:household=family": 0.3},
                basket_factor=1.5,
            ),
        ),
    ),
    Dimension(
        "subject",
        "subject",
        "Subject line",
        (
            Option(
                "speed",
                "Evenings without buffering",
                "Buffering",
                0.02,
                {"number:usage_gb_30d": 0.2},
            ),
            Option(
                "home",
                "Everybody online at once",
                "Everybody",
                0.0,
                {"category:household=family": 0.4},
            ),
            Option(
                "price",
                "More speed, the same bill",
                "Same bill",
                0.02,
                {"category:household=single": 0.26},
            ),
        ),
    ),
    Dimension(
        "creative",
        "creative",
        "Creative",
        (Option("sofa", "sofa", "Sofa"), Option("cable", "cable", "Cable")),
        noise=0.0,
    ),
    Dimension(
        "channel",
        "channel",
        "Channel",
        (
            Option("email", "email", "Email", 0.0, {"category:household=couple": 0.26}),
            Option("sms", "sms", "SMS", 0.02, {"category:household=family": 0.3}, 0.06),
            Option("push", "push", "Push", 0.0, {"category:household=single": 0.32}),
        ),
    ),
    Dimension(
        "hour",
        "hour",
        "Send hour",
        (
            Option("h09", 9, "09:00", 0.0, {"category:household=couple": 0.34}),
            Option("h13", 13, "13:00", -0.03, {"category:household=single": 0.3}),
            Option("h19", 19, "19:00", 0.06, {"category:household=family": 0.4}),
        ),
    ),
)

SEGMENTS = (
    Segment("everyone", "All subscribers", "Everybody with a line.", tags=("base",)),
    Segment(
        "slow_plans",
        "On the two smaller plans",
        "Whoever can still move up.",
        (Condition("plan", "is_not", "fibre_500"),),
        ("upsell",),
    ),
    Segment(
        "heavy",
        "Heavy users",
        "Above 500 GB in 30 days.",
        (Condition("usage_gb_30d", "above", 500),),
        ("upsell",),
    ),
    Segment(
        "families_old_router",
        "Families with an old router",
        "A small group with a reason to change.",
        (Condition("household", "is", "family"), Condition("router_age", "is", "old")),
    ),
)

INTERNET = World(
    key="internet",
    name="Fjordline",
    story=(
        "An internet provider. Every few months a subscriber moves to a faster plan without being "
        "asked. The right plan, discount and hour make it sooner; a steep discount costs revenue."
    ),
    use_case="cross_sell",
    currency="USD",
    attributes=ATTRIBUTES,
    agreed=tuple(a.name for a in ATTRIBUTES),
    segments=SEGMENTS,
    dimensions=DIMENSIONS,
    pairs=(Pair(("offer", "router"), ("subject", "home"), 0.15),),
    campaigns=campaigns("Faster line", "speed"),
    canvases=canvases("Faster line", "speed", "cable"),
    templates=(
        template("speed", "Faster line", "speed.html"),
        template("cable", "From the network room", "cable.html"),
    ),
    products=(Product("upgrade", 0.7, 1.0), Product("wifi-extender", 0.3, 0.4)),
    metric=Metric("arpu", "revenue", None, 7, "dollars a subscriber and 30 days"),
    conversion_event="upgrade",
    engagement_event="offer_viewed",
    browse_event="account_opened",
    sms_attribute="sms_consent",
    app_attribute="app_installed",
    sender="Fjordline <hello@fjordline.example>",
    zones=(("UTC", "GB", "en", 1.0),),
    organic_a_week=0.03,
    organic_spread=0.6,
    organic_likes={"category:plan=fibre_100": 0.3, "number:usage_gb_30d": 0.25},
    weekday_rhythm=(1.1, 1.1, 1.05, 1.0, 0.95, 0.9, 0.9),
    hour_rhythm=tuple((1 if h < 8 else 6 if h > 17 else 3) / 77 for h in range(24)),
    basket_median=42.0,
    basket_spread=0.25,
    basket_attribute="monthly_fee",
    base_logit=-3.6,
    likes_scale=0.85,
    personal_spread=0.3,
    fatigue_logit=0.09,
    unsubscribe_share=0.003,
)
