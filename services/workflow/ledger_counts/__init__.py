"""Counts of the ledger that pages read: aggregated in the database, never row by row."""
