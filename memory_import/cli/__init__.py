"""The command line `memory-import`: one module per command, no rules."""
