"""How many segments a text message takes, which is what it costs.

Alphabet and sizes: 3GPP TS 23.038 (GSM 7-bit default alphabet and its extension table); a segment
holds 160 septets, or 153 beside the header of a longer message; 70 and 67 in UCS-2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("\f^{}\\[~]|€")  # each takes two septets


class Encoding(StrEnum):
    """How the text travels."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


SINGLE = {Encoding.GSM7: 160, Encoding.UCS2: 70}
JOINED = {Encoding.GSM7: 153, Encoding.UCS2: 67}


@dataclass(frozen=True)
class SmsSize:
    """`n_units` septets or 16-bit units. `culprit` is the first character that forces UCS-2."""

    encoding: Encoding
    n_units: int
    n_segments: int
    culprit: str = ""

    @property
    def one_segment(self) -> int:
        """How many units one segment holds."""
        return SINGLE[self.encoding]


def measure(text: str) -> SmsSize:
    """The size of a text message. An empty one takes one segment."""
    culprit = next((c for c in text if c not in GSM_BASIC and c not in GSM_EXTENDED), "")
    if culprit:
        encoding = Encoding.UCS2
        widths = [2 if ord(c) > 0xFFFF else 1 for c in text]
    else:
        encoding = Encoding.GSM7
        widths = [2 if c in GSM_EXTENDED else 1 for c in text]
    n_units = sum(widths)
    if n_units <= SINGLE[encoding]:
        return SmsSize(encoding, n_units, 1, culprit)
    n_segments, room = 1, JOINED[encoding]
    for width in widths:  # a character of two units is never split over two segments
        if width > room:
            n_segments, room = n_segments + 1, JOINED[encoding]
        room -= width
    return SmsSize(encoding, n_units, n_segments, culprit)
