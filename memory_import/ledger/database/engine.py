"""The database of a state directory: one SQLite file whose commits reach the disk."""

from pathlib import Path

from sqlalchemy import (
    URL,
    Engine,
    create_engine,
    event,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from memory_import.ledger.database.schema import (
    metadata,
)


def open_database(state_dir: Path) -> Engine:
    """The SQLite file of a state directory, made when missing (mode 0600); its commits reach the disk."""
    path = state_dir / "ledger.sqlite3"
    path.touch(mode=0o600)
    engine = create_engine(URL.create("sqlite", database=str(path)))  # a path may hold ? and %
    event.listen(engine, "connect", _make_durable)
    metadata.create_all(engine)
    return engine


def _make_durable(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
