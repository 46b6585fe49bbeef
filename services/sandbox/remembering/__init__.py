"""What was accepted and what became of it."""
