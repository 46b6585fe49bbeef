"""A real browser tries what the hostile mails try."""

from __future__ import annotations

import pytest

from services.content.frame import framed

ATTACKS = """
<script>parent.owned = 1; document.title = 'owned'</script>
<img src=x onerror="parent.owned = 1"><svg onload="parent.owned = 1"></svg>
<img src="https://evil.example/pixel.png"><style>body{background:url(https://evil.example/b)}
@import url(https://evil.example/c.css); @font-face{font-family:f;src:url(https://evil.example/f)}
p{font-family:f}</style><p>seen</p><link rel="stylesheet" href="https://evil.example/l.css">
<link rel="prefetch" href="https://evil.example/p"><meta http-equiv="refresh"
 content="0;url=https://evil.example/away"><iframe src="https://evil.example/frame"></iframe>
<object data="https://evil.example/o"></object><video src="https://evil.example/v" autoplay></video>
<form action="https://evil.example/form"><input autofocus onfocus="parent.owned = 1"></form>
<a id="go" href="https://evil.example/top" target="_top" style="pointer-events:auto">click</a>
"""


@pytest.mark.browser
@pytest.mark.parametrize("remote_images", [False, True])
def test_a_hostile_mail_runs_nothing_asks_nothing_and_moves_nothing(remote_images, chromium):
    asked: list[str] = []
    page = chromium.new_page()
    page.route("**/*", lambda route: (asked.append(route.request.url), route.abort()))
    page.set_content(
        f"<title>console</title><h1>Console</h1>{framed(ATTACKS, remote_images=remote_images)}"
    )
    inside = page.frames[1]
    inside.wait_for_selector("text=seen")
    inside.locator("#go").click(force=True)
    page.wait_for_timeout(300)
    owned = page.evaluate("window.owned")
    left = page.url, page.title()
    page.close()
    assert owned is None
    assert left == ("about:blank", "console")
    pictures = {"https://evil.example/pixel.png", "https://evil.example/b"}
    # A picture that is neither a file name nor on a server is asked for nowhere.
    assert set(asked) <= (pictures if remote_images else set())
