"""Find and name parts of a draft's document."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from services.experiment.drafts import Document

KEY_LENGTH = 60


def find_dimension(document: Document, key: str) -> dict[str, Any]:
    """The dimension as it stands in the document, to be changed in place."""
    found: dict[str, Any] = next(d for d in document["dimensions"] if d["key"] == key)
    return found


def new_key(text: str, taken: list[str]) -> str:
    """A key made from a label: Latin letters, digits, not one of `taken`. Keys never change."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:KEY_LENGTH] or "option"
    key, number = base, 2
    while key in taken:
        key, number = f"{base}_{number}", number + 1
    return key
