"""`python -m memory_import.cli`: the command line, where no script is installed."""

from memory_import.cli.app import main

if __name__ == "__main__":
    main()
