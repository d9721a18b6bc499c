"""Where versions are live, for the graph: deployments stand above lineage, so their tables are read here."""

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, not_, select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import deployment_shares, deployments, environments, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.views import Live
from modelkeep_server.features.models.visibility import Sight, sight_of, values_of, visible_by

_CURRENT = deployments.c.superseded_at.is_(None)


def _select_live() -> Select[Any]:
    return (
        select(
            deployment_shares.c.version_id, environments.c.id, environments.c.name, environments.c.kind,
            deployment_shares.c.share, deployment_shares.c.region, deployment_shares.c.endpoint_url,
        )
        .join(deployments, deployments.c.id == deployment_shares.c.deployment_id)
        .join(environments, environments.c.id == deployments.c.environment_id)
        .where(_CURRENT)
    )  # fmt: skip


_LIVE_OF = _select_live().where(in_keys(deployment_shares.c.version_id, "keys")).order_by(environments.c.name_key)


def find_live(work: Work, version_keys: Collection[int]) -> dict[int, list[Live]]:
    """Where versions are live now, by inside id, for readers who may see them. One statement, or none."""
    found: dict[int, list[Live]] = {}
    if version_keys:
        for row in work.all(_LIVE_OF, {"keys": version_keys}):
            found.setdefault(row.version_id, []).append(
                Live(row.id, row.name, row.kind, row.share, row.region, row.endpoint_url)
            )
    return found


@cache
def _select_others(sight: Sight) -> Select[Any]:
    shares = deployment_shares.c
    return (
        select(deployments.c.environment_id, func.count(shares.version_id.distinct()).label("others"))
        .join(deployment_shares, shares.deployment_id == deployments.c.id)
        .join(versions, versions.c.id == shares.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .where(
            in_keys(deployments.c.environment_id, "environments"),
            _CURRENT,
            not_(in_keys(shares.version_id, "shown")),
            visible_by(sight),
        )
        .group_by(deployments.c.environment_id)
    )


def count_others(work: Work, actor: Actor, environment_keys: Collection[int], shown: Collection[int]) -> dict[int, int]:
    """How many versions the reader sees that are live in environments, beside those shown. One statement, or none."""
    if not environment_keys:
        return {}
    asked = {"environments": environment_keys, "shown": shown, **values_of(actor)}
    return {row.environment_id: row.others for row in work.all(_select_others(sight_of(actor)), asked)}


@cache
def _select_live_in(sight: Sight) -> Select[Any]:
    return (
        select(deployment_shares.c.version_id)
        .distinct()
        .join(deployments, deployments.c.id == deployment_shares.c.deployment_id)
        .join(versions, versions.c.id == deployment_shares.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .where(deployments.c.environment_id == bindparam("environment"), _CURRENT, visible_by(sight))
        .order_by(deployment_shares.c.version_id)
        .limit(bindparam("most"))
    )


def list_live_in(work: Work, actor: Actor, environment_key: int, most: int) -> list[int]:
    """The inside ids of the versions that are live in an environment, of those that the actor sees. One statement."""
    asked = {"environment": environment_key, "most": most, **values_of(actor)}
    return [key for (key,) in work.all(_select_live_in(sight_of(actor)), asked)]
