"""Nouns of a simulated world: its people, segments, messages and hidden preferences, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Channel = Literal["email", "sms", "push"]
CHANNELS: tuple[Channel, ...] = ("email", "sms", "push")
# Those whose messages people have hidden preferences for, and everything else Braze sends.
MessageChannel = Literal["email", "sms", "push", "webhook", "content_cards", "whats_app", "in_app"]
MESSAGE_CHANNELS: tuple[MessageChannel, ...]
MESSAGE_CHANNELS = (*CHANNELS, "webhook", "content_cards", "whats_app", "in_app")


@dataclass(frozen=True)
class NumberAttribute:
    """Log-normal custom attribute. `spread` is the standard deviation of its logarithm."""

    name: str
    median: float
    spread: float
    low: float
    high: float
    decimals: int = 0
    missing_share: float = 0.0


@dataclass(frozen=True)
class CategoryAttribute:
    """Custom attribute with named values; `shares` add up to one."""

    name: str
    shares: Mapping[str, float]
    missing_share: float = 0.0


@dataclass(frozen=True)
class FlagAttribute:
    """Boolean custom attribute, true for `share` of the people."""

    name: str
    share: float


@dataclass(frozen=True)
class DerivedAttribute:
    """Custom attribute that follows from what happened: it moves from day to day."""

    name: str
    source: Literal["tenure_months", "orders_30d", "days_since_order", "days_away"]


Attribute = NumberAttribute | CategoryAttribute | FlagAttribute | DerivedAttribute


@dataclass(frozen=True)
class Option:
    """One option of a dimension and what it hides.

    `main` is its effect for the average person and `likes` (feature → effect) what it adds for
    others, both in logits of an incremental conversion. Features: `number:<attribute>`
    (standardised logarithm), `category:<attribute>=<value>` and `flag:<attribute>` (centred 0/1),
    `habit` (standardised logarithm of the organic rate).
    """

    key: str
    value: str | int
    label: str
    main: float = 0.0
    likes: Mapping[str, float] = field(default_factory=dict)
    cost: float = 0.0
    basket_factor: float = 1.0


@dataclass(frozen=True)
class Dimension:
    """What a message may vary. `noise` is the personal part nobody can know, in logits."""

    key: str
    kind: str
    label: str
    options: tuple[Option, ...]
    noise: float = 0.05


@dataclass(frozen=True)
class Pair:
    """Two options that do better or worse together, in logits."""

    first: tuple[str, str]
    second: tuple[str, str]
    effect: float


@dataclass(frozen=True)
class Condition:
    """One filter of a segment, over a custom attribute or a profile field."""

    field: str
    comparison: Literal["is", "is_not", "above", "below"]
    value: str | float | bool


@dataclass(frozen=True)
class Segment:
    """People for whom every condition holds."""

    key: str
    name: str
    text: str
    conditions: tuple[Condition, ...] = ()
    tags: tuple[str, ...] = ()
    tracked: bool = True


@dataclass(frozen=True)
class Variation:
    """One message of a campaign: an e-mail built from a template, or a text.

    `service` is Braze's name of the channel in details and series where the channel has several:
    ios_push, android_push, web_push, kindle_push. A push is an iOS push unless it says otherwise.
    """

    key: str
    name: str
    channel: MessageChannel
    template: str | None = None
    text: str = ""
    title: str = ""
    service: str = ""


@dataclass(frozen=True)
class Campaign:
    """A campaign of the workspace. `control_share` > 0 gives it a Braze control group.

    segment            key of its target segment, None = everybody
    reeligible_days    days until the same person may get it again, 0 = at once
    daily_cap          obeys a frequency cap: it is withheld from people who have had that many
                       campaigns and Canvases since midnight UTC; 0 = no cap
    hidden             keeps the books of messages without a campaign; no endpoint shows it
    """

    key: str
    name: str
    text: str
    variations: tuple[Variation, ...]
    schedule_type: str = "api_triggered"
    enabled: bool = True
    archived: bool = False
    draft: bool = False
    is_api_campaign: bool = False
    control_share: float = 0.0
    tags: tuple[str, ...] = ()
    weekly_on: int | None = None  # ISO weekday on which the sandbox itself sends it, 09:00 UTC
    weekly_segment: str | None = None
    segment: str | None = None
    reeligible_days: float = 0.0
    daily_cap: int = 0
    hidden: bool = False


@dataclass(frozen=True)
class Step:
    """One message step of a Canvas, `delay_days` after the entry.

    variant  position in the Canvas's `variants`
    only     True: on the Yes path of the Canvas's split, False: on its No path, None: for everybody
    """

    variation: Variation
    delay_days: int = 0
    variant: int = 0
    only: bool | None = None


@dataclass(frozen=True)
class Split:
    """A decision split behind the first step: Yes where the condition holds at the entry."""

    key: str
    name: str
    condition: Condition


@dataclass(frozen=True)
class Canvas:
    """An API-triggered Canvas: in each variant message steps in a row, perhaps with a split."""

    key: str
    name: str
    text: str
    steps: tuple[Step, ...]
    enabled: bool = True
    tags: tuple[str, ...] = ()
    archived: bool = False
    draft: bool = False
    control_share: float = 0.0
    variants: tuple[str, ...] = ("Variant 1",)
    split: Split | None = None
    segment: str | None = None
    reeligible_days: float = 0.0
    daily_cap: int = 0


@dataclass(frozen=True)
class EmailTemplate:
    """A stored e-mail template; its HTML lies in templates/<file>."""

    key: str
    name: str
    subject: str
    preheader: str
    file: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Product:
    """Something that can be bought: its share of orders and its price against the basket."""

    name: str
    share: float
    price_factor: float = 1.0


@dataclass(frozen=True)
class Metric:
    """The metric suggested for an experiment on this world."""

    kind: str
    source: str
    name: str | None
    window_days: int
    noun: str


@dataclass(frozen=True)
class World:
    """Everything that makes one simulated company."""

    key: str
    name: str
    story: str
    use_case: str
    currency: str
    attributes: tuple[Attribute, ...]
    agreed: tuple[str, ...]
    segments: tuple[Segment, ...]
    dimensions: tuple[Dimension, ...]
    pairs: tuple[Pair, ...]
    campaigns: tuple[Campaign, ...]
    canvases: tuple[Canvas, ...]
    templates: tuple[EmailTemplate, ...]
    products: tuple[Product, ...]
    metric: Metric
    conversion_event: str
    engagement_event: str
    browse_event: str
    sms_attribute: str | None
    app_attribute: str | None
    sender: str
    zones: tuple[tuple[str, str, str, float], ...]  # IANA zone, country, language, share
    organic_a_week: float  # orders a person and week without any message
    organic_spread: float  # standard deviation of its logarithm between people
    organic_likes: Mapping[str, float]  # category, flag or number feature → logarithm of the rate
    weekday_rhythm: tuple[float, ...]  # Monday to Sunday, mean 1
    hour_rhythm: tuple[float, ...]  # 24 shares of a day's orders
    basket_median: float
    basket_spread: float
    basket_attribute: str | None
    base_logit: float  # incremental conversion of one message, average person and options
    likes_scale: float  # multiplies every `likes`: how much personalising is worth
    personal_spread: float  # of that logit between people
    fatigue_logit: float  # lost for each message of the last days, see preferences.FATIGUE_DAYS
    unsubscribe_share: float  # of delivered messages
    cadences: tuple[tuple[str, str, int], ...] = (
        ("daily", "Every day", 7),
        ("twice", "Twice a week", 2),
        ("weekly", "Weekly", 1),
    )
