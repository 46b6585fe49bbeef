"""A segment's export as Braze would deliver it: NDJSON in a ZIP of many members, and unzipped.

Profiles are sparse, as Braze's are: what is null, false or empty is left out. Two in a thousand
carry a value that looks like an email address or a phone number in an agreed attribute.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

PEOPLE_PER_FILE = 5_000  # Braze docs, "Export user profile by segment"
COMPRESSION_LEVEL = 1
PERSONAL_EVERY = 500  # people between two whose note holds an address or a number

ATTRIBUTES = ("tenure_months", "plan", "avg_basket", "app_user", "favourite", "store_distance_km")
PLANS = ("basic", "plus", "family", "premium")
FAVOURITES = ("flat white", "espresso", "filter coffee", "iced tea", "oat latte")
ZONES = (("Europe/Stockholm", "SE", "sv"), ("Asia/Seoul", "KR", "ko"), ("UTC", "GB", "en"))
EVENTS = ("app_opened", "order_started", "order_completed", "coupon_seen", "review_written")
PRODUCTS = ("beans-250", "beans-1000", "latte", "croissant")
CAMPAIGNS = tuple(f"{i:08x}-1c2d-4e5f-8a9b-0c1d2e3f4a5b" for i in range(12))
STATES = ("opted_in", "subscribed", "unsubscribed")


def write_export(folder: Path, n_people: int, *, seed: int = 0) -> tuple[Path, Path]:
    """Write `people.ndjson` and `export.zip` with the same profiles; returns both paths."""
    plain, packed = folder / "people.ndjson", folder / "export.zip"
    rng = np.random.default_rng(seed)
    with (
        plain.open("wb") as out,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL) as z,
    ):
        for number, start in enumerate(range(0, n_people, PEOPLE_PER_FILE)):
            text = _profiles(rng, start, min(start + PEOPLE_PER_FILE, n_people))
            out.write(text)
            z.writestr(f"segment_0_{number}.txt", text)
    return plain, packed


def n_personal(n_people: int) -> int:
    """How many people of an export carry a value that must be held back."""
    return len(range(0, n_people, PERSONAL_EVERY))


def _profiles(rng: np.random.Generator, start: int, stop: int) -> bytes:
    n = stop - start
    pick = rng.integers(0, 1 << 30, size=(n, 8)).tolist()
    revenue = np.round(rng.lognormal(3.0, 1.2, n), 2).tolist()
    lines = [_profile(start + i, pick[i], revenue[i]) for i in range(n)]
    return "".join(lines).encode()


def _profile(i: int, pick: list[int], revenue: float) -> str:
    a, b, c, d, e, f, g, h = pick
    zone, country, language = ZONES[a % 3]
    parts = [
        f'{{"external_id":"cust-{i:08d}","created_at":"{_moment(b, 2023)}","time_zone":"{zone}"',
        f'"country":"{country}","language":"{language}","random_bucket":{c % 10_000}',
        f'"email_subscribe":"{STATES[d % 3]}","push_subscribe":"{STATES[e % 3]}"',
    ]
    if f % 4:
        parts.append(f'"total_revenue":{revenue}')
    parts.append(f'"custom_attributes":{{{_attributes(i, a, b, c, revenue)}}}')
    if events := ",".join(_counted(name, g >> k, h >> k) for k, name in _some(EVENTS, d)):
        parts.append(f'"custom_events":[{events}]')
    if bought := ",".join(_counted(name, h >> k, g >> k) for k, name in _some(PRODUCTS, e)):
        parts.append(f'"purchases":[{bought}]')
    if got := ",".join(_received(CAMPAIGNS[(f + k) % 12], f >> k, c >> k) for k in range(b % 5)):
        parts.append(f'"campaigns_received":[{got}]')
    if h % 3 == 0:
        parts.append(
            f'"canvases_received":[{{"name":"Welcome","api_canvas_id":"{CAMPAIGNS[h % 12]}",'
            f'"last_entered":"{_moment(g, 2026)}","last_received_message":"{_moment(g + 9, 2026)}",'
            '"variation_name":"Variant 1","in_control":false}]'
        )
    return ",".join(parts) + "}\n"


def _attributes(i: int, a: int, b: int, c: int, revenue: float) -> str:
    favourite = FAVOURITES[b % 5]
    if i % PERSONAL_EVERY == 0:
        favourite = "jo@example.com" if i % (2 * PERSONAL_EVERY) else "+46 70 123 45 67"
    said = [f'"tenure_months":{a % 90},"plan":"{PLANS[b % 4]}","favourite":"{favourite}"']
    if c % 3:
        said.append(f'"avg_basket":{revenue / 7:.2f},"app_user":true')
    if c % 5:
        said.append(f'"store_distance_km":{c % 4_000 / 100}')
    return ",".join(said)


def _counted(name: str, g: int, h: int) -> str:
    return (
        f'{{"name":"{name}","first":"{_moment(g, 2025)}","last":"{_moment(h, 2026)}",'
        f'"count":{1 + g % 40}}}'
    )


def _received(campaign: str, f: int, c: int) -> str:
    opened = ',"engaged":{"opened_email":true}' if f % 4 == 0 else ""
    return (
        f'{{"name":"Morning offer","api_campaign_id":"{campaign}","last_received":'
        f'"{_moment(c, 2026)}","variation_name":"Variant A","variation_api_id":"{campaign[::-1]}",'
        f'"in_control":{"true" if f % 11 == 0 else "false"}{opened}}}'
    )


def _some(names: tuple[str, ...], bits: int) -> list[tuple[int, str]]:
    return [(k, name) for k, name in enumerate(names) if bits >> (k + 3) & 1]


def _moment(n: int, year: int) -> str:
    n = abs(n)
    return (
        f"{year}-{1 + n % 11:02d}-{1 + n // 11 % 28:02d}T{n // 308 % 24:02d}:"
        f"{n // 7392 % 60:02d}:{n // 443_520 % 60:02d}.{n % 1000:03d}Z"
    )
