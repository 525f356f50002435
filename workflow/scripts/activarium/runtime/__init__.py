"""What all of the library uses: errors, files, locks, GPU leases, child processes, the manifest.

Nothing here knows what an activation is, and nothing imports torch or pandas.
"""
