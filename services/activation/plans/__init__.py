"""What a day means to send."""
