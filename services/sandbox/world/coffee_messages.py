"""Campaigns, Canvases and e-mail templates of the coffee chain."""

from __future__ import annotations

from services.sandbox.world.model import Campaign, Canvas, EmailTemplate, Step, Variation

_MAIL = "Email"
CAMPAIGNS = (
    Campaign(
        "offer_email",
        "Coffee moments (email)",
        "API-triggered: one email filled with what the console passes in.",
        (Variation("v1", _MAIL, "email", template="counter"),),
        tags=("moments", "email"),
    ),
    Campaign(
        "offer_sms",
        "Coffee moments (SMS)",
        "API-triggered: one text message.",
        (
            Variation(
                "v1",
                "Text",
                "sms",
                text="{{api_trigger_properties.${subject}}}: "
                "{{api_trigger_properties.${offer} | default: 'come by for a cup'}}. "
                "Reply STOP to opt out.",
            ),
        ),
        tags=("moments", "sms"),
    ),
    Campaign(
        "offer_push",
        "Coffee moments (push)",
        "API-triggered: one push notification.",
        (
            Variation(
                "v1",
                "Push",
                "push",
                title="{{api_trigger_properties.${subject}}}",
                text="{{api_trigger_properties.${offer}}} · "
                "{{api_trigger_properties.${item} | default: 'your usual'}}",
            ),
        ),
        tags=("moments", "push"),
    ),
    Campaign(
        "with_control",
        "Autumn roast with control group",
        "Has a Braze control group, so no experiment may use it.",
        (Variation("v1", _MAIL, "email", template="roastery"),),
        control_share=0.1,
        tags=("seasonal",),
    ),
    Campaign(
        "paused_email",
        "Summer iced drinks (paused)",
        "Stopped after the summer.",
        (Variation("v1", _MAIL, "email", template="bright"),),
        enabled=False,
        tags=("seasonal",),
    ),
    Campaign(
        "api",
        "Service notes (API campaign)",
        "Content comes with the call.",
        (
            Variation("email", _MAIL, "email", template="letter"),
            Variation("sms", "Text", "sms"),
            Variation("push", "Push", "push"),
        ),
        schedule_type="api_triggered",
        is_api_campaign=True,
        tags=("service",),
    ),
    Campaign(
        "newsletter",
        "Sunday paper (newsletter)",
        "Goes out every Sunday at 09:00 UTC to regulars, whatever else runs.",
        (Variation("v1", _MAIL, "email", template="letter"),),
        schedule_type="time_based",
        tags=("newsletter",),
        weekly_on=7,
        weekly_segment="regulars",
    ),
)

CANVASES = (
    Canvas(
        "moment",
        "Coffee moment (Canvas)",
        "One email step, for an experiment that prefers a Canvas.",
        (Step(Variation("email", "Offer email", "email", template="roastery")),),
        tags=("moments",),
    ),
    Canvas(
        "welcome",
        "Welcome journey",
        "Two emails, three days apart.",
        (
            Step(Variation("hello", "Hello", "email", template="welcome")),
            Step(Variation("tips", "Tips", "email", template="bright"), delay_days=3),
        ),
        tags=("onboarding",),
    ),
)

TEMPLATES = (
    EmailTemplate(
        "counter",
        "Warm counter",
        "{{api_trigger_properties.${subject} | default: 'Your next cup has a surprise'}}",
        "{{api_trigger_properties.${offer} | default: 'Something good is waiting'}}",
        "counter.html",
        ("offers",),
    ),
    EmailTemplate(
        "roastery",
        "Roastery",
        "{{api_trigger_properties.${subject} | default: 'What our roasters drink this week'}}",
        "Fresh from the drum: {{api_trigger_properties.${item} | default: 'this week’s roast'}}",
        "roastery.html",
        ("offers",),
    ),
    EmailTemplate(
        "bright",
        "Bright morning",
        "{{api_trigger_properties.${subject} | default: 'Made for a day like this'}}",
        "{{api_trigger_properties.${offer} | default: 'See you at the counter'}}",
        "bright.html",
        ("offers", "seasonal"),
    ),
    EmailTemplate(
        "letter", "Plain letter", "A note from your coffee house", "", "letter.html", ("service",)
    ),
    EmailTemplate(
        "points",
        "Points statement",
        "{{api_trigger_properties.${subject} | default: 'Your points this month'}}",
        "You are {{custom_attribute.${tier} | default: 'one of us'}}",
        "points.html",
        ("loyalty",),
    ),
    EmailTemplate(
        "welcome",
        "Welcome",
        "Good to have you here",
        "Your first cup and how it works",
        "welcome.html",
        ("onboarding",),
    ),
)
