"""The campaigns, Canvas and template that a world without its own set of messages starts with."""

from __future__ import annotations

from services.sandbox.world.model import Campaign, Canvas, EmailTemplate, Step, Variation

SUBJECT = "{{api_trigger_properties.${subject} | default: 'Something for you'}}"
OFFER = "{{api_trigger_properties.${offer} | default: 'Have a look'}}"


def campaigns(name: str, template: str) -> tuple[Campaign, ...]:
    """API-triggered ones for each channel; with control group, paused, and API campaign."""
    mail = Variation("v1", "Email", "email", template=template)
    text = Variation("v1", "Text", "sms", text=f"{SUBJECT}: {OFFER}. Reply STOP to opt out.")
    push = Variation("v1", "Push", "push", title=SUBJECT, text=OFFER)
    return (
        Campaign("offer_email", f"{name} (email)", "API-triggered email.", (mail,)),
        Campaign("offer_sms", f"{name} (SMS)", "API-triggered text message.", (text,)),
        Campaign("offer_push", f"{name} (push)", "API-triggered push.", (push,)),
        Campaign(
            "with_control",
            f"{name} with control group",
            "Has a Braze control group, so no experiment may use it.",
            (mail,),
            control_share=0.1,
        ),
        Campaign("paused_email", f"{name} (paused)", "Stopped.", (mail,), enabled=False),
        Campaign(
            "api",
            "Service notes (API campaign)",
            "Content comes with the call.",
            (mail, Variation("sms", "Text", "sms"), Variation("push", "Push", "push")),
            is_api_campaign=True,
        ),
    )


def canvases(name: str, template: str, reminder: str) -> tuple[Canvas, ...]:
    """One Canvas with a single step, one with two: the second with the template `reminder`."""
    mail = Variation("email", "Offer email", "email", template=template)
    again = Variation("again", "Reminder", "email", template=reminder)
    return (
        Canvas("moment", f"{name} (Canvas)", "One email step.", (Step(mail),)),
        Canvas("journey", f"{name} journey", "Two emails.", (Step(mail), Step(again, 4))),
    )


def template(key: str, name: str, file: str) -> EmailTemplate:
    """A stored template whose subject and preheader come from the trigger properties."""
    return EmailTemplate(key, name, SUBJECT, OFFER, file, ("offers",))
