"""Rows that are one person: identity groups, what is sent for them, and in which order."""
