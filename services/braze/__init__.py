"""Speak Braze, and nothing else."""
