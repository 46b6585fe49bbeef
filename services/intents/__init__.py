"""What people asked for: pages file an intent, the worker takes it up."""
