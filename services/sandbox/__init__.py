"""A Braze on this machine. Shares no code with the client."""
