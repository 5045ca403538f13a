"""What a run would send, compared with what earlier runs have brought in."""
