"""What experiments have spent."""
