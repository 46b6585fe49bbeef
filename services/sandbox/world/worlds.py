"""The worlds a sandbox can be."""

from __future__ import annotations

from dataclasses import replace

from services.sandbox.world.coffee import COFFEE
from services.sandbox.world.internet import INTERNET
from services.sandbox.world.model import World
from services.sandbox.world.other_messages import CAMPAIGNS, canvases
from services.sandbox.world.streaming import STREAMING

# IANA zone, country, language, share of the people
MIXED_ZONES = (
    ("Europe/London", "GB", "en", 0.3),
    ("America/New_York", "US", "en", 0.25),
    ("Asia/Seoul", "KR", "ko", 0.25),
    ("Asia/Kolkata", "IN", "en", 0.1),
    ("Pacific/Auckland", "NZ", "en", 0.1),
)
WORLDS: dict[str, World] = {
    world.key: replace(
        world,
        campaigns=(*world.campaigns, *CAMPAIGNS),
        canvases=(*world.canvases, *canvases(world.app_attribute)),
    )
    for world in (COFFEE, INTERNET, STREAMING)
}


def in_mixed_zones(world: World) -> World:
    """The same world with people all over the globe instead of in UTC."""
    return replace(world, zones=MIXED_ZONES)
