"""Where randomness comes from: salt, date and purpose, so that a replay needs nothing else."""

from __future__ import annotations

import hashlib
from datetime import date

from services.experiment.model import Experiment

SEED_BITS = 63  # a signed 64-bit column holds it


def day_seed(experiment: Experiment, day: date, purpose: str = "send") -> int:
    """The seed of one day and purpose, 0 to 2**63 - 1."""
    text = f"{experiment.salt}/{day.isoformat()}/{purpose}"
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - SEED_BITS)
