"""Comparing: from the table of runs to summaries and contrasts, by pure functions.

Everything here is per setting (recipe × network × data set), an accuracy is a fraction, and a
difference is activation − control. `scores` says what counts as a run's score, `summaries`
describes one cell, `contrasts` compares two, `analysis` puts the tables together.
"""
