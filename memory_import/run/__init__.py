"""One run: what was asked for, its stages in order, and how it ended."""
