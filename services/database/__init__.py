"""The state database: what must never be lost or done twice."""
