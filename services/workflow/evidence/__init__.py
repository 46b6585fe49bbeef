"""The evidence pack: one file that shows what was decided, sent and reported, and its own harm."""
