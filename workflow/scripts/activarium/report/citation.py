"""What this project is called and where it is, for the page and for whoever cites it.

CITATION.cff and pyproject.toml say the same, and the tests hold them against it.
"""

TITLE = "Activarium: activation functions compared so that a claim about one can be believed"
AUTHORS = "The Activarium authors"
VERSION = "0.1.0"
YEAR = 2026
ADDRESS = ""  # of the repository that anybody can read, once there is one
