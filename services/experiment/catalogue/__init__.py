"""What the worker last saw in Braze, as the checks need it."""
