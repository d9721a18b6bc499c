"""Reading models. What the actor may not see is not in any result."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, select

from modelkeep_server.db.tables import model_owners, models, people
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Access, Model, ModelStatus, Origin, Visibility
from modelkeep_server.features.models.visibility import Sight, shared_with_asker, sight_of, values_of, visible_by
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.permissions import Relation

_registrars = people.alias("registrars")
_creators = people.alias("creators")


#: What `to_model` reads.
COLUMNS: tuple[ColumnElement[Any], ...] = (
    *(column for column in models.c if column.name not in ("path_key", "registrar_id", "created_by", "salt")),
    _registrars.c.email.label("registrar_email"),
    _creators.c.email.label("creator_email"),
)


def select_models(*told: ColumnElement[Any]) -> Select[Any]:
    """Models with the e-mails of who registered and who created them; filters and order are the caller's."""
    return (
        select(*(told or COLUMNS))
        .select_from(models)
        .outerjoin(_registrars, _registrars.c.id == models.c.registrar_id)
        .join(_creators, _creators.c.id == models.c.created_by)
    )


@cache
def _by_path(sight: Sight) -> Select[Any]:
    """One model, as often as it has owners: a row more costs less than a second statement."""
    owner = (model_owners.c.model_id == models.c.id) & model_owners.c.removed_at.is_(None)
    return (
        select_models()
        .add_columns(model_owners.c.email.label("owner_email"), shared_with_asker().label("shared"))
        .outerjoin(model_owners, owner)
        .where(models.c.path_key == bindparam("path_key"), visible_by(sight))
        .order_by(model_owners.c.position)
    )


_OWNERS = (
    select(model_owners.c.model_id, model_owners.c.email)
    .where(model_owners.c.model_id.in_(bindparam("model_ids", expanding=True)), model_owners.c.removed_at.is_(None))
    .order_by(model_owners.c.model_id, model_owners.c.position)
)


def get_model(work: Work, actor: Actor, group: str, name: str) -> Model:
    """A model by its address, in any case. Raises NotFound, also where the actor may not see it. One statement."""
    rows = work.all(_by_path(sight_of(actor)), {"path_key": f"{group}/{name}".lower(), **values_of(actor)})
    if not rows:
        raise NotFound(f"There is no model {group[:100]}/{name[:100]} that you can see.")
    model = to_model(rows[0], [row.owner_email for row in rows if row.owner_email is not None])
    return model if rows[0].shared is None else replace(model, shared=Access(rows[0].shared))


def lock_model(work: Work, actor: Actor, group: str, name: str) -> Model:
    """
    A model that nobody else changes before this transaction ends. Raises as `get_model`. Three statements.

    Where a version of it is locked as well, the model comes first: two who lock in different orders would wait for each
    other.
    """
    work.lock(models, get_model(work, actor, group, name).key)
    return get_model(work, actor, group, name)


def to_models(work: Work, rows: Sequence[Row[Any]]) -> tuple[Model, ...]:
    """Views of these rows of `select_models`, in their order. One statement, for the owners of all."""
    owners: dict[int, list[str]] = {row.id: [] for row in rows}
    if rows:
        for owner in work.all(_OWNERS, {"model_ids": list(owners)}):
            owners[owner.model_id].append(owner.email)
    return tuple(to_model(row, owners[row.id]) for row in rows)


def relations_of(actor: Actor, model: Model) -> frozenset[Relation]:
    """
    How the actor stands to a model that they read themselves: as an owner by their own address or that of a team, as
    its registrar (who owns too, until an Admin transfers it), as a collaborator, or as a program that works on it.
    """
    mails = {owner.casefold() for owner in model.owners}
    is_owner = bool(mails.intersection(actor.emails_verified)) or (
        model.registrar is not None and model.registrar.casefold() in actor.emails_verified
    )
    stands = {Relation.OWNER} if is_owner else set()
    if model.shared is not None:
        stands |= {Relation.READ, Relation.WRITE} if model.shared is Access.WRITE else {Relation.READ}
        if actor.is_service and model.shared is Access.WRITE:
            stands.add(Relation.PROGRAM)
    return frozenset(stands)


def to_model(row: Row[Any], owners: Sequence[str]) -> Model:
    return Model(
        key=row.id,
        id=row.public_id,
        group=row.group_name,
        name=row.name,
        description=row.description,
        owners=tuple(owners),
        registrar=row.registrar_email,
        risk_rationale=row.risk_rationale,
        origin=Origin(row.origin),
        risk_tier=RiskTier(row.risk_tier),
        tags=tuple(row.tags),
        documentation_url=row.documentation_url,
        repository_url=row.repository_url,
        visibility=Visibility(row.visibility),
        status=ModelStatus(row.status),
        created_at=row.created_at,
        created_by=row.creator_email,
        updated_at=row.updated_at,
        revision=row.revision,
    )
