"""Guards: what must not leave before a person has looked."""
