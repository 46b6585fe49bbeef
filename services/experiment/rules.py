"""The rules of an experiment, as they stand in its document: who may get what, and how much of it.

A document without one of these rules hashes as it did before the rule was invented: a new wish is a
new kind of rule, never a new field of an old one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Share = Annotated[float, Field(ge=0, le=1)]

DEFAULT_GAP_H = 20  # Braze's re-eligibility advice is 20 h: DECISIONS, days and people


class Part(BaseModel):
    """A piece of the experiment document: immutable, and without fields nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Comparison(StrEnum):
    IS = "is"
    IS_NOT = "is_not"
    ABOVE = "above"
    BELOW = "below"
    KNOWN = "known"


class OptionNeeds(Part):
    """Who may get an option: "20% off only for people with tenure above 12 months"."""

    kind: Literal["option_needs"] = "option_needs"
    dimension: Key
    option: Key
    attribute: str
    comparison: Comparison
    value: str | float | bool | None = None


class Exclude(Part):
    """Options that never go together: "never send Fibre 1000 by SMS"."""

    kind: Literal["exclude"] = "exclude"
    when: dict[str, str] = Field(min_length=2)


class AtMost(Part):
    """Frequency cap for one person."""

    kind: Literal["at_most"] = "at_most"
    messages: int = Field(ge=1)
    days: int = Field(ge=1, le=90)


class MinimumGap(Part):
    """Hours between two messages to one person, an eligibility rule applied before choosing."""

    kind: Literal["minimum_gap"] = "minimum_gap"
    hours: int = Field(default=DEFAULT_GAP_H, ge=0, le=24 * 30)


class QuietDays(Part):
    """ISO weekdays (1 Monday to 7 Sunday) on which nothing is sent."""

    kind: Literal["quiet_days"] = "quiet_days"
    weekdays: tuple[int, ...] = Field(min_length=1)


class DailyCap(Part):
    """Most messages, and most money, in one decision day. A hard barrier in the claim."""

    kind: Literal["daily_cap"] = "daily_cap"
    messages: int | None = Field(default=None, ge=1)
    money: float | None = Field(default=None, gt=0)


class ShareCap(Part):
    """At most this share of a day's people get an option: "25% off for at most 20%"."""

    kind: Literal["share_cap"] = "share_cap"
    dimension: Key
    option: Key
    share: float = Field(gt=0, le=1)


class LeastShare(Part):
    """Whoever may get an option gets it with at least this chance, so that it goes on being learnt
    about. For the personalised group; the random group tries everything anyway."""

    kind: Literal["least_share"] = "least_share"
    dimension: Key
    option: Key
    share: float = Field(gt=0, le=1)


class Budget(Part):
    """Most money for the whole experiment. Each day gets what is left, by the days left."""

    kind: Literal["budget"] = "budget"
    money: float = Field(gt=0)


class NetOfCost(Part):
    """What options cost is taken off what they bring, before anything is chosen.

    `worth` is what one unit of the metric is worth, in the experiment's currency; None where the
    metric is money itself.
    """

    kind: Literal["net_of_cost"] = "net_of_cost"
    worth: float | None = Field(default=None, gt=0)


class NoneLeft(Part):
    """What becomes of people whom the rules leave no option: the usual combination, if consent and
    the gap to the last message allow it, or nothing (as without this rule)."""

    kind: Literal["none_left"] = "none_left"
    then: Literal["usual", "nothing"] = "usual"


class MaySendNothing(Part):
    """To send nothing this time is one of the choices, learnt about like any other."""

    kind: Literal["may_send_nothing"] = "may_send_nothing"


AnyRule = (
    OptionNeeds
    | Exclude
    | AtMost
    | MinimumGap
    | QuietDays
    | DailyCap
    | ShareCap
    | LeastShare
    | Budget
    | NetOfCost
    | NoneLeft
    | MaySendNothing
)
Rule = Annotated[AnyRule, Field(discriminator="kind")]
