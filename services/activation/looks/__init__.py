"""Looking up in Braze what became of a message in doubt."""
