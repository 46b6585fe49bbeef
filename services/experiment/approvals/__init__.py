"""What somebody approved, bound to a digest of what it was."""
