"""`python -m l1cert`: the command line, where its script is not on the path."""

from l1cert.cli import main

if __name__ == "__main__":
    main()
