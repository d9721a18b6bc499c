"""Reading environments and what was recorded in them. A deployment is visible where its model is."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from sqlalchemy import func, or_, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import deployment_shares, deployments, environments, models
from modelkeep_server.db.work import Work
from modelkeep_server.features.deployments.rows import (
    narrowed,
    select_deployments,
    select_environments,
    to_environment,
    with_parts,
)
from modelkeep_server.features.deployments.views import Deployment, Environment, Kind, LiveSet, Past
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import NotFound

#: How far back a rollback looks for another live set.
_LOOKED_BACK = 50
#: How far back lists look, which only say where a rollback has nothing to bring.
_GLANCED_BACK = 8


class _Remembered(Protocol):
    """What is asked of a deployment to find the way back."""

    @property
    def key(self) -> int: ...
    @property
    def restores_key(self) -> int | None: ...
    @property
    def live_set(self) -> LiveSet: ...


_AnyRemembered = TypeVar("_AnyRemembered", bound=_Remembered)


def list_environments(work: Work, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Environment]:
    """The environments that stand, by name. Two statements. Raises CursorRefused."""
    standing = environments.c.ended_at.is_(None)
    rows, following = read_rows(
        work, select_environments().where(standing), environments.c.name_key,
        filters={"list": "environments"}, limit=limit, cursor=cursor,
    )  # fmt: skip
    total = work.scalar(select(func.count()).select_from(environments).where(standing))
    return Page(tuple(to_environment(row) for row in rows), following, total)


def get_environment(work: Work, named: str) -> Environment:
    """An environment by its id, also an ended one, or a standing one by its name. Raises NotFound. One statement."""
    by_name = (environments.c.name_key == named.strip().lower()) & environments.c.ended_at.is_(None)
    found = work.all(select_environments().where(or_(environments.c.public_id == named, by_name)))
    if not found:
        raise NotFound(f"There is no environment {named[:100]}.", remedy="GET /api/v1/environments lists them.")
    return to_environment(min(found, key=lambda row: row.public_id != named))


def list_deployments(
    work: Work,
    actor: Actor,
    *,
    environment: Environment | None = None,
    model: Model | None = None,
    kind: Kind | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Deployment]:
    """What was recorded, newest first, of what the actor may see. Three statements. Raises CursorRefused."""
    asked = narrowed(environment, model, kind)
    filters = {
        "list": "deployments",
        "environment": environment.id if environment else None,
        "model": model.id if model else None,
        **({"kind": kind.value} if kind else {}),
    }
    statement = select_deployments(actor).where(*asked)
    rows, following = read_rows(
        work, statement, deployments.c.id, filters=filters, limit=limit, cursor=cursor, descending=True
    )
    counted = select(func.count()).select_from(deployments).join(models, models.c.id == deployments.c.model_id)
    total = work.scalar(counted.where(visible_to(actor), *asked))
    return Page(with_parts(work, rows), following, total)


def get_deployment(work: Work, actor: Actor, deployment_id: str) -> Deployment:
    """One deployment. Raises NotFound, also where the actor may not see its model. Two statements."""
    row = work.first(select_deployments(actor).where(deployments.c.public_id == deployment_id))
    if row is None:
        raise NotFound("There is no such deployment that you can see.")
    return with_parts(work, [row])[0]


def list_before(work: Work, actor: Actor, deployment: Deployment, most: int) -> tuple[Deployment, ...]:
    """What was there before a deployment, of the same model in the same environment, newest first. Two statements."""
    here = (
        deployments.c.environment_id == deployment.environment_key,
        deployments.c.model_id == deployment.model_key,
        deployments.c.id < deployment.key,
    )
    rows = work.all(select_deployments(actor).where(*here).order_by(deployments.c.id.desc()).limit(most))
    return with_parts(work, rows)


def find_earlier(work: Work, actor: Actor, present: Deployment) -> Deployment | None:
    """
    What a rollback of what stands brings again: the latest before it that had another live set, and one that was not
    empty. What was rolled back from is passed over, so that rolling back twice leads further back and not forth again.
    Two statements.
    """
    return _choose_earlier(present, list_before(work, actor, present, _LOOKED_BACK))


def find_rootless(work: Work, present: Sequence[Deployment]) -> frozenset[str]:
    """
    The ids of those, of what stands, before which nothing was that a rollback could bring: `find_earlier` finds None.
    Where the latest few do not tell, they are not among them. Two statements, or none.
    """
    if not present:
        return frozenset()
    now = {(one.environment_key, one.model_key): one for one in present}
    of_these = deployments.alias("of_these")
    back = func.row_number().over(
        partition_by=(deployments.c.environment_id, deployments.c.model_id), order_by=deployments.c.id.desc()
    )
    ranked = (
        select(
            deployments.c.id, deployments.c.environment_id, deployments.c.model_id, deployments.c.restores,
            back.label("back"),
        )
        .join(
            of_these,
            (of_these.c.environment_id == deployments.c.environment_id)
            & (of_these.c.model_id == deployments.c.model_id)
            & (of_these.c.id > deployments.c.id),
        )
        .where(of_these.c.id.in_([one.key for one in present]))
        .subquery()
    )  # fmt: skip
    rows = work.all(select(ranked).where(ranked.c.back <= _GLANCED_BACK).order_by(ranked.c.id.desc()))
    parts: dict[int, set[tuple[int, int, str | None, str | None]]] = {row.id: set() for row in rows}
    for part in work.all(select(deployment_shares).where(deployment_shares.c.deployment_id.in_(list(parts)))):
        parts[part.deployment_id].add((part.version_id, part.share, part.endpoint_url, part.region))
    before: dict[tuple[int, int], list[Past]] = {key: [] for key in now}
    for row in rows:
        before[row.environment_id, row.model_id].append(Past(row.id, row.restores, frozenset(parts[row.id])))
    return frozenset(
        one.id
        for key, one in now.items()
        if len(before[key]) < _GLANCED_BACK and _choose_earlier(one, before[key]) is None
    )


def _choose_earlier(present: _Remembered, before: Sequence[_AnyRemembered]) -> _AnyRemembered | None:
    """The one of those before, newest first, that a rollback of what stands brings again."""
    known = {one.key: one for one in before}
    bound = _origin_of(present, known)
    for one in before:
        if one.key < bound:
            if one.live_set and one.live_set != present.live_set:
                return one
            bound = _origin_of(one, known)
    return None


def _origin_of(deployment: _Remembered, known: Mapping[int, _Remembered]) -> int:
    """The key of the deployment that was first told of what a rollback, or a rollback to one, brought again."""
    key = deployment.key
    one: _Remembered | None = deployment
    while one is not None and one.restores_key is not None:
        key = one.restores_key
        one = known.get(key)
    return key
