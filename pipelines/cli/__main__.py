"""`python -m pipelines.cli`: the command, where its script is not on the path."""

from pipelines.cli import main

if __name__ == "__main__":
    main()
