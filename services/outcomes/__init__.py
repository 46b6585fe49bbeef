"""What people did: collection, attribution, rewards."""
