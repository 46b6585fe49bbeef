"""Previews say what is wrong; an approval holds for one content; copies carry placeholders."""

from __future__ import annotations

import pytest

from services.content.checks import ContentProblemKind as Kind
from services.content.checks import check_email, check_push, check_sms
from services.content.copies import Placeholder, TemplateText, placeholder_tag, with_placeholders
from services.content.liquid import render
from services.content.lock import LockState, content_of, digest, lock_state
from services.content.preview import preview, preview_of
from services.content.sms import Encoding, measure
from services.errors import ContentError
from services.experiment.model import Channel

GOOD = '<p>Hi <a href="https://x.example/unsubscribe">Unsubscribe</a><img src="a" alt=""></p>'


def kinds(problems):
    return {p.kind for p in problems}


@pytest.mark.parametrize(
    ("subject", "preheader", "html", "expected"),
    [
        ("Short", "p", GOOD, set()),
        ("x" * 40, "p", GOOD, set()),
        ("x" * 41, "p", GOOD, {Kind.LONG_SUBJECT}),
        ("", "p", GOOD, {Kind.EMPTY}),
        ("S", " ", GOOD, {Kind.NO_PREHEADER}),
        ("S", "p", GOOD + "é" * 52_300, {Kind.CLIPPED}),
        ("S", "p", "<p>Hi</p>", {Kind.NO_UNSUBSCRIBE}),
        ("S", "p", GOOD + "<IMG src=x>", {Kind.NO_ALT}),
        ("S", "p", "", {Kind.EMPTY}),
        ("S", "p", "<a href='unsubscribe'", {Kind.NO_UNSUBSCRIBE}),
    ],
)
def test_an_email_is_checked(subject, preheader, html, expected):
    assert kinds(check_email(subject, preheader, html)) == expected


def test_an_unsubscribe_header_counts():
    headers = [{"key": "List-Unsubscribe", "value": "<mailto:x>"}]
    assert check_email("S", "p", "<p>Hi</p>", headers=headers) == []


@pytest.mark.parametrize(
    ("text", "encoding", "n_segments"),
    [
        ("a" * 160, Encoding.GSM7, 1),
        ("a" * 161, Encoding.GSM7, 2),
        ("€" * 80, Encoding.GSM7, 1),
        ("€" * 81, Encoding.GSM7, 2),
        ("a" * 306, Encoding.GSM7, 2),
        ("a" * 307, Encoding.GSM7, 3),
        ("a" * 152 + "€" + "a" * 152, Encoding.GSM7, 3),
        ("가" * 70, Encoding.UCS2, 1),
        ("가" * 71, Encoding.UCS2, 2),
        ("🙂" * 35, Encoding.UCS2, 1),
        ("🙂" * 36, Encoding.UCS2, 2),
        ("", Encoding.GSM7, 1),
    ],
)
def test_the_segments_of_a_text_message_are_counted(text, encoding, n_segments):
    size = measure(text)
    assert (size.encoding, size.n_segments) == (encoding, n_segments)


def test_the_character_that_makes_a_text_message_dear_is_named():
    problem = check_sms("a" * 80 + "’")[0]
    assert problem.hint.values["character"] == "’"
    assert check_sms("fine") == []


def test_a_long_notification_is_pointed_out():
    assert kinds(check_push("t" * 51, "x")) == {Kind.LONG_PUSH}
    assert kinds(check_push("t", "")) == {Kind.EMPTY}


EMAIL = {
    "channel": "email",
    "from": "Shop <hi@shop.example>",
    "subject": "{{api_trigger_properties.${subject}}}",
    "preheader": "For {{custom_attribute.${tier} | default: 'you'}}",
    "body": GOOD + "{{api_trigger_properties.${offer}}}",
}
PROFILE = {"custom_attributes": {"tier": "gold"}}


def test_an_email_is_previewed_as_the_person_would_get_it():
    shown = preview({"v": EMAIL}, {"subject": "Hello", "offer": "10%"}, PROFILE)
    assert (shown.channel, shown.sender) == (Channel.EMAIL, "Shop <hi@shop.example>")
    assert (shown.subject, shown.preheader) == ("Hello", "For gold")
    assert shown.html.endswith("10%")
    assert shown.problems == ()


def test_a_property_the_trigger_does_not_carry_blocks():
    shown = preview({"v": EMAIL}, {"subject": "Hello"}, PROFILE)
    assert shown.blocked
    assert kinds(shown.problems) == {Kind.MISSING_PROPERTY}


