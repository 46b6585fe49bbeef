"""What the key may do, as last tried."""
