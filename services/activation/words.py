"""The one published table: ledger state → what a person reads, in which colour, with which icon.

Words and colours are those of UX.md 3: colours by Streamlit's badge names, icons by Material's.
Several states share a word on purpose: a marketer needs five answers, an operator can open the row.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.activation.model import LedgerState
from services.messages import Message, msg


@dataclass(frozen=True)
class Word:
    """How one state is said. `means` is the sentence behind the word."""

    word: Message
    colour: str
    icon: str
    means: Message


_ACCEPTED = msg("Accepted by Braze")
_DOUBT = msg("In doubt")

WORDS: dict[LedgerState, Word] = {
    LedgerState.PLANNED: Word(
        msg("Planned"), "gray", "schedule", msg("Waits for its hour. Nothing has gone out.")
    ),
    LedgerState.SENDING: Word(
        msg("Going out"), "blue", "progress_activity", msg("The request to Braze is under way.")
    ),
    LedgerState.ACCEPTED: Word(
        _ACCEPTED, "blue", "outgoing_mail", msg("Braze took the message and delivers it.")
    ),
    LedgerState.ACCEPTED_PARTIAL: Word(
        _DOUBT,
        "orange",
        "help",
        msg("Braze took the request but complained of some people in it. Anneal asks Braze who."),
    ),
    LedgerState.QUEUED: Word(
        _ACCEPTED, "blue", "outgoing_mail", msg("Braze keeps the message and sends it later.")
    ),
    LedgerState.RECEIVED: Word(
        msg("Received"), "green", "mark_email_read", msg("Braze lists the message as received.")
    ),
    LedgerState.REJECTED: Word(
        msg("Refused by Braze"), "red", "block", msg("Braze refused the request. Nobody got it.")
    ),
    LedgerState.NOT_DISPATCHED: Word(
        msg("Planned"), "gray", "schedule", msg("Braze was not reached. It will be tried again.")
    ),
    LedgerState.UNKNOWN: Word(
        _DOUBT,
        "orange",
        "help",
        msg("It may have gone out. Anneal does not send it again and asks Braze."),
    ),
    LedgerState.NOT_RECEIVED: Word(
        msg("Not received"),
        "gray",
        "unsubscribe",
        msg("Three days later Braze still lists no receipt."),
    ),
    LedgerState.SKIPPED: Word(
        msg("Not sent, by rule"), "gray", "do_not_disturb_on", msg("A rule kept it back.")
    ),
}
