"""The sentences for when Braze gave no usable answer at all, by what may have happened."""

from __future__ import annotations

from pydantic import SecretStr

from services.errors import BrazeBroken, NeverConnected, NoAnswer, SetupError
from services.messages import msg

EXPORT_FILE = "export file"  # said instead of its address, which lets anybody fetch it


def never_connected(endpoint: str, address: str, *, sandbox: bool) -> NeverConnected:
    """Nobody took the call: certainly nothing happened."""
    if endpoint == EXPORT_FILE:
        what = msg("The address of the export file does not answer.")
    else:
        what = msg("Nothing answers at {address}.", address=address)
    if sandbox:
        hint = msg("The sandbox is gone. Start it with: anneal sandbox, or anneal demo.")
    else:
        hint = msg("Nothing was sent. Check the network of this machine, then try again.")
    return NeverConnected(what, hint=hint, endpoint=endpoint)


def no_answer(endpoint: str, *, slow: bool) -> NoAnswer:
    """The request left, and its answer did not come, or not whole."""
    if slow:
        what = msg("Braze did not answer {endpoint} in time.", endpoint=endpoint)
    else:
        what = msg("The line broke before Braze had answered {endpoint}.", endpoint=endpoint)
    hint = msg("It may have arrived, so a message is not sent again. Reading is tried again.")
    return NoAnswer(what, hint=hint, endpoint=endpoint)


def too_large(endpoint: str, max_bytes: int) -> BrazeBroken:
    """More than we are ready to hold."""
    return BrazeBroken(
        msg(
            "Braze's answer to {endpoint} is larger than {n} bytes.", endpoint=endpoint, n=max_bytes
        ),
        hint=msg("Ask for fewer people or fewer fields."),
        endpoint=endpoint,
    )


def unreadable(endpoint: str) -> BrazeBroken:
    """Packed in a way nobody asked for, or cut off while packed."""
    return BrazeBroken(
        msg(
            "Braze's answer to {endpoint} is packed in a way that cannot be read.",
            endpoint=endpoint,
        ),
        hint=msg("Something between this machine and Braze may have changed it. Try again."),
        endpoint=endpoint,
    )


def checked_key(key: SecretStr | None) -> SecretStr:
    """The key, if it can stand in a header: what HTTP libraries say of others would repeat them.

    Raises SetupError.
    """
    if key is None or not key.get_secret_value():
        raise SetupError(
            msg("There is no Braze key yet."),
            hint=msg("Enter one on Connection, or run: anneal connect."),
        )
    if not all("!" <= c <= "~" for c in key.get_secret_value()):
        raise SetupError(
            msg("The Braze key holds blanks or characters that no key has."),
            hint=msg("Copy it from Braze again, without quotes."),
        )
    return key
