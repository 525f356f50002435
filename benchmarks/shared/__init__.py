"""What the benchmarks share: what is trained, processes that train when told, loops, ceilings."""
