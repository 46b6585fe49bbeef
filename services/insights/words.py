"""What the comparisons of groups are called, on the page, in the report and in every file."""

from __future__ import annotations

from services.experiment.model import Group
from services.messages import Message, msg

LIFT_OVER: dict[Group, Message] = {
    Group.HOLDOUT: msg("Lift over no message"),
    Group.USUAL: msg("Lift over business as usual"),
    Group.RANDOM: msg("Lift over random choice"),
}
ZERO_WORDS: dict[Group, Message] = {
    Group.HOLDOUT: msg("no message"),
    Group.USUAL: msg("as usual"),
    Group.RANDOM: msg("random"),
}
CONTROL_WORDS: dict[Group, Message] = {
    Group.HOLDOUT: msg("no message"),
    Group.USUAL: msg("business as usual"),
    Group.RANDOM: msg("random choice"),
    Group.PERSONALISED: msg("personalised choice"),
}
FIRST_WORDS: dict[Group, Message] = {
    Group.PERSONALISED: msg("Personalised messages"),
    Group.RANDOM: msg("Random messages"),
    Group.USUAL: msg("Usual messages"),
    Group.HOLDOUT: msg("No message"),
}
