"""
Real registries for tests, on SQLite and on PostgreSQL: one a worker and database for nearly all, copies of an empty one
for the few that need emptiness.
"""

import contextlib
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import text

from modelkeep_server.app import House, build_app, open_house
from modelkeep_server.db import schema
from modelkeep_server.db.engine import open_database
from modelkeep_server.db.work import Circumstances, Work
from modelkeep_server.features.audit import head
from modelkeep_server.features.identity import actors
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.gate import Gate
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.permissions import Role
from modelkeep_server.settings import Settings
from modelkeep_server.settings.storing import DATABASE_NAME
from tests.support import postgres

KINDS = ("sqlite", "postgresql")
BASE_URL = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Registry:
    """A registry that is open in this process. `kind` is `sqlite` or `postgresql`."""

    kind: str
    house: House
    app: Gate
    settings: Settings = field(repr=False)

    @contextlib.contextmanager
    def writing(self, *, now: datetime | None = None) -> Iterator[Work]:
        """A work that writes, at another time where one is given: what it makes may then have expired already."""
        moment = now or clock.utc_now()
        told = Circumstances(ids.ulid(clock.to_us(moment)), moment)
        with self.house.database.writing(self.house.parts, told) as work:
            yield work

    @contextlib.contextmanager
    def reading(self) -> Iterator[Work]:
        """A work that reads."""
        with self.house.reading() as work:
            yield work

    @property
    def event_count(self) -> int:
        """How many events the log has."""
        with self.reading() as work:
            return head.read_frontier(work).size

    @cached_property
    def auditor(self) -> Actor:
        """A person who may read everything; made once."""
        with self.writing() as work:
            token = tokens.create_token_by_operator(
                work, host="test", email=f"auditor-{secrets.token_hex(4)}@example.com", roles=[Role.AUDITOR, Role.MRC]
            )
        with self.reading() as work:
            actor = actors.find_actor_by_token(work, token.secret)
        assert actor is not None
        return actor

    def tamper(self, statement: str, **values: Any) -> int:
        """Change the database behind the registry's back, and give back how many rows that touched."""
        with self.house.database.writer.begin() as connection:
            return connection.execute(text(statement), values).rowcount

    def look(self, statement: str, **values: Any) -> list[Any]:
        """Rows of the database as they are stored."""
        with self.house.database.writer.connect() as connection:
            return list(connection.execute(text(statement), values).all())


@dataclass(frozen=True)
class Template:
    """An empty registry that is closed, to be copied."""

    folder: Path
    kind: str
    database: str

    @contextlib.contextmanager
    def closed(self, folder: Path, changes: Mapping[str, Any] | None = None) -> Iterator[Settings]:
        """The settings of a copy that nobody has open. `changes` are settings."""
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{self.database}_{secrets.token_hex(4)}"
        if self.kind == "sqlite":
            shutil.copyfile(self.folder / DATABASE_NAME, folder / DATABASE_NAME)
            url = None
        else:
            url = postgres.create_database(name, template=self.database)
        try:
            yield make_settings(folder, url, self.folder.parent / "key.json", changes)
        finally:
            if url is not None:
                postgres.drop_database(name)

    @contextlib.contextmanager
    def copied(self, folder: Path, changes: Mapping[str, Any] | None = None) -> Iterator[Registry]:
        """A copy of the empty registry, open. `changes` are settings."""
        with self.closed(folder, changes) as settings, opened(settings) as registry:
            yield registry


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[Registry]:
    """A registry that is there already, open."""
    with open_house(settings) as house:
        yield Registry("sqlite" if settings.is_sqlite else "postgresql", house, build_app(house), settings)


def make_settings(folder: Path, url: str | None, key_file: Path, changes: Mapping[str, Any] | None = None) -> Settings:
    """Settings for a registry in a folder of its own, whatever the environment says."""
    return Settings(
        **{
            "data_dir": folder, "database_url": url, "key_file": key_file, "host": "127.0.0.1", "port": 8000,
            "webhook_networks": "127.0.0.0/8",
            "sign_in_tries": 1000, "public_url": None, "storage_url": None, "connections": 8, **(changes or {}),
        }
    )  # fmt: skip


def environment_of(settings: Settings) -> dict[str, str]:
    """How a command finds a registry."""
    found = {"MODELKEEP_DATA_DIR": str(settings.data_dir), "MODELKEEP_KEY_FILE": str(settings.key_file)}
    return found if settings.database_url is None else {**found, "MODELKEEP_DATABASE_URL": settings.database_url}


def make_template(folder: Path, kind: str) -> Template:
    """An empty registry with its schema and its first event."""
    folder = folder / f"template-{kind}"
    folder.mkdir(parents=True)
    name = f"template_{secrets.token_hex(4)}"
    url = None
    if kind == "postgresql":
        url = postgres.create_database(name)
        database = open_database(url, connections=2)
        schema.upgrade(database)
        database.close()
    with open_house(make_settings(folder / "data", url, folder / "key.json")):
        pass
    return Template(folder / "data", kind, name)


class Registries:
    """The registries of one worker, made when first asked for and kept to the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self._templates: dict[str, Template] = {}
        self._shared: dict[str, Registry] = {}

    def template(self, kind: str) -> Template:
        """The empty registry of this kind."""
        if kind not in self._templates:
            self._templates[kind] = make_template(self._folder, kind)
        return self._templates[kind]

    def shared(self, kind: str) -> Registry:
        """The one registry of this kind that tests share. Never cleaned: its log forbids it."""
        if kind not in self._shared:
            opened = self.template(kind).copied(self._folder / f"shared-{kind}")
            self._shared[kind] = self._stack.enter_context(opened)
        return self._shared[kind]

    def close(self) -> None:
        """Close what was opened."""
        self._stack.close()
