"""From staged entries to batches, and from batches to their outcomes."""
