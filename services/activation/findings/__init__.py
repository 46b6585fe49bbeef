"""What preflight finds in the state database."""
