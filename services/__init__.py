"""Everything Anneal does that does not need a screen. Stages import only the stages before them."""
