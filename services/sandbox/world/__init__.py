"""The simulated people and their hidden preferences."""
