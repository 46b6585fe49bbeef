"""What a day would look like, without sending anything."""
