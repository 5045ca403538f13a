"""Reads back what a run has sent, and compares it value by value."""
