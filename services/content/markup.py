"""Pictures and links of an email's HTML, read in one pass whose time grows with the length only.

A parser of whole documents takes four times as long as rendering does, and every combination of an
experiment is read. Here only two kinds of tags are looked at; comments are stepped over.
"""

from __future__ import annotations

import html as escaping
import re
from dataclasses import dataclass

# Possessive, so that no text, however it is broken, makes the search go back.
_TAG = re.compile(
    r"""<!--|<(?P<tag>img|a)(?=[\s/>])(?P<inside>(?:[^"'>]|"[^"]*+"|'[^']*+')*+)(?P<end>>?)""",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"]*+\"|'[^']*+'")
_ALT = re.compile(r"[\s/\"']alt\s*(?:=|[\s/]|$)", re.IGNORECASE)
_HREF = re.compile(r"""[\s/"']href\s*=\s*(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""", re.IGNORECASE)


@dataclass(frozen=True)
class Markup:
    """Pictures without an `alt` (an empty one counts as one), and where links go."""

    n_without_alt: int
    links: tuple[str, ...]


def read_markup(html: str) -> Markup:
    """Read `html`; never fails, whatever it is."""
    n_without_alt, links, at = 0, [], 0
    while (found := _TAG.search(html, at)) is not None:
        at = found.end()
        if found["tag"] is None:
            end = html.find("-->", at)
            if end < 0:
                break  # the rest is a comment
            at = end
        elif not found["end"]:
            continue  # never closed: browsers make nothing of it
        elif found["tag"].lower() == "img":
            n_without_alt += _ALT.search(_QUOTED.sub('""', found["inside"])) is None
        else:
            link = _HREF.search(found["inside"])
            if link is not None:
                links.append(escaping.unescape(link[1] or link[2] or link[3] or ""))
    return Markup(n_without_alt, tuple(links))
