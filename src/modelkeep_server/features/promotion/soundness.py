"""Whether what a decision or move leans on is still what the log recorded: the rows of a model and of one version."""

from sqlalchemy import or_, select

from modelkeep_server.db.tables import (
    approval_additions,
    artifacts,
    assessments,
    attestations,
    card_revisions,
    deployment_shares,
    deployments,
    evaluation_runs,
    evaluation_suites,
    exceptions,
    findings,
    lineage_items,
    model_owners,
    policies,
    policy_revisions,
    promotions,
    reviews,
    row_writers,
    scans,
    suite_revisions,
    version_contents,
    version_flags,
    version_passages,
    waivers,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import integrity
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions.views import Version

_OF_VERSION = (
    version_contents, version_passages, version_flags, promotions, findings, exceptions, assessments, evaluation_runs,
    attestations, lineage_items, card_revisions,
)  # fmt: skip
#: How many deployments of a model are looked at beside those that stand; verification looks at all.
_DEPLOYMENTS = 50


def demand_sound(work: Work, model: Model, version: Version) -> None:
    """
    Go on only where the version, its model, owners, files, flags, rounds, decisions, evaluations, lineage and cards are
    as the log has them, what was told of where the model is live, and the policies, suites and added approvals that it
    is judged by.

    Raises IntegrityBroken, naming the row. About 47 statements, each by a key.
    """
    rows: dict[str, list[int]] = {"versions": [version.key], "models": [model.key]}
    rows["model_owners"] = _keys(work, select(model_owners.c.id).where(model_owners.c.model_id == model.key))
    for table in _OF_VERSION:
        rows[table.name] = _keys(work, select(table.c.id).where(table.c.version_id == version.key))
    of_round = select(promotions.c.id).where(promotions.c.version_id == version.key)
    rows["reviews"] = _keys(work, select(reviews.c.id).where(reviews.c.promotion_id.in_(of_round)))
    rows["policies"] = _keys(work, select(policies.c.id))
    rows["policy_revisions"] = _keys(work, select(policy_revisions.c.id).where(policy_revisions.c.status == "IN_FORCE"))
    rows["evaluation_suites"] = _keys(work, select(evaluation_suites.c.id))
    rows["suite_revisions"] = _keys(
        work,
        select(suite_revisions.c.id)
        .join(evaluation_suites, evaluation_suites.c.id == suite_revisions.c.suite_id)
        .where(suite_revisions.c.revision == evaluation_suites.c.revision),
    )
    rows["approval_additions"] = _all_keys_of_additions(work)
    files = work.all(select(artifacts.c.id, artifacts.c.blob_id).where(artifacts.c.version_id == version.key))
    rows["artifacts"] = [file.id for file in files]
    blobs = sorted({file.blob_id for file in files})
    rows["blobs"] = blobs
    if files:
        current = (scans.c.blob_id.in_(blobs), scans.c.superseded_at.is_(None))
        rows["scans"] = _keys(work, select(scans.c.id).where(*current))
        rows["waivers"] = _keys(work, select(waivers.c.id).where(waivers.c.artifact_id.in_(rows["artifacts"])))
    told = _list_deployments(work, model, rows)
    integrity.demand_sound(work, (model.id, version.id, *told), rows)


def _list_deployments(work: Work, model: Model, rows: dict[str, list[int]]) -> list[str]:
    """Add the rows of what is live of a model, and of what was last; gives back the public ids of these deployments."""
    newest = select(deployments.c.id).where(deployments.c.model_id == model.key).order_by(deployments.c.id.desc())
    recent = newest.limit(_DEPLOYMENTS).scalar_subquery()
    found = work.all(
        select(deployments.c.id, deployments.c.public_id, deployments.c.environment_id).where(
            deployments.c.model_id == model.key,
            or_(deployments.c.superseded_at.is_(None), deployments.c.id.in_(recent)),
        )
    )
    if found:
        keys = [row.id for row in found]
        rows["deployments"] = keys
        of_these = deployment_shares.c.deployment_id.in_(keys)
        rows["deployment_shares"] = _keys(work, select(deployment_shares.c.id).where(of_these))
        rows["environments"] = sorted({row.environment_id for row in found})
    return [row.public_id for row in found]


def _all_keys_of_additions(work: Work) -> list[int]:
    """Also of those that are there no more, or ended: an approval less is asked for where a row of them is gone."""
    recorded = select(row_writers.c.row_key.label("id")).where(row_writers.c.table_name == approval_additions.name)
    return sorted({*_keys(work, recorded), *_keys(work, select(approval_additions.c.id))})


def _keys(work: Work, statement: object) -> list[int]:
    return [row.id for row in work.all(statement)]  # type: ignore[arg-type]
