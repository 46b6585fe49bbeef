"""What lies around in every workspace besides the messages of its story: campaigns and Canvases
with several variations, control groups, other channels, drafts and archived ones, so that a client
meets everything Braze can answer. Nothing here is sent unless a request asks for it.
"""

from __future__ import annotations

from services.sandbox.world.model import Campaign, Canvas, Condition, Split, Step, Variation

CONTENT_BLOCKS = ("Footer", "Opening hours", "House rules")  # texts any e-mail may take in

_GREETING = "{{${first_name} | default: 'Hello'}}"
_TEXT = Variation("text", "Text", "sms", text=f"{_GREETING}: the answer is yes. STOP to opt out.")
_MAIL_A = Variation("a", "Variant 1", "email", text=f"<p>{_GREETING}, here is the long story.</p>")
_MAIL_B = Variation("b", "Variant 2", "email", text=f"<p>{_GREETING}!</p>")
_PUSHES = tuple(
    Variation(service, name, "push", title="New", text=_GREETING, service=service)
    for service, name in (
        ("ios_push", "iOS"),
        ("android_push", "Android"),
        ("web_push", "Web"),
        ("kindle_push", "Kindle"),
    )
)
_HOOK = Variation("hook", "Webhook", "webhook", text='{"user": "{{${user_id}}}"}')
_CARD = Variation("card", "Card", "content_cards", title="For you", text=_GREETING)
_WHATS_APP = Variation("whats_app", "WhatsApp", "whats_app", text=_GREETING)

CAMPAIGNS = (
    Campaign(
        "two_subjects",
        "Two ways to say it",
        "API-triggered with two variations and a control group; Braze draws which one goes out.",
        (_MAIL_A, _MAIL_B),
        control_share=0.1,
        tags=("tests",),
    ),
    Campaign(
        "once_a_week",
        "Reminder, at most weekly",
        "API-triggered; nobody is eligible again for seven days, and the frequency cap holds.",
        (Variation("v1", "Email", "email", text=f"<p>{_GREETING}, a reminder.</p>"),),
        reeligible_days=7,
        daily_cap=1,
    ),
    Campaign(
        "every_channel",
        "Every channel (API campaign)",
        "Content comes with the call, on any channel.",
        (
            Variation("email", "Email", "email"),
            Variation("text", "Text", "sms"),
            *_PUSHES,
            _HOOK,
            _CARD,
            _WHATS_APP,
        ),
        is_api_campaign=True,
        daily_cap=2,
        tags=("service",),
    ),
    Campaign(
        "order_hook",
        "Tell the till (webhook)",
        "API-triggered; calls the company's own systems.",
        (_HOOK,),
    ),
    Campaign(
        "survey_draft",
        "What did you think? (draft)",
        "An in-app survey nobody has finished.",
        (Variation("survey", "Survey", "in_app", title="What did you think?", text="Good|Bad"),),
        schedule_type="action_based",
        enabled=False,
        draft=True,
    ),
    Campaign(
        "old_text",
        "Opening of the first house (archived)",
        "Over for years.",
        (_TEXT,),
        archived=True,
        tags=("archive",),
    ),
    Campaign(
        "untracked",
        "Messages without a campaign",
        "Keeps the books of untracked sends; no endpoint shows it.",
        (
            Variation("email", "Email", "email"),
            Variation("text", "Text", "sms"),
            *_PUSHES,
            _HOOK,
            _CARD,
            _WHATS_APP,
        ),
        is_api_campaign=True,
        hidden=True,
    ),
)


def canvases(app_attribute: str | None) -> tuple[Canvas, ...]:
    """Canvases of every workspace. The split asks for the app where the world has one."""
    wanted = Condition(app_attribute, "is", True) if app_attribute is not None else None
    return (
        Canvas(
            "two_journeys",
            "Two journeys",
            "Two variants and a control group; the first asks who has the app.",
            (
                Step(Variation("first", "First word", "email", text=f"<p>{_GREETING}</p>")),
                Step(
                    Variation("app", "In the app", "push", title="Look", text=_GREETING),
                    delay_days=2,
                    only=True if wanted else None,
                ),
                *(
                    (Step(Variation("mail", "By email", "email", text="<p>Hi</p>"), 2, only=False),)
                    if wanted
                    else ()
                ),
                Step(Variation("short", "Short word", "email", text="<p>Hi</p>"), variant=1),
            ),
            control_share=0.1,
            variants=("Variant 1", "Variant 2"),
            split=Split("has_app", "Has the app?", wanted) if wanted else None,
        ),
        Canvas(
            "paused_journey",
            "Spring journey (paused)",
            "Stopped after the spring.",
            (Step(Variation("spring", "Spring", "email", text="<p>Spring</p>")),),
            enabled=False,
        ),
        Canvas(
            "old_journey",
            "First journey (archived)",
            "Over for years.",
            (Step(Variation("old", "Old", "email", text="<p>Once</p>")),),
            archived=True,
            tags=("archive",),
        ),
    )
