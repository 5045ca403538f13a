"""Prefect flows and tasks, the spec, settings and the command line: the order of events, no rules."""
