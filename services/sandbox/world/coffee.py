"""Coffee chain: people who come back on their own, and more often for the right message."""

from __future__ import annotations

from services.sandbox.world.coffee_messages import CAMPAIGNS, CANVASES, TEMPLATES
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

ATTRIBUTES = (
    DerivedAttribute("tenure_months", "tenure_months"),
    DerivedAttribute("visits_30d", "orders_30d"),
    DerivedAttribute("days_since_order", "days_since_order"),
    NumberAttribute("average_basket", 6.4, 0.35, 2.0, 40.0, decimals=2),
    NumberAttribute("commute_km", 7.0, 0.7, 0.3, 80.0, decimals=1, missing_share=0.12),
    CategoryAttribute("tier", {"bronze": 0.55, "silver": 0.3, "gold": 0.15}),
    CategoryAttribute(
        "favourite_category",
        {"espresso": 0.4, "cold brew": 0.25, "tea": 0.2, "bakery": 0.15},
        missing_share=0.06,
    ),
    CategoryAttribute("home_store_type", {"city": 0.45, "station": 0.3, "suburb": 0.25}),
    FlagAttribute("app_installed", 0.62),
    FlagAttribute("sms_consent", 0.48),
)

OFFERS = Dimension(
    "offer",
    "offer",
    "Offer",
    (
        Option(
            "none", "No offer", "No offer", -0.16, {"category:tier=gold": 0.55, "habit": 0.2}, 0.0
        ),
        Option(
            "double_points",
            "Double points today",
            "Double points",
            0.04,
            {"category:tier=silver": 0.32, "category:tier=gold": 0.28, "flag:app_installed": 0.22},
            0.15,
        ),
        Option(
            "free_pastry",
            "A free pastry with any drink",
            "Free pastry",
            0.06,
            {"category:favourite_category=bakery": 0.6, "category:home_store_type=station": 0.3},
            0.85,
            1.02,
        ),
        Option(
            "fifth_off",
            "20% off your next order",
            "20% off",
            0.1,
            {"category:tier=bronze": 0.34, "number:average_basket": 0.2, "habit": -0.18},
            1.3,
            0.8,
        ),
    ),
    noise=0.05,
)

ITEMS = Dimension(
    "item",
    "custom",
    "Featured item",
    (
        Option(
            "flat_white",
            "Flat white",
            "Flat white",
            0.05,
            {"category:favourite_category=espresso": 0.3},
        ),
        Option(
            "cold_brew",
            "Slow cold brew",
            "Cold brew",
            0.0,
            {"category:favourite_category=cold brew": 0.4},
        ),
        Option(
            "chai",
            "Spiced chai latte",
            "Chai latte",
            -0.03,
            {"category:favourite_category=tea": 0.45},
        ),
        Option(
            "cinnamon_bun",
            "Warm cinnamon bun",
            "Cinnamon bun",
            0.0,
            {"category:favourite_category=bakery": 0.45},
        ),
    ),
    noise=0.03,
)

SUBJECTS = Dimension(
    "subject",
    "subject",
    "Subject line",
    (
        Option(
            "treat",
            "Your next cup has a surprise",
            "Surprise",
            0.04,
            {"category:tier=bronze": 0.16, "number:commute_km": -0.08},
        ),
        Option(
            "commute",
            "Two minutes before your train",
            "Before the train",
            0.0,
            {"category:home_store_type=station": 0.32, "number:commute_km": 0.1},
        ),
        Option(
            "craft",
            "What our roasters drink this week",
            "Roasters' choice",
            -0.02,
            {"category:tier=gold": 0.26, "category:favourite_category=espresso": 0.1},
        ),
        Option(
            "weather",
            "Made for a day like this",
            "Day like this",
            0.0,
            {"category:home_store_type=suburb": 0.22, "category:favourite_category=tea": 0.14},
        ),
    ),
    noise=0.03,
)

CREATIVES = Dimension(
    "creative",
    "creative",
    "Creative",
    (
        Option("warm", "warm", "Warm counter"),
        Option("bright", "bright", "Bright morning"),
        Option("plain", "plain", "Plain type"),
    ),
    noise=0.0,
)

CHANNEL_OPTIONS = Dimension(
    "channel",
    "channel",
    "Channel",
    (
        Option("email", "email", "Email", 0.0, {"category:home_store_type=suburb": 0.3}),
        Option("sms", "sms", "SMS", 0.02, {"number:commute_km": 0.24, "habit": -0.12}, 0.06),
        Option(
            "push",
            "push",
            "Push",
            0.04,
            {"habit": 0.26, "category:home_store_type=station": 0.24},
        ),
    ),
    noise=0.04,
)

