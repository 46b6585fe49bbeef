"""What became of each stage of each day."""
