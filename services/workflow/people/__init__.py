"""Who is in which experiment, in which group, since when."""
