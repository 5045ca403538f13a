"""What Prefect runs: flows, tasks, blocks and deployments."""
