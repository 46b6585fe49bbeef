"""How a use case is written down, and the parts that several of them share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from services.experiment.drafts import Document, blank_document
from services.experiment.model import (
    AtMost,
    Audience,
    Dimension,
    DimensionKind,
    Guardrail,
    GuardrailKind,
    Metric,
    MinimumGap,
    Option,
    Rule,
)
from services.messages import Message

SMS_CONSENT = "sms_consent"  # the suggested name of the boolean attribute that says yes to SMS
SMS_COST = 0.06  # a typical price of one segment; the marketer puts in the real one

UNSUBSCRIBES = Guardrail(kind=GuardrailKind.UNSUBSCRIBES, limit=0.005)
SPAM_REPORTS = Guardrail(kind=GuardrailKind.SPAM_REPORTS, limit=0.001)
AT_MOST_THREE_A_WEEK = AtMost(messages=3, days=7)
USUAL_RULES: tuple[Rule, ...] = (MinimumGap(), AT_MOST_THREE_A_WEEK)


@dataclass(frozen=True)
class UseCase:
    """A ready starting point. `icon` is a Material Symbols name; `replaces` says what was done
    until now, `audience_hint` whom to choose."""

    key: str
    icon: str
    name: Message
    goal: Message
    replaces: Message
    audience_hint: Message
    document: Document = field(repr=False)


def options(*rows: tuple[str, str, JsonValue, float]) -> tuple[Option, ...]:
    """Options from (key, label, value, cost a message)."""
    return tuple(Option(key=k, label=label, value=v, cost=cost) for k, label, v, cost in rows)


def texts(*rows: tuple[str, str]) -> tuple[Option, ...]:
    """Options whose value is their label: subject lines, calls to action."""
    return tuple(Option(key=key, label=text, value=text) for key, text in rows)


def hours(*local_hours: int) -> Dimension:
    """The dimension "Send hour", in the person's own time."""
    rows: list[tuple[str, str, JsonValue, float]] = [
        (f"h{h:02}", f"{h:02}:00", h, 0.0) for h in local_hours
    ]
    return Dimension(key="hour", kind=DimensionKind.HOUR, label="Send hour", options=options(*rows))


def channels(*names: str) -> Dimension:
    """The dimension "Channel"."""
    known: dict[str, tuple[str, str, JsonValue, float]] = {
        "email": ("email", "Email", "email", 0.0),
        "sms": ("sms", "SMS", "sms", SMS_COST),
        "push": ("push", "Push", "push", 0.0),
    }
    return Dimension(
        key="channel",
        kind=DimensionKind.CHANNEL,
        label="Channel",
        options=options(*(known[name] for name in names)),
    )


def frequencies() -> Dimension:
    """The dimension "How often": daily, twice a week or weekly."""
    rows: tuple[tuple[str, str, JsonValue, float], ...] = (
        ("daily", "Daily", 7, 0.0),
        ("twice", "Twice a week", 2, 0.0),
        ("weekly", "Weekly", 1, 0.0),
    )
    return Dimension(
        key="frequency", kind=DimensionKind.FREQUENCY, label="How often", options=options(*rows)
    )


def document(
    use_case: str,
    name: str,
    *,
    metric: Metric,
    dimensions: Sequence[Dimension],
    attributes: Sequence[str] = (),
    sms: bool = False,
    guardrails: Sequence[Guardrail] = (UNSUBSCRIBES, SPAM_REPORTS),
    rules: Sequence[Rule] = USUAL_RULES,
    planned_weeks: int = 8,
) -> Document:
    """A draft that lacks only what nobody can know: the segments and the targets in Braze."""
    audience = Audience(
        attributes=(*attributes, *((SMS_CONSENT,) if sms else ())),
        sms_consent_attribute=SMS_CONSENT if sms else None,
    )
    return blank_document(name) | {
        "use_case": use_case,
        "audience": audience.model_dump(mode="json"),
        "metric": metric.model_dump(mode="json"),
        "guardrails": [g.model_dump(mode="json") for g in guardrails],
        "dimensions": [d.model_dump(mode="json") for d in dimensions],
        "rules": [r.model_dump(mode="json") for r in rules],
        "planned_weeks": planned_weeks,
    }
