"""The seven use cases in the order they are shown, and the start from nothing."""

from __future__ import annotations

import copy

from services.errors import ExperimentError
from services.experiment.drafts import Document, blank_document
from services.experiment.starting_points.lead_nurturing import LEAD_NURTURING
from services.experiment.starting_points.loyalty import LOYALTY
from services.experiment.starting_points.model import UseCase
from services.experiment.starting_points.referral import REFERRAL
from services.experiment.starting_points.renewal import RENEWAL
from services.experiment.starting_points.repeat_purchase import REPEAT_PURCHASE
from services.experiment.starting_points.upsell import UPSELL
from services.experiment.starting_points.winback import WINBACK
from services.messages import Message, msg

FROM_NOTHING = "custom"

USE_CASES: tuple[UseCase, ...] = (
    UPSELL,
    RENEWAL,
    REPEAT_PURCHASE,
    WINBACK,
    REFERRAL,
    LEAD_NURTURING,
    LOYALTY,
)


def use_case_name(key: str) -> Message:
    """What the use case is called on screen."""
    for use_case in USE_CASES:
        if use_case.key == key:
            return use_case.name
    return msg("Own experiment")


def starting_document(key: str) -> Document:
    """A draft to start from, the caller's own to change. `FROM_NOTHING` gives a blank one.

    Raises ExperimentError for a use case that does not exist.
    """
    if key == FROM_NOTHING:
        return blank_document()
    for use_case in USE_CASES:
        if use_case.key == key:
            return copy.deepcopy(use_case.document)
    raise ExperimentError(
        msg("There is no use case “{key}”.", key=key),
        hint=msg("Choose one of the list, or start from nothing."),
    )
