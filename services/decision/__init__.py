"""Choose. Pure: no I/O, no clock, every seed passed in."""
