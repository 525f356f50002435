"""What every room stands on: errors, files, locks, devices, signals and the study's manifest.

Nothing here knows what an activation is, and nothing imports torch or pandas.
"""
