"""The database: transactions and its clock, what tables are made of, statements by the set, and what to do without it.

SQLite serves one machine and the demo, PostgreSQL a town; every statement in the project runs on both. It must not know
the application: no table stands here.
"""

from __future__ import annotations

from config.database.away import AWAY, Breaker, DatabaseAway, is_away
from config.database.connections import Database, read_clock
from config.database.postgresql import limit_seconds
from config.database.rows import (
    insert_new,
    insert_or_skip,
    insert_or_update,
    insert_rows,
    match_any,
    match_beginning,
    take_ids,
    update_rows,
)
from config.database.sqlite import GaveWay, give_way
from config.database.tables import Base, BigId, UtcDateTime, store_as_value

__all__ = [
    "AWAY",
    "Base",
    "BigId",
    "Breaker",
    "Database",
    "DatabaseAway",
    "GaveWay",
    "UtcDateTime",
    "give_way",
    "insert_new",
    "insert_or_skip",
    "insert_or_update",
    "insert_rows",
    "is_away",
    "limit_seconds",
    "match_any",
    "match_beginning",
    "read_clock",
    "store_as_value",
    "take_ids",
    "update_rows",
]
