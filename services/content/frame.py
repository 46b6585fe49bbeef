"""Show foreign HTML without letting it do anything.

The console's own frame may run scripts and shares the page's origin, so a template shown there
could read the page. Hence a second frame inside it: `sandbox=""` takes away scripts, forms,
pop-ups, navigation of the page and the origin; a policy, the first thing in its document, forbids
every request. The template itself is left as it is, because cleaning HTML changes how it looks and
has never been complete.
"""

from __future__ import annotations

import html as escaping
import re

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; font-src data:; "
    "form-action 'none'; base-uri 'none'; frame-src 'none'"
)
LOCAL_IMAGES = "data:"
REMOTE_IMAGES = "data: https:"

# A policy does not stop a look-up of a name or an early connection, which tells the sender that
# somebody looks. Nothing else in a mail needs these elements.
_LINKS = re.compile(r"<\s*/?\s*(?:link|base)\b[^>]*>?", re.IGNORECASE)
_SURROGATES = re.compile("[\ud800-\udfff\x00]")


def framed(html: str, *, remote_images: bool = False, title: str = "") -> str:
    """An inert `<iframe>` that shows `html`, as a string of HTML that is safe anywhere in a page.

    Images on servers stay off unless `remote_images`: loading them tells the sender that the mail
    was looked at. `title` names the frame for screen readers.
    """
    policy = POLICY.format(images=REMOTE_IMAGES if remote_images else LOCAL_IMAGES)
    foreign = _LINKS.sub("", _SURROGATES.sub("\ufffd", html))
    document = (
        '<!doctype html><html><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta http-equiv="x-dns-prefetch-control" content="off">'
        '<meta name="referrer" content="no-referrer">'
        # Links ask for a new window, which the sandbox refuses: a click does nothing.
        '<base target="_blank"><style>a{pointer-events:none}body{margin:0}</style></head><body>'
        f"{foreign}</body></html>"
    )
    return (
        f'<iframe sandbox="" referrerpolicy="no-referrer" title="{escaping.escape(title)}" '
        'style="border:0;width:100%;height:100%;background:#fff" '
        f'srcdoc="{escaping.escape(document)}"></iframe>'
    )
