"""`python -m activarium`: the command `activarium` where the package is not installed."""

from .cli import main

if __name__ == "__main__":
    main()
