"""A new activation set against a published suite: only its own runs are trained."""
