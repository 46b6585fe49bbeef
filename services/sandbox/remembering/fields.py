"""Profile fields of `users/track`: what Braze makes of the value it is given."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import available_timezones

TEXTS = frozenset({"first_name", "last_name", "home_city"})
GENDERS = frozenset("MFONP")
CONSENTS = frozenset({"email_subscribe", "push_subscribe"})
CONTACTS = frozenset({"email", "phone"})
KEPT = TEXTS | {"dob", "gender", "country", "language", "time_zone", "current_location"}
KEPT |= {"subscription_groups", "facebook", "twitter"}
# Braze takes these; no export shows them and nothing in the sandbox depends on them.
UNSEEN = frozenset(
    {"email_open_tracking_disabled", "email_click_tracking_disabled"}
    | {"date_of_first_session", "date_of_last_session", "push_token_import"}
)
PROFILE_FIELDS = KEPT | CONTACTS | CONSENTS | UNSEEN | {"push_tokens", "marked_email_as_spam_at"}
EXPORTED_AS = {"current_location": "last_coordinates"}

_COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE
EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC
LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
ISO_COUNTRIES = frozenset(_COUNTRIES.split())  # ISO 3166-1 alpha-2
OTHER_SPELLINGS = {  # "best effort": the ones clients send most
    "USA": "US",
    "UNITED STATES": "US",
    "UK": "GB",
    "GBR": "GB",
    "UNITED KINGDOM": "GB",
    "DEU": "DE",
    "GERMANY": "DE",
    "FRA": "FR",
    "FRANCE": "FR",
    "SWE": "SE",
    "SWEDEN": "SE",
    "CAN": "CA",
    "CANADA": "CA",
}
ZONE_NAMES = frozenset(  # Rails names, which Braze takes besides the IANA ones
    {"Eastern Time (US & Canada)", "Central Time (US & Canada)", "Mountain Time (US & Canada)"}
    | {"Pacific Time (US & Canada)", "London", "Paris", "Berlin", "Madrid", "Tokyo", "Sydney"}
)
_LANGUAGE = re.compile(r"[a-z]{2}")
DROPPED = object()  # the value is ignored and the profile stays as it was


def kept_value(name: str, value: Any) -> Any:
    """What a profile holds after a write of one of KEPT: the value, None, or DROPPED."""
    if value is None:
        return None
    match name:
        case "dob":
            return value if _is_day(value) else DROPPED
        case "gender":
            return value if isinstance(value, str) and value in GENDERS else DROPPED
        case "country":
            return _country(value)
        case "language":
            code = value.lower() if isinstance(value, str) else ""
            return code if _LANGUAGE.fullmatch(code) else DROPPED
        case "time_zone":
            known = isinstance(value, str) and (value in ZONE_NAMES or value in _zones())
            return value if known else DROPPED
        case "current_location":
            if not is_place(value):
                return DROPPED
            return [float(value["longitude"]), float(value["latitude"])]
        case "subscription_groups" | "facebook" | "twitter":
            return value
        case _:
            return value if isinstance(value, str) and value else DROPPED


def is_place(value: object) -> bool:
    """Whether `current_location` is {longitude, latitude} within the globe, in degrees."""
    if not isinstance(value, dict):
        return False
    for name, most in (("longitude", 180), ("latitude", 90)):
        degrees = value.get(name)
        if not isinstance(degrees, int | float) or isinstance(degrees, bool):
            return False
        if not -most <= degrees <= most:
            return False
    return True


def _country(value: object) -> str | None:
    plain = value.strip().upper() if isinstance(value, str) else ""
    plain = OTHER_SPELLINGS.get(plain, plain)
    return plain if plain in ISO_COUNTRIES else None


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
