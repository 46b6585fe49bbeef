"""The worlds a sandbox can be."""

from __future__ import annotations

from services.sandbox.world.coffee import COFFEE
from services.sandbox.world.model import World

WORLDS: dict[str, World] = {world.key: world for world in (COFFEE,)}
