"""Changes of single profiles, beside what is sent in batches: one engine, and a way for each kind."""
