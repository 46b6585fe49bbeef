"""Rows behind the guard against a second life: epoch, newest batch, reconciliations."""
