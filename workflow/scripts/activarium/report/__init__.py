"""The report: words and tables around figures; it computes nothing."""
