"""The conversation configuration of a store: what it lacks, found and made."""
