"""A finished chart as a picture that needs neither browser nor network: SVG text or PNG bytes.

The pictures are made by Vega itself, compiled into `vl_convert`: what a file shows is what the
page shows.
"""

from __future__ import annotations

import json
import re
from typing import Any

import vl_convert

FONTS = "Pretendard, 'Noto Sans KR', 'Noto Sans CJK KR', 'Apple SD Gothic Neo', sans-serif"
WIDE_PX = 760  # a column of the report
NARROW_PX = 340  # a phone of 390 px, less its margins
PNG_SCALE = 2.0  # pixels of the file a pixel on screen: sharp in a slide

_ID = re.compile(r'(\bid="|url\(#|href="#)([A-Za-z][\w-]*)')


def svg(chart: Any, *, width_px: int = WIDE_PX, ids: str = "") -> str:
    """The chart as one `<svg>` element of this width in all, labels included.

    ids  put before every id in it: where several pictures stand in one page, an id counts once
    """
    drawn: str = vl_convert.vegalite_to_svg(
        _spec(chart, width_px, "transparent"), allowed_base_urls=[]
    )
    return _ID.sub(lambda found: f"{found[1]}{ids}{found[2]}", drawn) if ids else drawn


def png(chart: Any, *, page: str, width_px: int = WIDE_PX) -> bytes:
    """The chart as a PNG on a ground of colour `page`."""
    spec = _spec(chart, width_px, page)
    drawn: bytes = vl_convert.vegalite_to_png(spec, scale=PNG_SCALE, allowed_base_urls=[])
    return drawn


def _spec(chart: Any, width_px: int, ground: str) -> str:
    spec: dict[str, Any] = chart.to_dict()
    spec["width"] = width_px
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    spec["background"] = ground
    spec.setdefault("config", {})["font"] = FONTS
    return json.dumps(spec, default=str)  # days of the tables as ISO text
