"""How long it takes to render and check every combination of an experiment.

    python -m tests.benchmarks.templates [--combinations 500] [--json]

The email is as heavy as those Gmail is about to cut off, with conditions, loops and filters, and it
is rendered for somebody of whom everything is known and for somebody of whom nothing is, as the
worker does it. Beside it: how long a template that wants to do too much is let run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from itertools import product
from typing import Any

from services.content.liquid import render
from services.content.preview import preview
from tests.faults.verdict import Verdict, show

WITHIN_S = 5.0  # of 500 combinations: the set-up journey's figure
STOPPED_WITHIN_S = 2.0  # one hostile template
N_COMBINATIONS = 500
EMAIL_BYTES = 90_000
PROFILES: tuple[Mapping[str, Any], ...] = (
    {
        "external_id": "u-1",
        "country": "SE",
        "language": "sv",
        "email_subscribe": "opted_in",
        "custom_attributes": {"tier": "gold", "tenure": 14, "brands": ["Fjord", "Alta", "Moss"]},
    },
    {},
)
OFFERS = ("none", "5% off", "10% off", "20% off", "a month free")
SUBJECTS = ("Hello", "Your next step", "Faster at home", "Only this week", "For you")
CREATIVES = ("calm", "bright", "numbers", "people", "map")
ACTIONS = ("Upgrade", "Have a look", "Talk to us", "Compare")
BLOCK = """
<tr><td style="padding:12px 24px;font:15px/1.5 sans-serif;color:#1a2230">
{% if {{custom_attribute.${tier}}} == 'gold' and custom_attribute.${tenure} > 12 %}
Thank you for {{custom_attribute.${tenure} | default: 'some'}} months with us.
{% elsif custom_attribute.${tier} == blank %}Good to see you.{% else %}Welcome back.{% endif %}
{% case {{api_trigger_properties.${creative}}} %}{% when 'bright' %}<b>New!</b>
{% when 'numbers' %}1 000 Mbit/s{% else %}Quiet and fast.{% endcase %}
{% for brand in custom_attribute.${brands} limit:2 %}<a href="https://shop.example/{{brand
| downcase | url_param_escape}}">{{ brand | upcase | escape }}</a>{% endfor %}
{% assign offer = {{api_trigger_properties.${offer}}} | default: 'nothing yet' %}
<p>Yours: {{ offer | replace: '%', ' percent' | capitalize }}</p></td></tr>
"""
N_BLOCKS = 24  # with about a dozen tags each; the rest of an email is layout
LAYOUT = (
    '<tr><td align="center" valign="top" style="padding:0 24px;border-collapse:collapse">'
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td '
    'style="font:13px/1.5 sans-serif;color:#4f5968">A line of plain words.</td></tr></table>'
    "</td></tr>\n"
)
TOO_MUCH = (
    "{% for i in (1..9000) %}{% for j in (1..9000) %}x{% endfor %}{% endfor %}",
    "{% assign a = 'xxxxxxxxxx' %}{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}",
    "{{ (1..99999999) | join: 'x' }}",
    "{% for i in (1..9999) %}{{ '" + "y" * 5_000 + "' }}{% endfor %}",
)


def main() -> int:
    """Measure, print, and say by the exit status whether the targets are met."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--combinations", type=int, default=N_COMBINATIONS)
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    return show(templates(options.combinations), as_json=options.json)


def templates(n: int) -> Verdict:
    """Render `n` combinations for both people, then the templates that do too much."""
    verdict = Verdict("templates", n)
    messages = {"m-1": an_email()}
    began = time.perf_counter()
    n_problems = n_bytes = 0
    for properties in combinations(n):
        for profile in PROFILES:
            shown = preview(messages, properties, profile)
            n_problems += len(shown.problems)
            n_bytes += len(shown.html)
            if shown.blocked:
                verdict.count("rendered wrongly")
    took_s = time.perf_counter() - began
    slowest_s = max(_time_of(source, verdict) for source in TOO_MUCH)
    verdict.violations.setdefault("rendered wrongly", 0)
    verdict.violations.setdefault("not stopped", 0)
    verdict.figures |= {
        "seconds": round(took_s, 2),
        "seconds_for_500": round(took_s * N_COMBINATIONS / n, 2),
        "renderings": n * len(PROFILES),
        "source_bytes": len(str(messages["m-1"]["body"])),
        "rendered_mb": round(n_bytes / 1e6, 1),
        "findings": n_problems,
        "slowest_stopped_s": round(slowest_s, 2),
    }
    verdict.need("seconds_for_500", took_s * N_COMBINATIONS / n <= WITHIN_S, f"<= {WITHIN_S}")
    verdict.need("slowest_stopped_s", slowest_s <= STOPPED_WITHIN_S, f"<= {STOPPED_WITHIN_S}")
    return verdict


def an_email() -> dict[str, Any]:
    """An email message as Braze's details give it."""
    rows = (EMAIL_BYTES - N_BLOCKS * len(BLOCK)) // len(LAYOUT) // N_BLOCKS
    body = "<html><body><table>" + (BLOCK + LAYOUT * rows) * N_BLOCKS
    return {
        "channel": "email",
        "from": "Shop <shop@example.com>",
        "subject": "{{api_trigger_properties.${subject} | default: 'For you'}}",
        "preheader": "{{api_trigger_properties.${offer}}}, {{${first_name} | default: 'hello'}}",
        "body": body + "<a href='{{${set_user_to_unsubscribed_url}}}'>Leave</a></table></body>",
    }


def combinations(n: int) -> list[dict[str, str]]:
    """The first `n` of what the trigger may carry, over and over if there are fewer."""
    every = [
        {"offer": offer, "subject": subject, "creative": creative, "cta": action}
        for offer, subject, creative, action in product(OFFERS, SUBJECTS, CREATIVES, ACTIONS)
    ]
    return [every[at % len(every)] for at in range(n)]


def _time_of(source: str, verdict: Verdict) -> float:
    began = time.perf_counter()
    result = render(source, profile={}, properties={})
    if not result.failed:
        verdict.count("not stopped")
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
