"""What happened, durably: the database, the staged files of a run, and the report made from them."""
