"""What is wrong with a rendered message, or will be once it is out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.content.markup import read_markup
from services.content.rendered import Notice, NoticeKind
from services.content.sms import Encoding, measure
from services.messages import Message, msg, msgn

MAX_SUBJECT_LENGTH = 40  # characters a phone's inbox shows: UX 7, Templates
CLIPPED_BYTES = 102 * 1024  # Gmail cuts messages off above this size
MAX_PUSH_TITLE_LENGTH = 50  # characters a locked phone shows in one line
MAX_PUSH_TEXT_LENGTH = 150  # about four lines on a locked phone
UNSUBSCRIBE_WORDS = ("unsubscribe", "opt-out", "optout", "opt_out", "preferences")

# A missing value from these namespaces is ours to fill; from others, Braze or nobody knows it.
OURS = ("api_trigger_properties.", "canvas_entry_properties.", "context.")


class ContentProblemKind(StrEnum):
    """What is wrong, for counting over many previews."""

    BROKEN = "broken"
    STOPPED = "stopped"
    MISSING_PROPERTY = "missing_property"
    MISSING_VALUE = "missing_value"
    FILLED_BY_BRAZE = "filled_by_braze"
    UNKNOWN_NAME = "unknown_name"
    EMPTY = "empty"
    LONG_SUBJECT = "long_subject"
    NO_PREHEADER = "no_preheader"
    CLIPPED = "clipped"
    NO_UNSUBSCRIBE = "no_unsubscribe"
    NO_ALT = "no_alt"
    SEVERAL_SEGMENTS = "several_segments"
    LONG_PUSH = "long_push"


@dataclass(frozen=True)
class ContentProblem:
    """One finding. A `blocking` one would send something broken."""

    kind: ContentProblemKind
    what: Message
    hint: Message
    blocking: bool = False


def check_notices(notices: Iterable[Notice]) -> list[ContentProblem]:
    """What rendering had to say, as problems."""
    return [_from_notice(notice) for notice in notices]


def check_email(
    subject: str, preheader: str, html: str, *, headers: Iterable[Mapping[str, Any]] = ()
) -> list[ContentProblem]:
    """Check a rendered e-mail. `headers` are its extra e-mail headers."""
    found: list[ContentProblem] = []
    if not subject.strip():
        found.append(_empty(msg("The subject line is empty.")))
    elif len(subject) > MAX_SUBJECT_LENGTH:
        found.append(
            ContentProblem(
                ContentProblemKind.LONG_SUBJECT,
                msg("The subject line has {n} characters.", n=len(subject)),
                msg("Phones show about {limit}. Put what matters first.", limit=MAX_SUBJECT_LENGTH),
            )
        )
    if not preheader.strip():
        found.append(
            ContentProblem(
                ContentProblemKind.NO_PREHEADER,
                msg("There is no preheader."),
                msg("Without one the inbox shows the first words of the email."),
            )
        )
    if not html.strip():
        return [*found, _empty(msg("The email is empty."))]
    n_bytes = len(html.encode("utf-8", "replace"))
    if n_bytes > CLIPPED_BYTES:
        found.append(
            ContentProblem(
                ContentProblemKind.CLIPPED,
                msg("The email has {n} KB, and Gmail cuts it off.", n=n_bytes // 1024),
                msg("Stay below {limit} KB.", limit=CLIPPED_BYTES // 1024),
            )
        )
    page = read_markup(html)
    leaves = any(word in link.casefold() for link in page.links for word in UNSUBSCRIBE_WORDS)
    in_header = any("unsubscribe" in str(header).casefold() for header in headers)
    if not leaves and not in_header:
        found.append(
            ContentProblem(
                ContentProblemKind.NO_UNSUBSCRIBE,
                msg("There is no link to unsubscribe."),
                msg("Add one in Braze: the law asks for it, and complaints cost deliveries."),
            )
        )
    if page.n_without_alt:
        found.append(
            ContentProblem(
                ContentProblemKind.NO_ALT,
                msgn(
                    "{n} picture has no alternative text.",
                    "{n} pictures have no alternative text.",
                    page.n_without_alt,
                ),
                msg("Many people read email without pictures, or have it read to them."),
            )
        )
    return found


def check_sms(text: str) -> list[ContentProblem]:
    """Check a rendered SMS: every segment is paid for."""
    if not text.strip():
        return [_empty(msg("The text message is empty."))]
    size = measure(text)
    if size.n_segments == 1:
        return []
    hint = msg("Each segment is paid for. Shorten it to {n} characters.", n=size.one_segment)
    if size.encoding is Encoding.UCS2:
        hint = msg(
            "“{character}” makes all characters count double. Each segment is paid for.",
            character=size.culprit,
        )
    return [
        ContentProblem(
            ContentProblemKind.SEVERAL_SEGMENTS,
            msg("The text message has {n} segments.", n=size.n_segments),
            hint,
        )
    ]


def check_push(title: str, text: str) -> list[ContentProblem]:
    """Check a rendered push notification."""
    found = []
    if not text.strip():
        found.append(_empty(msg("The notification is empty.")))
    for words, limit in ((title, MAX_PUSH_TITLE_LENGTH), (text, MAX_PUSH_TEXT_LENGTH)):
        if len(words) > limit:
            found.append(
                ContentProblem(
                    ContentProblemKind.LONG_PUSH,
                    msg("A line of the notification has {n} characters.", n=len(words)),
                    msg("A locked phone shows about {limit}.", limit=limit),
                )
            )
    return found


def _empty(what: Message) -> ContentProblem:
    hint = msg("Fill it in Braze, or give the option a value.")
    return ContentProblem(ContentProblemKind.EMPTY, what, hint, blocking=True)


def _from_notice(notice: Notice) -> ContentProblem:
    match notice.kind:
        case NoticeKind.SYNTAX | NoticeKind.TOO_MUCH:
            return ContentProblem(
                ContentProblemKind.BROKEN,
                notice.what,
                msg("Braze would send nothing. Correct the template there."),
                blocking=True,
            )
        case NoticeKind.ABORTED:
            return ContentProblem(
                ContentProblemKind.STOPPED,
                notice.what,
                msg("People like this one get nothing. Check that this is meant."),
            )
        case NoticeKind.NOT_FETCHED:
            return ContentProblem(
                ContentProblemKind.FILLED_BY_BRAZE,
                notice.what,
                msg("The preview leaves its place empty."),
            )
        case NoticeKind.UNKNOWN:
            return ContentProblem(
                ContentProblemKind.UNKNOWN_NAME,
                notice.what,
                msg("Correct the template in Braze."),
                blocking=True,
            )
        case NoticeKind.MISSING:
            ours = notice.name.startswith(OURS)
            return ContentProblem(
                ContentProblemKind.MISSING_PROPERTY if ours else ContentProblemKind.MISSING_VALUE,
                notice.what,
                msg("Add a dimension for it, or a default in the template.")
                if ours
                else msg("Give it a default in the template, for people without a value."),
                blocking=ours,
            )
