"""Which path, key, limit and fault a request meets."""
