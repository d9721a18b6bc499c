"""What all tables share: naming, the id and time columns, JSON as canonical text."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, Integer, LargeBinary, MetaData, Text
from sqlalchemy.types import TypeDecorator

from modelkeep_server.kit import canonical, clock

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: BIGINT on PostgreSQL; on SQLite INTEGER, since only that becomes the rowid.
BigKey = BigInteger().with_variant(Integer, "sqlite")

#: Text that is compared and sorted byte by byte, which SQLite does with any text and PostgreSQL where it is told to.
KeyText = Text().with_variant(Text(collation="C"), "postgresql")


class UtcMicros(TypeDecorator[datetime]):
    """A moment as whole microseconds since 1970-01-01 UTC, the same number on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else clock.to_us(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else clock.from_us(value)


class JsonText(TypeDecorator[Any]):
    """JSON as RFC 8785 text: JSONB would refuse NUL and reorder keys, and digests need one spelling."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else canonical.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else canonical.loads(value)


def key_column() -> Column[int]:
    """The inside id: never shown, never reused."""
    return Column("id", BigKey, primary_key=True, autoincrement=True)


def public_id_column() -> Column[str]:
    """The id that people and programs see: a UUIDv7."""
    return Column("public_id", Text, nullable=False, unique=True)


def salt_column() -> Column[bytes]:
    """32 random bytes under which this row's veiled columns are digested. Erased together with the values."""
    return Column("salt", LargeBinary, nullable=False)


def veiled(name: str, type_: Any, **options: Any) -> Column[Any]:
    """A column of free text or of a personal value; see the package docstring."""
    return Column(name, type_, info={"veiled": True}, **options)
