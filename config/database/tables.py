"""What every table is made of: column types, ids, and the parent of all models."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

# Identifiers: bigint, which SQLite only numbers by itself when it is called INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


def store_as_value(kind: type[StrEnum], length: int = 20) -> Enum:
    """A column of a StrEnum, stored as its value in a plain column: the same on both databases, readable in psql."""
    return Enum(kind, native_enum=False, length=length, values_callable=lambda members: [m.value for m in members])


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC. A naive datetime is refused; SQLite stores it without its zone and gives it back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The parent of every table. Constraint names are spelt out so that migrations can name them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UtcDateTime()}
