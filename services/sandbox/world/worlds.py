"""The worlds a sandbox can be."""

from __future__ import annotations

from services.sandbox.world.coffee import COFFEE
from services.sandbox.world.internet import INTERNET
from services.sandbox.world.model import World
from services.sandbox.world.streaming import STREAMING

WORLDS: dict[str, World] = {world.key: world for world in (COFFEE, INTERNET, STREAMING)}
