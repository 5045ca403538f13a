"""Prefect flows and tasks, the spec, settings and the command line: the order of events, no rules."""

from flows.settings import quiet_prefect

quiet_prefect()  # Prefect reads its settings when it is imported, by whichever module comes first
