"""What may vary and what is good."""
