"""The cases of Braze's dialect: one a line in `dialect/*.txt`.

    LIQUID  =>  TEXT                   rendered as that, and there is nothing to remark
    LIQUID  =>  TEXT  ?? NAME          rendered as that, and a remark names NAME
    LIQUID  =>  !! WORDS               refused: shown as it stands, with a sentence that says WORDS

A text that begins with a double quote is JSON; `\\n` in the Liquid is a new line; lines that begin
with `#` are headings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "dialect"
ARROW, REMARK, REFUSED = "  =>", "??", "!!"

PERSON: dict[str, Any] = {
    "external_id": "u-1",
    "braze_id": "5fbd",
    "random_bucket": 4112,
    "country": "SE",
    "language": "sv",
    "gender": "F",
    "home_city": "Malmö",
    "dob": "1990-02-03",
    "time_zone": "Europe/Stockholm",
    "email_subscribe": "opted_in",
    "custom_attributes": {
        "n": 5,
        "zero": 0,
        "ratio": 0.25,
        "tier": "gold",
        "größe": "XL",
        "csv": "a,b,c",
        "member": True,
        "lapsed": False,
        "postal code": "111 20",
        "address": {"city": "Ulm", "zip": "89073"},
        "brands": ["Fjord", "Alta"],
        "twice": ["x", "x", "y"],
        "mixed": ["c", "B", "a"],
        "holes": ["a", None, "b"],
        "orders": [{"item": "lamp", "price": 30}, {"item": "chair", "price": 12.5}],
        "nothing": None,
        "none": [],
        "empty object": {},
        "empty text": "",
        "blanks": "  ",
        "flat.name": "whole",
    },
}
PROPERTIES: dict[str, Any] = {
    "offer": "20% off",
    "product": {"name": "Fibre 1000", "price": 49},
    "items": ["a", "b"],
}
CAMPAIGN = {"name": "Spring"}


@dataclass(frozen=True)
class Case:
    """One line: what goes in, what comes out, what a remark names, or why it is refused."""

    place: str
    liquid: str
    text: str = ""
    named: str = ""
    refused: str = ""


def cases() -> list[Case]:
    """All cases, by file and line."""
    found = []
    for file in sorted(FOLDER.glob("*.txt")):
        for at, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            if line and not line.startswith("# "):
                found.append(_case(f"{file.stem}:{at}", line))
    return found


def _case(place: str, line: str) -> Case:
    liquid, _arrow, wanted = line.rpartition(ARROW)
    liquid, wanted = liquid.replace("\\n", "\n"), wanted[2:]
    if wanted.startswith(REFUSED):
        return Case(place, liquid, refused=wanted[len(REFUSED) :].strip())
    text, _mark, named = (
        wanted.partition(REMARK) if wanted.startswith(REMARK) else wanted.partition(f"  {REMARK}")
    )
    return Case(place, liquid, json.loads(text) if text.startswith('"') else text, named.strip())
