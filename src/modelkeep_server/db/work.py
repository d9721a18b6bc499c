"""
One request, one transaction: what an act reads, writes and records, and the guard that no write goes unrecorded.

`Work.insert` and `Work.change` write governed rows, `Work.record` says what happened, `Work.keep` writes housekeeping.
Leaving a transaction that wrote a governed row and recorded nothing raises: such a write cannot commit.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Executable,
    Row,
    Select,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import NullType

from modelkeep_server.db import ledger, row_writers
from modelkeep_server.db.bell import Bell
from modelkeep_server.db.cursors import Cursors
from modelkeep_server.db.ledger import Entry
from modelkeep_server.db.patience import Pace
from modelkeep_server.db.tables import GOVERNED, HOUSEKEEPING
from modelkeep_server.db.witness import Witness
from modelkeep_server.kit import canonical, clock, ids
from modelkeep_server.kit.remembering import Shelf
from modelkeep_server.ports import BlobStore, HookSender, Inspector, Issuer, KeyRing, Printer
from modelkeep_server.rules.limits import Limits
from modelkeep_server.rules.support import Support

ROW_SCHEMA = 1
_BY_NAME = {table.name: table for table in GOVERNED}
_TAKE_TURN = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("what", type_=Text), 0)))
_TAKE_TURNS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(:what, key)) "
    "FROM (SELECT key FROM unnest(CAST(:keys AS bigint[])) WITH ORDINALITY AS a (key, place) ORDER BY place) AS b"
)
_INSERTS = {table.name: insert(table) for table in GOVERNED}


class UnrecordedWrite(AssertionError):
    """A governed row was written and no event recorded: a fault of the program, so nothing is committed."""


class NoSuchRow(Exception):
    """A compare-and-set found no row: it is gone, or somebody was faster."""


@dataclass(frozen=True)
class Parts:
    """What acts use besides the database; put together by app.py."""

    keys: KeyRing
    blobs: BlobStore
    inspector: Inspector
    limits: Limits
    cursors: Cursors
    public_url: str
    hooks: HookSender
    printer: Printer
    #: Whether a mail server is set up, so that links and notices can be sent.
    sends_mail: bool = False
    #: Who else vouches for people, by the slug; and whether a passphrase signs in as well.
    issuers: Mapping[str, Issuer] = field(default_factory=dict)
    local_accounts: bool = True
    witness: Witness = field(default_factory=Witness)
    support: Support = field(default_factory=Support)
    #: Rung after a commit that left a job, so that this process's workers need not wait for their next look.
    bell: Bell = field(default_factory=Bell)
    shelf: Shelf = field(default_factory=Shelf)


@dataclass(frozen=True)
class Circumstances:
    """When, from where and by which browser, in words, a request came; the same for everything in it."""

    request_id: str
    now: datetime
    source: str | None = None
    device: str | None = None

    @classmethod
    def of_the_house(cls) -> "Circumstances":
        """For what the registry or an operator on its host does by itself."""
        now = clock.utc_now()
        return cls(ids.ulid(clock.to_us(now)), now)


@dataclass
class _Journal:
    touched: list[tuple[str, int]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    rows_of_entry: list[list[tuple[str, int]]] = field(default_factory=list)
    everything: list[tuple[str, int]] = field(default_factory=list)


#: Rebuilds what is derived from governed rows (the search index) before the events are appended.
Projection = Callable[["Work", Sequence[tuple[str, int]]], None]


class Work:
    """
    One transaction, and the circumstances it happens in.

    `granted` maps the acts that were asked for, and allowed, to the role that allowed them; see
    features/identity/access.py.
    """

    def __init__(
        self,
        connection: Connection,
        parts: Parts,
        circumstances: Circumstances,
        *,
        writes: bool,
        projections: Sequence[Projection] = (),
    ) -> None:
        self._connection = connection
        self._journal = _Journal()
        self._projections = projections
        self._after_commit: dict[Callable[[], None], None] = {}
        self._pace = Pace(connection)
        self.parts = parts
        self.circumstances = circumstances
        self.writes = writes
        self.granted: dict[str, str | None] = {}

    @property
    def now(self) -> datetime:
        """The moment of the request, UTC. One moment for the whole transaction."""
        return self.circumstances.now

    @property
    def has_recorded(self) -> bool:
        """Whether anything was done here that left an event."""
        return bool(self._journal.entries)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._connection.dialect.name

    # Most of what a read costs is building its statement. Those of every request are built once, when their module is
    # loaded or when they are first asked for, and take `values` for their `bindparam`s.

    @contextmanager
    def hurried(self, seconds: float, *, apart: bool = False) -> Iterator[None]:
        """
        Give what is read in the block so many seconds in all, and no more than a block around it has left. Raises
        TookTooLong, as soon as they are over; where it stands `apart`, all else of this work can go on after that.
        """
        with self._pace.hurried(seconds, apart=apart):
            yield
        if self.writes:
            self._pace.keep()

    def all(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """Every row of a read."""
        self._pace.keep()
        return self._connection.execute(statement, values).all()

    def first(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Row[Any] | None:
        """The first row of a read, or None."""
        self._pace.keep()
        return self._connection.execute(statement, values).first()

    def scalar(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Any:
        """The first value of the first row, or None."""
        self._pace.keep()
        return self._connection.execute(statement, values).scalar()

    def stream(self, statement: Executable) -> Iterator[Row[Any]]:
        """Rows of a long read, a thousand at a time, so that a whole log never stands in memory."""
        self._pace.keep()
        yield from self._connection.execute(statement, execution_options={"yield_per": 1000})

    def insert(self, table: Table, values: Mapping[str, Any], *, taken: Exception | None = None) -> int:
        """
        Insert one governed row and give back its inside id. Adds a fresh salt where the table has one.

        Raises:
            The exception `taken` where a unique rule says that the row is there already.
        """
        self._demand_governed(table)
        row = dict(values)
        if "salt" in table.c:
            row["salt"] = secrets.token_bytes(32)
        with self._unless_taken(taken):
            key = int(self._connection.execute(_INSERTS[table.name], row).inserted_primary_key[0])  # type: ignore[index]
        self._note(table, key)
        return key

    def change(
        self,
        table: Table,
        key: int,
        values: Mapping[str, Any],
        *,
        expect: Mapping[str, Any] | None = None,
        taken: Exception | None = None,
    ) -> None:
        """
        Change one governed row, only where it still is as `expect` says (compare-and-set).

        Raises:
            NoSuchRow: The row is gone or no longer as expected; nothing was changed.
            The exception `taken` where a unique rule says that another row has these values.
        """
        self._demand_governed(table)
        statement = update(table).where(table.c.id == key)
        for column, value in (expect or {}).items():
            wanted = table.c[column]
            statement = statement.where(wanted.is_(None) if value is None else wanted == value)
        with self._unless_taken(taken):
            changed = self._connection.execute(statement.values(dict(values))).rowcount
        if changed != 1:
            raise NoSuchRow(f"{table.name} {key}")
        self._note(table, key)

    def keep(
        self,
        table: Table,
        statement: Executable,
        rows: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None = None,
    ) -> int:
        """Write to a housekeeping table, and give how many rows that touched. Raises ValueError for any other table."""
        written = getattr(statement, "table", table)
        if table.name not in HOUSEKEEPING or written.name != table.name:
            raise ValueError(f"{written.name} is not a housekeeping table: write it with insert or change.")
        self._demand_writing()
        return self._connection.execute(statement, rows).rowcount

    def lock(self, table: Table, key: int) -> None:
        """
        Let nobody else change this row before this transaction ends, so that what is read next stays true.

        Its key is left to others (FOR NO KEY UPDATE): an insert of a row that refers to this one never waits for it.
        """
        self._demand_writing()
        self._connection.execute(select(table.c.id).where(table.c.id == key).with_for_update(key_share=True))

    def take_turn(self, what: str) -> None:
        """
        Wait until nobody else who takes a turn at this is at it, and hold it until this transaction ends: for what no
        single row stands for. On SQLite nobody else writes anyway.
        """
        self._demand_writing()
        if self.dialect == "postgresql":
            self._connection.execute(_TAKE_TURN, {"what": what})

    def take_turns(self, what: str, keys: Sequence[int]) -> None:
        """The same for each of several of a kind, in this order; all who do so keep to one order. One statement."""
        self._demand_writing()
        if self.dialect == "postgresql":
            self._connection.execute(_TAKE_TURNS, {"what": what, "keys": list(keys)})

    def upsert(self, table: Table) -> Any:
        """An INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`, for use with `keep`."""
        return ledger.upsert(self._connection, table)

    def record(self, entry: Entry) -> None:
        """Note an event. It takes with it the rows written since the one before, and is appended at the end."""
        self._demand_writing()
        self._journal.entries.append(entry)
        self._journal.rows_of_entry.append(self._journal.touched)
        self._journal.touched = []

    def pseudonym_of(self, email: str, name: str | None = None) -> str:
        """The pseudonym under which the log knows this e-mail, made where it is new."""
        self._demand_writing()
        names = {} if name is None else {email: name}
        return ledger.find_or_make_pseudonyms(self._connection, [email], names)[email]

    def rebuild_row_writers(self) -> None:
        """Write anew which event wrote each governed row last."""
        self._demand_writing()
        row_writers.rebuild(self._connection)

    @contextmanager
    def _unless_taken(self, taken: Exception | None) -> Iterator[None]:
        """Raise `taken` where a unique rule refuses. PostgreSQL would refuse all that follows but for the savepoint."""
        if taken is None:
            yield
            return
        try:
            with self._connection.begin_nested():
                yield
        except IntegrityError as error:
            raise taken from error

    def after_commit(self, call: Callable[[], None]) -> None:
        """Have something called once, when all this is committed; never where it is rolled back. It must not raise."""
        self._after_commit[call] = None

    def tell_committed(self) -> None:
        """Call what waits for the commit. The database does, and nobody else."""
        for call in self._after_commit:
            call()

    def _demand_writing(self) -> None:
        if not self.writes:
            raise UnrecordedWrite("This work only reads.")

    def _demand_governed(self, table: Table) -> None:
        self._demand_writing()
        if table.name not in _BY_NAME:
            raise UnrecordedWrite(f"{table.name} is not a governed table.")

    def _note(self, table: Table, key: int) -> None:
        self._journal.touched.append((table.name, key))
        self._journal.everything.append((table.name, key))

    def settle(self) -> None:
        """Bring derived rows up to date, then append the events. Raises UnrecordedWrite for a write without one."""
        journal = self._journal
        if not journal.entries:
            if journal.everything:
                raise UnrecordedWrite(f"Written and not recorded: {journal.everything}")
            return
        for projection in self._projections:
            projection(self, journal.everything)
        journal.rows_of_entry[-1] = [*journal.rows_of_entry[-1], *journal.touched]
        digests = digest_rows(self._connection, dict.fromkeys(journal.everything))
        last_writer: dict[tuple[str, int], int] = {}
        for position, rows in enumerate(journal.rows_of_entry):
            last_writer.update(dict.fromkeys(rows, position))
        entries = [
            replace(
                entry,
                rows=tuple((*row, digests[row]) for row in dict.fromkeys(rows) if last_writer[row] == position),
            )
            for position, (entry, rows) in enumerate(zip(journal.entries, journal.rows_of_entry, strict=True))
        ]
        ledger.append(self._connection, entries)


def digest_rows(connection: Connection, rows: Mapping[tuple[str, int], Any]) -> dict[tuple[str, int], str]:
    """The digest of each governed row named, read back from the database. One statement a table."""
    by_table: dict[str, list[int]] = {}
    for name, key in rows:
        by_table.setdefault(name, []).append(key)
    digests = {}
    for name, keys in by_table.items():
        for row in connection.execute(_select_stored(name), {"keys": keys}):
            digests[(name, row.id)] = digest_row(_BY_NAME[name], row)
    return digests


@cache
def _select_stored(name: str) -> Select[Any]:
    table = _BY_NAME[name]
    return select(*as_stored(table)).where(table.c.id.in_(bindparam("keys", expanding=True)))


def as_stored(table: Table) -> list[ColumnElement[Any]]:
    """The columns of a table, read without their types: a value spoilt by hand must not stop the reader."""
    return [type_coerce(column, NullType()).label(column.name) for column in table.c]


def digest_row(table: Table, row: Row[Any]) -> str:
    """
    SHA-256, in hex, over the canonical JSON of one governed row, read with `as_stored`, with a schema number.

    Veiled columns enter as HMAC-SHA-256 under the row's salt, so that the digest tells nothing of an erased value.
    """
    salt: bytes = row._mapping.get("salt") or b""
    facts = {}
    for column in table.c:
        if column.name == "salt":
            continue
        value = row._mapping[column.name]
        if value is not None and column.info.get("veiled"):
            value = hmac.new(salt, str(value).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        elif isinstance(value, bytes):
            value = value.hex()
        elif isinstance(column.type, Boolean) and value in (0, 1):
            value = bool(value)
        facts[column.name] = value
    return canonical.digest({"schema": ROW_SCHEMA, "table": table.name, "row": facts})
