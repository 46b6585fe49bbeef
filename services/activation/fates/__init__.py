"""What became of what was claimed."""
