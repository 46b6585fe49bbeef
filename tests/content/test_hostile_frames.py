"""Foreign HTML is shown and can do nothing."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from services.content.frame import framed

HOSTILE = [
    "<script>parent.document.body.innerHTML='owned'</script>",
    '"></iframe><script>alert(1)</script>',
    "'\"><img src=x onerror=alert(1)>",
    "</iframe><h1>outside</h1>",
    "&quot;&gt;&lt;/iframe&gt;&lt;script&gt;alert(1)&lt;/script&gt;",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    '<meta http-equiv=Content-Security-Policy content="default-src *">',
    "<base href='https://evil.example/'><link rel=dns-prefetch href=//evil.example>",
    "<!--<iframe sandbox='allow-scripts allow-same-origin'",
    "</body></html><script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "\x00<scr\x00ipt>alert(1)</script>\ud800",
    "<style>body{background:url(https://evil.example/x)}</style>",
    "`${alert(1)}`{{constructor.constructor('alert(1)')()}}",
]


class Reader(HTMLParser):
    """Lists the elements a browser would make."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements, self.words = [], ""

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += data


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


@pytest.mark.parametrize("html", HOSTILE)
@pytest.mark.parametrize("remote_images", [False, True])
def test_whatever_the_mail_contains_the_page_sees_one_inert_frame(html, remote_images):
    outside = read(framed(html, remote_images=remote_images, title=html))
    assert [tag for tag, _ in outside.elements] == ["iframe"]
    frame = outside.elements[0][1]
    assert frame["sandbox"] == ""
    assert set(frame) == {"sandbox", "referrerpolicy", "title", "style", "srcdoc"}
    assert outside.words == ""


@pytest.mark.parametrize("html", HOSTILE)
def test_the_policy_comes_before_anything_foreign(html):
    inside = read(read(framed(html)).elements[0][1]["srcdoc"])
    tags = [tag for tag, _ in inside.elements]
    assert tags[:4] == ["html", "head", "meta", "meta"]
    policy = inside.elements[3][1]["content"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "unsafe-eval" not in policy


def test_pictures_on_servers_stay_off_until_asked_for():
    assert "https:" not in framed("<p>Hi</p>")
    assert "img-src data: https:" in framed("<p>Hi</p>", remote_images=True)


def test_no_name_is_looked_up_for_a_mail_that_is_only_looked_at():
    shown = framed("<LINK rel=preconnect href=//evil.example><base href=//evil.example>Hi")
    assert "evil.example" not in shown
    assert "x-dns-prefetch-control" in shown


def test_the_mail_itself_is_left_as_it_is():
    mail = '<table bgcolor="#fff"><tr><td style="color:red">Größe & Preis</td></tr></table>'
    assert mail in read(framed(mail)).elements[0][1]["srcdoc"]
