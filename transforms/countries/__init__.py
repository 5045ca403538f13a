"""Countries as people write them to ISO 3166 codes."""
