"""Personal data nobody should ask for: values that give themselves away wherever they turn up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CANARY = "CANARY-"  # search a home, a log or a screen for this word

DIRECT: dict[str, Callable[[int], Any]] = {
    "email": lambda row: f"CANARY-MAIL-{row:07d}@person.invalid",
    "phone": lambda row: f"CANARY-PHONE-{row:07d}",
    "first_name": lambda row: f"CANARY-FIRST-{row:07d}",
    "last_name": lambda row: f"CANARY-LAST-{row:07d}",
    "dob": lambda row: f"18{row % 100:02d}-01-01",
    "gender": lambda row: ("F", "M", "O", "N", None)[row % 5],
    "home_city": lambda row: f"CANARY-CITY-{row:07d}",
    "last_coordinates": lambda row: [-0.123456, 0.123456],
    "user_aliases": lambda row: [{"alias_name": f"CANARY-ALIAS-{row:07d}", "alias_label": "crm"}],
    "devices": lambda row: [
        {"model": "Phone", "os": "17.1", "device_id": f"CANARY-DEVICE-{row:07d}"}
        | {"ad_tracking_enabled": False}
    ],
    "push_tokens": lambda row: [
        {"app": "App", "platform": "iOS", "token": f"CANARY-TOKEN-{row:07d}"}
        | {"notifications_enabled": True}
    ],
}
