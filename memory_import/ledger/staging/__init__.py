"""The staged files of a run."""
