"""A study that somebody submits, held against itself: what CI does with it."""
