"""The story: how the stages follow each other, day by day, and what pages read of it."""
