"""What became of every row, and the report made from it."""
