"""The tables of the ledger. They hold numbers, codes, ids and hashes: never a secret, never customer data."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)

metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("spec_path", String, nullable=False),
    Column("spec", JSON, nullable=False),
    Column("api_url", String, nullable=False),
    Column("store_id", String, nullable=False),
    Column("emulator", Boolean, nullable=False),
    Column("budgets", JSON, nullable=False),
    Column("row_limit", Integer),
    Column("is_full", Boolean, nullable=False),
    Column("is_plan", Boolean, nullable=False),
    Column("declared", JSON),
    Column("planned_after", Integer, nullable=False),
    Column("delivery_number", Integer),
    Column("status", String, nullable=False),
    Column("exit_code", Integer),
    Column("started_at", String, nullable=False),
    Column("finished_at", String),
)

inputs = Table(
    "inputs",
    metadata,
    Column("run_id", String, ForeignKey("runs.run_id"), primary_key=True),
    Column("load", String, primary_key=True),
    Column("fingerprint", JSON, nullable=False),
)

loads = Table(
    "loads",
    metadata,
    Column("run_id", String, ForeignKey("runs.run_id"), primary_key=True),
    Column("load", String, primary_key=True),
    Column("identifiers", JSON, nullable=False),
    Column("columns", JSON, nullable=False),
    Column("rows_read", Integer, nullable=False),
    Column("rounds", Integer, nullable=False),
    Column("changes", JSON, nullable=False),
    Column("planned_at", Float),
    Column("lookups", JSON),
    Column("server_time", Float),
    Column("remarks", JSON, nullable=False),
)

lookups = Table(
    "lookups",
    metadata,
    Column("run_id", String, ForeignKey("runs.run_id"), primary_key=True),
    Column("key", String, primary_key=True),
    Column("load", String, nullable=False),
    Column("matches", Integer, nullable=False),
    Column("profile_id", String),
    Column("tries", Integer, nullable=False),
    Column("is_created", Boolean, nullable=False),
    Index("lookups_by_profile", "run_id", "profile_id"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", String, ForeignKey("runs.run_id"), nullable=False),
    Column("load", String, nullable=False),
    Column("round", Integer, nullable=False),
    Column("part", String, nullable=False),
    Column("start", Integer, nullable=False),
    Column("stop", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("body_bytes", Integer, nullable=False),
    Column("body_hash", String),
    Column("state", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("parent_id", Integer, ForeignKey("batches.id")),
    Column("http_status", Integer),
    Column("request_id", String),
    Column("operation_id", String),
    Column("code", Integer),
    Column("answered_at", Float),
    Column("failed_runs", Integer, nullable=False),
    Index("batches_by_state", "run_id", "load", "round", "state"),
)

edits = Table(
    "edits",
    metadata,
    Column("run_id", String, ForeignKey("runs.run_id"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", String, nullable=False),
    Column("profile_id", String),
    Column("code", String),
    Column("request_id", String),
    Column("sent_at", Float),
)

requests = Table(
    "requests",
    metadata,
    Column("run_id", String, ForeignKey("runs.run_id"), primary_key=True),
    Column("status", String, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
)

waits = Table(
    "waits",
    metadata,
    Column("api_url", String, primary_key=True),
    Column("told_at", Float, nullable=False),
    Column("seconds", Float, nullable=False),
)
"""How long a server wanted no request, and since when by our clock."""

timings = Table(
    "timings",
    metadata,
    Column("run_id", String, ForeignKey("runs.run_id"), primary_key=True),
    Column("stage", String, primary_key=True),
    Column("seconds", Float, nullable=False),
)

samples = Table(
    "samples",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", String, ForeignKey("runs.run_id"), nullable=False),
    Column("at", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("throttled", Integer, nullable=False),
    Column("in_flight", Integer, nullable=False),
    Column("held_seconds", Float, nullable=False),
    Index("samples_by_run", "run_id"),
)
"""How busy a run was, over time: a few hundred for each run."""
