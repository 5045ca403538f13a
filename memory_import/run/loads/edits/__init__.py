"""People who are gone from the input for good: whom a run deletes, whom it leaves alone, what it forgets."""
