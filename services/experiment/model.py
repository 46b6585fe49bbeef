"""The experiment document: versioned, hashed, approved and run. Keys never change; labels may."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from enum import StrEnum

from pydantic import Field, JsonValue

from services.experiment.rules import (
    DEFAULT_GAP_H,
    AtMost,
    Budget,
    Comparison,
    DailyCap,
    Exclude,
    Key,
    LeastShare,
    MaySendNothing,
    MinimumGap,
    NetOfCost,
    NoneLeft,
    OptionNeeds,
    Part,
    QuietDays,
    Rule,
    Share,
    ShareCap,
)

__all__ = [
    "DEFAULT_GAP_H",
    "AtMost",
    "Budget",
    "Comparison",
    "DailyCap",
    "Exclude",
    "LeastShare",
    "MaySendNothing",
    "MinimumGap",
    "NetOfCost",
    "NoneLeft",
    "OptionNeeds",
    "QuietDays",
    "Rule",
    "ShareCap",
]

MAX_PLANNED_WEEKS = 26  # the power gate stops there: STATISTICS 8


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"


class Group(StrEnum):
    """Drawn once for each person, kept for good."""

    PERSONALISED = "personalised"
    RANDOM = "random"
    USUAL = "usual"
    HOLDOUT = "holdout"


class DimensionKind(StrEnum):
    OFFER = "offer"
    SUBJECT = "subject"
    CREATIVE = "creative"
    CHANNEL = "channel"
    HOUR = "hour"
    WEEKDAY = "weekday"
    FREQUENCY = "frequency"
    CALL_TO_ACTION = "call_to_action"
    TEMPLATE = "template"
    CUSTOM = "custom"


CADENCE_KINDS = frozenset({DimensionKind.FREQUENCY, DimensionKind.WEEKDAY})


class Option(Part):
    """One value of a dimension. `value`: a `Channel`, an hour 0-23 of the person's zone, messages a
    week (7, 2, 1), ISO weekdays, else what the property carries. `cost`: money for one message."""

    key: Key
    label: str = Field(min_length=1, max_length=120)
    value: JsonValue = None
    cost: float = Field(default=0.0, ge=0)
    active_from: date | None = None
    active_to: date | None = None


class Dimension(Part):
    """What may vary. `property` names the trigger property an option fills; default: the key."""

    key: Key
    kind: DimensionKind
    label: str = Field(min_length=1, max_length=80)
    property: str | None = None
    options: tuple[Option, ...] = ()

    def trigger_property(self) -> str:
        """Name of the trigger property that carries the chosen option's value."""
        return self.property or self.key


class TargetKind(StrEnum):
    CAMPAIGN = "campaign"
    CANVAS = "canvas"
    API_CAMPAIGN = "api_campaign"
    PROFILE = "profile"  # the choice is written to custom attributes; `id` is their prefix


class Target(Part):
    """Where a combination is sent, if `when` agrees; the last four are for `api_campaign` only."""

    when: dict[str, str] = Field(default_factory=dict)
    kind: TargetKind = TargetKind.CAMPAIGN
    id: str
    channel: Channel = Channel.EMAIL
    variation_id: str | None = None
    app_id: str | None = None
    sender: str | None = None
    template_id: str | None = None


class SourceKind(StrEnum):
    EVENT = "event"
    PURCHASE = "purchase"
    REVENUE = "revenue"
    ATTRIBUTE = "attribute"


class MetricSource(Part):
    """What is counted. `name` is the event, the product (None = any purchase) or the attribute."""

    kind: SourceKind
    name: str | None = None
    weight: float = 1.0


class MetricKind(StrEnum):
    CONVERSION = "conversion"
    REVENUE = "revenue"
    ARPU = "arpu"
    CUSTOM = "custom"
    WEIGHTED = "weighted"


class Metric(Part):
    """The number that is maximised. `window_days` follow a message; `cap` is per person and day."""

    kind: MetricKind
    sources: tuple[MetricSource, ...] = ()
    window_days: int = Field(default=7, ge=1, le=60)
    cap: float | None = Field(default=None, gt=0)
    noun: str = Field(default="", max_length=40)  # plural, as said aloud: "upgrades"


class GuardrailKind(StrEnum):
    UNSUBSCRIBES = "unsubscribes"
    SPAM_REPORTS = "spam_reports"
    MESSAGES_PER_PERSON = "messages_per_person"


class Guardrail(Part):
    """Watched, never optimised. `limit`: share of delivered, or messages a person and week."""

    kind: GuardrailKind
    limit: float = Field(gt=0)


class Shares(Part):
    """Shares of the four groups; they add up to one. `usual_combination` is needed if usual > 0."""

    personalised: Share = 0.8
    random: Share = 0.1
    usual: Share = 0.0
    holdout: Share = 0.1
    usual_combination: dict[str, str] | None = None

    def of(self, group: Group) -> float:
        """Share of one group, 0 to 1."""
        return float(getattr(self, group.value))


class PrimaryComparison(StrEnum):
    """Personalised over this group is the one comparison that has the 5 %."""

    HOLDOUT = "holdout"
    USUAL = "usual"


class Audience(Part):
    """Braze segments and the agreed attributes: the only custom profile fields ever asked for."""

    segment_ids: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    sms_consent_attribute: str | None = None


class Ramp(Part):
    """Limits who enters the draw in the first days, never who is sent to."""

    first_day_people: int | None = Field(default=None, ge=1)
    days: int = Field(default=1, ge=1, le=28)


class Experiment(Part):
    """One version of an experiment: what the marketer set up. Immutable."""

    id: str
    version: int = Field(ge=1)
    name: str = Field(min_length=1, max_length=120)
    use_case: str = "custom"
    audience: Audience = Audience()
    metric: Metric = Metric(kind=MetricKind.CONVERSION)
    guardrails: tuple[Guardrail, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    targets: tuple[Target, ...] = ()
    rules: tuple[Rule, ...] = ()
    groups: Shares = Shares()
    ramp: Ramp = Ramp()
    salt: str = Field(min_length=16)
    zone: str = "UTC"
    planned_weeks: int = Field(default=8, ge=1, le=MAX_PLANNED_WEEKS)
    primary_comparison: PrimaryComparison = PrimaryComparison.HOLDOUT
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")

    @property
    def send_dimensions(self) -> tuple[Dimension, ...]:
        """Dimensions chosen at each send, in document order."""
        return tuple(d for d in self.dimensions if d.kind not in CADENCE_KINDS)

    @property
    def cadence_dimensions(self) -> tuple[Dimension, ...]:
        """Frequency and weekday: together one choice, held for seven days."""
        return tuple(d for d in self.dimensions if d.kind in CADENCE_KINDS)

    def canonical_json(self) -> str:
        """The document with sorted keys and no blanks: what is hashed."""
        document = self.model_dump(mode="json")
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def configuration_hash(self) -> str:
        """SHA-256 of the canonical JSON, 64 hex digits."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()

    def target_for(self, combination: dict[str, str]) -> Target | None:
        """First target whose condition agrees with the combination, else None."""
        for target in self.targets:
            if all(combination.get(d) == o for d, o in target.when.items()):
                return target
        return None


class Status(StrEnum):
    """Where an experiment stands. "Learning" on screen is RUNNING before the gate of "not yet"."""

    DRAFT = "draft"
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FAILED = "failed"
    ENDED = "ended"
