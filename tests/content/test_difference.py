"""A change since the approval is shown field by field, as short as it can be."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from services.content.difference import MAX_LINES, differences
from services.content.lock import content_at, digest
from services.experiment.catalogue.model import Catalogue

BODY = "<html><body><p>One</p><p>Two</p><p>Three</p></body></html>"
HOSTILE_LENGTH = 200_000
MOST_S = 20.0


def message(**parts):
    return {"m-1": {"channel": "email", "subject": "Hello", "body": BODY} | parts}


def test_only_the_fields_that_differ_are_named():
    changes = differences(message(), message(subject="Hello you", extras={"a": 1}))
    assert [(c.field, c.lines) for c in changes] == [
        ("a", ("+1",)),
        ("subject", ("-Hello", "+Hello you")),
    ]


def test_a_mail_of_one_line_is_compared_tag_by_tag():
    [change] = differences(message(), message(body=BODY.replace("Two", "2")))
    assert change.field == "body"
    assert change.lines == (" <p>One</p>", "-<p>Two</p>", "+<p>2</p>", " <p>Three</p>")


def test_null_and_absent_are_the_same_as_in_the_digest():
    before, now = message(preheader=None), message()
    assert digest(before) == digest(now)
    assert differences(before, now) == []


def test_a_field_that_is_gone_or_new_is_said():
    assert differences({"m": {"subject": "a"}}, {})[0].lines == ("-a",)
    assert differences({}, {"m": {"subject": "a"}})[0].lines == ("+a",)


def test_content_is_found_by_the_subject_of_an_approval():
    catalogue = Catalogue(
        campaigns={"c": {"messages": message()}},
        templates={"t": {"subject": "x", "body": "y", "other": "z"}},
    )
    assert content_at(catalogue, "campaign:c") == message()
    assert content_at(catalogue, "template:t") == {
        "subject": "x",
        "preheader": None,
        "body": "y",
        "plaintext_body": None,
    }
    assert content_at(catalogue, "canvas:gone") is None


def test_a_mail_written_anew_is_cut_off_and_nobody_waits():
    began = time.process_time()
    [change] = differences({"body": "<a>" * 2_000}, {"body": "<b>" * 2_000})
    assert len(change.lines) <= MAX_LINES + 1
    assert change.lines[-1] == " …"
    assert differences({"body": "x" * HOSTILE_LENGTH}, {"body": "y" * HOSTILE_LENGTH})
    assert time.process_time() - began < MOST_S


values = st.recursive(
    st.text(max_size=8) | st.none() | st.integers(),
    lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=3), values, max_size=3))
def test_nothing_differs_from_itself(content):
    assert differences(content, content) == []
