"""Prepares images: official files in, one checked and memory-mapped file a data set out."""