def test_sms_and_push_have_their_own_parts():
    sms = preview(
        {"v": {"channel": "sms", "body": "Hi {{api_trigger_properties.${o}}}"}}, {"o": 1}, {}
    )
    assert (sms.channel, sms.text) == (Channel.SMS, "Hi 1")
    push = preview({"v": {"channel": "ios_push", "title": "T", "alert": "A"}}, {}, {})
    assert (push.channel, push.title, push.text) == (Channel.PUSH, "T", "A")


def test_a_control_group_is_not_a_message_and_two_messages_are_one_too_many():
    control = {"channel": "email", "type": "control"}
    assert preview({"v": EMAIL, "c": control}, {"subject": "S", "offer": "x"}, {}).subject == "S"
    with pytest.raises(ContentError):
        preview({"v": EMAIL, "w": EMAIL}, {}, {})
    assert preview({"v": EMAIL, "w": EMAIL}, {"subject": "S"}, {}, variation_id="w").subject == "S"
    with pytest.raises(ContentError):
        preview({}, {}, {})


def test_a_canvas_is_previewed_from_its_step():
    body = EMAIL | {"subject": "{{canvas_entry_properties.${subject}}}", "body": GOOD}
    details = {"name": "Journey", "steps": [{"id": "s", "messages": {"m": body}}]}
    assert preview_of(details, {"subject": "Hi"}, {}, canvas=True).subject == "Hi"


def test_an_approval_holds_for_one_content_only():
    approved = digest({"v": EMAIL})
    assert lock_state(digest({"v": dict(reversed(EMAIL.items()))}), approved) is LockState.APPROVED
    assert lock_state(digest({"v": EMAIL | {"amp_body": None}}), approved) is LockState.APPROVED
    assert lock_state(digest({"v": EMAIL | {"subject": "x"}}), approved) is LockState.CHANGED
    assert lock_state(approved, None) is LockState.WAITING


def test_what_is_locked_is_the_content_and_not_the_name():
    campaign = {"name": "A", "updated_at": "1", "messages": {"v": EMAIL}}
    renamed = campaign | {"name": "B", "updated_at": "2"}
    assert digest(content_of(campaign)) == digest(content_of(renamed))
    canvas = {"steps": [{"id": "s", "messages": {"v": EMAIL}}]}
    moved = {"steps": [{"id": "t", "messages": {"v": EMAIL}}]}
    assert digest(content_of(canvas)) != digest(content_of(moved))
    template = {"subject": "S", "body": "B", "template_name": "T"}
    assert digest(content_of(template)) == digest(content_of(template | {"template_name": "U"}))


BASE = TemplateText(
    "Base", "Your offer: 10% off", "<p title='10% off'>10% off today, Anna's choice</p>"
)


def test_a_copy_carries_placeholders_and_reads_as_before_without_a_value():
    copy = with_placeholders(BASE, [Placeholder("10% off", "offer", "10% off")], name="Copy")
    assert copy.name == "Copy"
    assert copy.subject == "Your offer: {{api_trigger_properties.${offer} | default: '10% off'}}"
    assert render(copy.body, profile={}, properties={}).text == BASE.body
    changed = render(copy.body, profile={}, properties={"offer": "A gift"}).text
    assert changed == "<p title='A gift'>A gift today, Anna's choice</p>"


def test_one_text_may_contain_another():
    placeholders = [Placeholder("10%", "n"), Placeholder("10% off today", "line")]
    copy = with_placeholders(BASE, placeholders, name="Copy", canvas=True)
    assert copy.body.startswith("<p title='{{canvas_entry_properties.${n}}} off'>")
    assert "{{canvas_entry_properties.${line}}}, Anna" in copy.body


def test_quotes_in_a_fallback_cannot_end_the_text():
    tag = placeholder_tag("x", 'it\'s "new"')
    assert render(tag, profile={}, properties={}).text == "it’s ”new”"


@pytest.mark.parametrize(
    ("text", "property", "fallback"),
    [("not there", "x", ""), ("", "x", ""), ("10%", "a}b", ""), ("10%", "x", "{{ y }}")],
)
def test_a_placeholder_that_cannot_work_is_refused(text, property, fallback):
    with pytest.raises(ContentError):
        with_placeholders(BASE, [Placeholder(text, property, fallback)], name="Copy")
