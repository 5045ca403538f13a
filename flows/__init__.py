"""Prefect flows and tasks, the spec, settings and the command line: the order of events, no rules."""

from flows.settings import quiet_prefect, reuse_memory

quiet_prefect()  # Prefect reads its settings when it is imported, by whichever module comes first
reuse_memory()  # and so does Polars
