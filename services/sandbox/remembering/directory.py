"""Who answers to which identifier.

The identifiers of the world's own people follow from their row, so a million of them cost nothing.
Dictionaries hold only what `users/track` changed or made.
"""

from __future__ import annotations

import re

from services.sandbox.world.people import People

NOBODY = -1
MAIL = "CANARY-MAIL-{:07d}@person.invalid"
PHONE = "+99955{:07d}"  # E.164 in shape; the country code 999 is given to nobody
ALIAS = "CANARY-ALIAS-{:07d}"
DEVICE = "CANARY-DEVICE-{:07d}"
TOKEN = "CANARY-TOKEN-{:07d}"  # noqa: S105 (of nobody's telephone)
ALIAS_LABEL = "crm"
BRAZE_ID_DIGITS = 24
_ROW = {
    pattern: re.compile(re.escape(pattern).replace(re.escape("{:07d}"), r"(\d{7,9})"), re.I)
    for pattern in (MAIL, PHONE, ALIAS, DEVICE)
}


class Directory:
    """Identifiers of one workspace's people. Rows are stable: a deleted one is never given again.

    A row `users/track` made (`People.made`) has only the identifiers it was given.
    """

    def __init__(self, people: People) -> None:
        self.people = people
        self._changed: dict[str, dict[int, str | None]] = {"email": {}, "phone": {}}
        self._rows: dict[str, dict[str, set[int]]] = {"email": {}, "phone": {}}
        self._aliases: dict[int, dict[str, str]] = {}
        self._by_alias: dict[tuple[str, str], int] = {}
        self._devices: dict[str, int] = {}
        self._written: dict[int, int] = {}
        self._writes = 0

    def exists(self, row: int | None, now_s: float) -> bool:
        """Whether a row holds a profile at a moment, epoch seconds."""
        if row is None or not 0 <= row < len(self.people.external_ids):
            return False
        return bool(self.people.created_s[row] <= now_s)

    def identified(self, row: int) -> bool:
        """Whether a profile has an external id."""
        return bool(self.people.external_ids[row])

    def email(self, row: int) -> str | None:
        """The e-mail address on a profile."""
        return self._value("email", MAIL, row)

    def phone(self, row: int) -> str | None:
        """The phone number on a profile."""
        return self._value("phone", PHONE, row)

    def aliases(self, row: int) -> list[dict[str, str]]:
        """The aliases of a profile, the oldest first; at most one name a label."""
        held = {} if row in self.people.made else {ALIAS_LABEL: ALIAS.format(row)}
        held.update(self._aliases.get(row, {}))
        return [{"alias_name": name, "alias_label": label} for label, name in held.items()]

    def of_external_id(self, name: str, now_s: float) -> int | None:
        """The row behind an external id."""
        row = self.people.row_of.get(name)
        return row if self.exists(row, now_s) else None

    def of_braze_id(self, text: object, now_s: float) -> int | None:
        """The row behind a Braze id."""
        row = row_of_braze_id(self.people, text)
        return row if self.exists(row, now_s) else None

    def of_alias(self, name: str, label: str, now_s: float) -> int | None:
        """The row behind an alias."""
        row = self._by_alias.get((label, name))
        if row is None and label == ALIAS_LABEL:
            row = _row_in(ALIAS, name)
            if row in self.people.made or (row is not None and ALIAS.format(row) != name):
                row = None
        return row if self.exists(row, now_s) else None

    def of_device(self, device_id: str, now_s: float) -> int | None:
        """The row of the person who used a device."""
        row = self._devices.get(device_id)
        if row is None:
            row = _row_in(DEVICE, device_id)
            row = None if row in self.people.made else row
        return row if self.exists(row, now_s) else None

    def of_email(self, text: str, now_s: float) -> list[int]:
        """All rows with an e-mail address, ascending. Capitals make no difference."""
        return self._holders("email", MAIL, text, now_s)

    def of_phone(self, text: str, now_s: float) -> list[int]:
        """All rows with a phone number, ascending."""
        return self._holders("phone", PHONE, text, now_s)

    def last_write(self, row: int) -> tuple[int, float, int]:
        """Orders profiles by their latest update: the larger, the more recent."""
        return self._written.get(row, 0), float(self.people.created_s[row]), row

    def note_write(self, row: int) -> None:
        """Remember that a profile has just been updated."""
        self._writes += 1
        self._written[row] = self._writes

    def set_contact(self, kind: str, row: int, text: str | None) -> None:
        """Give a profile another `email` or `phone`, or none."""
        self._forget_contact(kind, row)
        self._changed[kind][row] = text
        if text is not None:
            self._rows[kind].setdefault(text.casefold(), set()).add(row)

    def push_token(self, row: int) -> str | None:
        """The push token a profile of the world was born with."""
        return None if row in self.people.made else TOKEN.format(row)

    def add_alias(self, row: int, name: str, label: str, now_s: float) -> None:
        """Give a profile an alias, unless somebody has it or the label is taken."""
        taken = {a["alias_label"] for a in self.aliases(row)}
        if label in taken or self.of_alias(name, label, now_s) is not None:
            return
        self._aliases.setdefault(row, {})[label] = name
        self._by_alias[label, name] = row

    def add_device(self, row: int, device_id: str) -> None:
        """Remember whose a device is."""
        self._devices[device_id] = row

    def forget(self, row: int) -> None:
        """Take every identifier from a row that is deleted."""
        for kind in self._changed:
            self._forget_contact(kind, row)
            self._changed[kind][row] = None
        for label, name in self._aliases.pop(row, {}).items():
            del self._by_alias[label, name]
        for device in [d for d, owner in self._devices.items() if owner == row]:
            del self._devices[device]
        self._written.pop(row, None)
        self.people.row_of.pop(self.people.external_ids[row], None)

    def _value(self, kind: str, pattern: str, row: int) -> str | None:
        if row in self._changed[kind]:
            return self._changed[kind][row]
        return None if row in self.people.made else pattern.format(row)

    def _holders(self, kind: str, pattern: str, text: str, now_s: float) -> list[int]:
        found = set(self._rows[kind].get(text.casefold(), ()))
        row = _row_in(pattern, text)
        if row is not None and row not in self._changed[kind] and row not in self.people.made:
            found.add(row)
        return sorted(r for r in found if self.exists(r, now_s))

    def _forget_contact(self, kind: str, row: int) -> None:
        before = self._changed[kind].pop(row, None)
        if before is not None:
            holders = self._rows[kind][before.casefold()]
            holders.discard(row)
            if not holders:
                del self._rows[kind][before.casefold()]


def braze_id(people: People, row: int) -> str:
    """The 24 hex digits Braze would have given to a row."""
    return f"{people.seed & 0xFFFFFFFF:08x}5a6d0b1e{row:08x}"


def row_of_braze_id(people: People, text: object) -> int | None:
    """The row behind a Braze id, or None. It may hold nobody yet, or nobody any more."""
    if not isinstance(text, str) or len(text) != BRAZE_ID_DIGITS:
        return None
    try:
        row = int(text[16:], 16)
    except ValueError:
        return None
    return row if row < len(people.external_ids) and braze_id(people, row) == text else None


def _row_in(pattern: str, text: str) -> int | None:
    match = _ROW[pattern].fullmatch(text)
    if match is None:
        return None
    row = int(match[1])
    return row if pattern.format(row).casefold() == text.casefold() else None
