"""
Models to search in, put into the tables as they stand, without acts and events: a million by acts would take a night,
and they are found no differently. Their index is not written: `modelkeep admin reindex` does that.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, exists, select, text

from bench.bulk import fill, next_key, settle_keys
from bench.catalogue import OWNER_NAMES, DrawnModel, DrawnVersion, draw_catalogue
from modelkeep_server.app import House
from modelkeep_server.db.tables import card_revisions, model_owners, models, people, versions
from modelkeep_server.kit import clock, ids

MODELS_AT_ONCE = 20_000

Row = Mapping[str, Any]


def plant_models(house: House, count: int) -> None:
    """So many models with their people, owners and versions, beside those that are there."""
    engine = house.database.writer
    with engine.begin() as connection:
        registrars = _plant_people(connection)
    drawn = draw_catalogue(count)
    while some := list(islice(drawn, MODELS_AT_ONCE)):
        with engine.begin() as connection:
            _Rows(connection, registrars).write(some)
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            # As a database does by itself soon after: it plans by what it knows of its tables.
            connection.execute(text("ANALYZE"))


def is_planted(house: House) -> bool:
    """Whether models were planted there before."""
    with house.reading() as work:
        return bool(work.scalar(select(exists().where(people.c.email_key == OWNER_NAMES[0]))))


def _plant_people(connection: Connection) -> list[int]:
    now = clock.utc_now()
    fill(
        connection,
        people,
        (
            {
                **_identity(now), "pseudonym": f"planted-{secrets.token_hex(8)}", "email": email, "email_key": email,
                "name": email.partition("@")[0].capitalize(), "disabled": False, "created_at": now,
            }
            for email in OWNER_NAMES
        ),
    )  # fmt: skip
    found = connection.execute(select(people.c.email_key, people.c.id))
    ids_by_email = {row.email_key: row.id for row in found}
    return [ids_by_email[email] for email in OWNER_NAMES]


def _identity(at: datetime) -> dict[str, Any]:
    return {"public_id": ids.uuid7(clock.to_us(at)), "salt": secrets.token_bytes(32)}


@dataclass
class _Rows:
    """The rows of some models. Their ids are given here, since rows of other tables name them."""

    connection: Connection
    registrars: list[int]
    rows: dict[Table, list[Row]] = field(default_factory=dict)

    def write(self, drawn: list[DrawnModel]) -> None:
        tables = (models, versions, model_owners, card_revisions)
        self.rows = {table: [] for table in tables}
        model_key, self._version_key = next_key(self.connection, models), next_key(self.connection, versions)
        for key, model in enumerate(drawn, model_key):
            self._draw_model(key, model)
        for table in tables:
            fill(self.connection, table, self.rows[table])
        settle_keys(self.connection, models)
        settle_keys(self.connection, versions)

    def _draw_model(self, key: int, model: DrawnModel) -> None:
        registrar = self.registrars[model.registrar]
        self.rows[models].append(
            {
                **_identity(model.created_at), "id": key, "group_name": model.group, "name": model.name,
                "path_key": f"{model.group}/{model.name}", "description": model.description,
                "registrar_id": registrar, "origin": "VENDOR" if model.external else "INTERNAL",
                "risk_tier": model.tier, "tags": model.tags,
                "visibility": "RESTRICTED" if model.restricted else "INTERNAL",
                "status": "RETIRED" if model.retired else "ACTIVE", "created_at": model.created_at,
                "created_by": registrar, "updated_at": model.updated_at, "revision": 1,
            }
        )  # fmt: skip
        for position, email in enumerate(model.owners):
            self.rows[model_owners].append(
                {
                    "model_id": key, "position": position, "email": email, "email_key": email,
                    "added_at": model.created_at, "salt": secrets.token_bytes(32),
                }
            )  # fmt: skip
        for number, version in enumerate(model.versions, 1):
            self._draw_version(key, number, version, model, registrar)

    def _draw_version(self, model_key: int, number: int, version: DrawnVersion, model: DrawnModel, by: int) -> None:
        key, self._version_key = self._version_key, self._version_key + 1
        self.rows[versions].append(
            {
                **_identity(model.updated_at), "id": key, "model_id": model_key, "version": version.version,
                "number": number, "state": version.state, "metadata": _describe(version),
                "created_at": model.created_at, "created_by": by, "updated_at": model.updated_at, "revision": 1,
            }
        )  # fmt: skip
        if version.has_card:
            self.rows[card_revisions].append(
                {
                    **_identity(model.updated_at), "version_id": key, "revision": 1, "status": "PUBLISHED",
                    "document": {"planted": True}, "coverage": 10_000, "generated_by": by,
                    "generated_at": model.updated_at, "published_by": by, "published_at": model.updated_at,
                    "edition": 1,
                }
            )  # fmt: skip


def _describe(version: DrawnVersion) -> dict[str, Any]:
    return {
        "framework": version.framework, "modelType": version.model_type, "card": {"license": version.license},
    }  # fmt: skip
