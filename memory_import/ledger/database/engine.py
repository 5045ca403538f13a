"""The database of a state directory: one SQLite file whose commits reach the disk."""

from functools import cache
from pathlib import Path

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
)
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement
from sqlalchemy.util import LRUCache

from memory_import.ledger.database.schema import (
    metadata,
)


class Dialect(SQLiteDialect_pysqlite):
    """SQLite; what was compiled for one database is compiled for all of the process."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


class OtherVersion(Exception):
    """The database was written by a version of this program that keeps other facts."""


registry.register("sqlite.ledger", __name__, Dialect.__name__)
_COMPILED: LRUCache[object, object] = LRUCache(500)


def open_database(state_dir: Path) -> Engine:
    """The SQLite file of a state directory, made when missing (mode 0600); its commits reach the disk.

    `OtherVersion` where its tables have other columns than these.
    """
    path = state_dir / "ledger.sqlite3"
    path.touch(mode=0o600)
    url = URL.create("sqlite+ledger", database=str(path))  # a path may hold ? and %
    engine = create_engine(url, execution_options={"compiled_cache": _COMPILED})
    event.listen(engine, "connect", _make_durable)
    with engine.begin() as connection:
        for statement in _make_missing(Dialect()):
            connection.exec_driver_sql(statement)
        _check_columns(connection)
    return engine


def _check_columns(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        rows = connection.exec_driver_sql(f"PRAGMA table_info({table.name})").all()
        odd = {row[1] for row in rows} ^ {column.name for column in table.columns}
        if odd:
            raise OtherVersion(f"its table {table.name} differs in {', '.join(sorted(odd))}")


@cache
def _make_missing(dialect: Dialect) -> tuple[str, ...]:
    """What makes the tables and indexes that are not there."""
    statements: list[ExecutableDDLElement] = []
    for table in metadata.sorted_tables:
        statements.append(CreateTable(table, if_not_exists=True))
        statements += [CreateIndex(index, if_not_exists=True) for index in table.indexes]
    return tuple(str(statement.compile(dialect=dialect)) for statement in statements)


def _make_durable(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