HOURS = Dimension(
    "hour",
    "hour",
    "Send hour",
    (
        Option(
            "h08",
            8,
            "08:00",
            0.08,
            {"category:home_store_type=station": 0.42, "category:favourite_category=tea": -0.25},
        ),
        Option("h12", 12, "12:00", 0.0, {"category:home_store_type=city": 0.3}),
        Option(
            "h15",
            15,
            "15:00",
            -0.02,
            {"category:favourite_category=tea": 0.36, "category:favourite_category=bakery": 0.26},
        ),
        Option("h18", 18, "18:00", -0.05, {"category:home_store_type=suburb": 0.4}),
    ),
    noise=0.04,
)

SEGMENTS = (
    Segment("everyone", "All members", "Everybody who may be written to.", tags=("base",)),
    Segment(
        "regulars",
        "Regulars",
        "Came at least twice in 30 days.",
        (Condition("visits_30d", "above", 1),),
        ("base",),
    ),
    Segment(
        "lapsing",
        "Quiet for two weeks",
        "No order for 14 days or more.",
        (Condition("days_since_order", "above", 13),),
        ("winback",),
    ),
    Segment("app", "App members", "Have the app.", (Condition("app_installed", "is", True),)),
    Segment(
        "app_lunch",
        "App members beyond a coffee",
        "Have the app and spend more than 5 on an average visit.",
        (Condition("app_installed", "is", True), Condition("average_basket", "above", 5.0)),
        ("base",),
    ),
    Segment(
        "gold_city",
        "Gold in the city",
        "Small group of the best customers.",
        (Condition("tier", "is", "gold"), Condition("home_store_type", "is", "city")),
        ("loyalty",),
    ),
    Segment(
        "bakery_untracked",
        "Bakery lovers",
        "Without analytics tracking, so its size is unknown.",
        (Condition("favourite_category", "is", "bakery"),),
        tracked=False,
    ),
)

HOUR_RHYTHM = tuple(
    w / 100 for w in (0, 0, 0, 0, 0, 1, 5, 13, 15, 10, 7, 6, 8, 7, 6, 6, 5, 4, 3, 2, 1, 1, 0, 0)
)

COFFEE = World(
    key="coffee",
    name="Corner Cup",
    story=(
        "A chain of coffee houses. Members order about once a month on their own, some daily, some "
        "hardly ever. A message brings an extra order when offer, channel and hour fit the person."
    ),
    use_case="repeat_purchase",
    currency="USD",
    attributes=ATTRIBUTES,
    agreed=tuple(a.name for a in ATTRIBUTES),
    segments=SEGMENTS,
    dimensions=(OFFERS, ITEMS, SUBJECTS, CREATIVES, CHANNEL_OPTIONS, HOURS),
    pairs=(
        Pair(("offer", "free_pastry"), ("hour", "h15"), 0.16),
        Pair(("offer", "none"), ("subject", "treat"), -0.15),
        Pair(("channel", "sms"), ("hour", "h18"), 0.12),
    ),
    campaigns=CAMPAIGNS,
    canvases=CANVASES,
    templates=TEMPLATES,
    products=(
        Product("coffee", 0.52, 0.8),
        Product("cold-brew", 0.16, 0.95),
        Product("tea", 0.12, 0.75),
        Product("pastry", 0.14, 1.1),
        Product("beans-250g", 0.06, 2.6),
    ),
    metric=Metric("conversion", "event", "order", 3, "orders"),
    conversion_event="order",
    engagement_event="offer_viewed",
    browse_event="app_opened",
    sms_attribute="sms_consent",
    app_attribute="app_installed",
    sender="Corner Cup <hello@cornercup.example>",
    zones=(("UTC", "GB", "en", 1.0),),
    organic_a_week=0.25,
    organic_spread=0.8,
    organic_likes={"category:tier=gold": 0.7, "category:tier=silver": 0.35},
    weekday_rhythm=(1.05, 1.08, 1.08, 1.1, 1.2, 0.85, 0.64),
    hour_rhythm=HOUR_RHYTHM,
    basket_median=6.4,
    basket_spread=0.4,
    basket_attribute="average_basket",
    base_logit=-2.8,
    likes_scale=0.85,  # the best combination is worth about twice a random one
    personal_spread=0.3,
    fatigue_logit=0.07,
    unsubscribe_share=0.002,
)
