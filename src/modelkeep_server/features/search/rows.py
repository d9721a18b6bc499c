"""Rows of the catalogue: models with their owners and newest versions."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, func, select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.nesting import RowsAsJson, WholeRows
from modelkeep_server.db.tables import model_owners, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.visibility import Sight, sight_of, values_of, visible_by
from modelkeep_server.features.search.views import CatalogueRow, VersionMark
from modelkeep_server.features.versions.conditions import has_flag
from modelkeep_server.rules.lifecycle import State

NEWEST_SHOWN = 2


def read_shown(work: Work, actor: Actor, keys: Sequence[int]) -> tuple[CatalogueRow, ...]:
    """The rows of these models, in the order of the keys, as far as the actor sees them. One statement, or none."""
    if not keys:
        return ()
    ((told,),) = work.all(_shown(sight_of(actor)), {"keys": keys, **values_of(actor)})
    found = {row.id: row for row in _rows().read(told)}
    return tuple(_to_row(found[key]) for key in keys if key in found)


@cache
def _shown(sight: Sight) -> Select[Any]:
    return model_queries.select_models(_rows().told).where(in_keys(models.c.id, "keys"), visible_by(sight))


@cache
def _rows() -> WholeRows:
    """Models with their owners, newest versions and how many of these they have: all in one statement."""
    owned = (model_owners.c.model_id == models.c.id) & model_owners.c.removed_at.is_(None)
    owners = select(RowsAsJson(model_owners.c.position, model_owners.c.email)).where(owned)
    of_it = versions.c.model_id == models.c.id
    newest = (
        select(versions.c.number, versions.c.version, versions.c.state, versions.c.id)
        .where(of_it)
        .order_by(versions.c.number.desc())
        .limit(NEWEST_SHOWN)
        .correlate(models)
        .subquery()
    )
    flags = (has_flag(newest.c.id, flag) for flag in ("CLOSED", "HOLD"))
    marks = select(RowsAsJson(newest.c.number, newest.c.version, newest.c.state, *flags))
    count = select(func.count()).select_from(versions).where(of_it)
    return WholeRows(
        *model_queries.COLUMNS,
        owners.correlate(models).scalar_subquery().label("owners"),
        marks.scalar_subquery().label("marks"),
        count.correlate(models).scalar_subquery().label("versions_count"),
    )


def _to_row(row: Any) -> CatalogueRow:
    marks = sorted(row.marks, reverse=True)
    return CatalogueRow(
        model_queries.to_model(row, [email for _, email in sorted(row.owners)]),
        tuple(
            VersionMark(version, State(state), bool(closed), bool(held)) for _, version, state, closed, held in marks
        ),
        row.versions_count,
    )
