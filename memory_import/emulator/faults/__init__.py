"""Faults by script and by seed."""
