"""One function a path: what Braze answers."""
