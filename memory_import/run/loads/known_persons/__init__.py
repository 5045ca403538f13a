"""The persons of a load and what earlier runs have brought in of them: found, compared, kept."""
