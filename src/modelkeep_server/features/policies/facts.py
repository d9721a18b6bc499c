"""Gathering what policies ask of: the document of rules/policy_facts.py, of one version or of many at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Row, Text, and_, bindparam, exists, func, or_, select, type_coerce

from modelkeep_server.db.tables import (
    artifacts,
    blobs,
    card_revisions,
    evaluation_runs,
    evaluation_suites,
    scans,
    suite_revisions,
    waivers,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.conditions import is_current_scan, is_damaged, is_waiver_held
from modelkeep_server.features.artifacts.views import ANSWERS_FOR
from modelkeep_server.features.lineage import gathering
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions.content import Files, compose, digest_of
from modelkeep_server.features.versions.views import Version
from modelkeep_server.inspection.report import Verdict
from modelkeep_server.kit import clock
from modelkeep_server.rules.card_documents import HEAD_CHARS, find_content_digest
from modelkeep_server.rules.fields import judge_completeness
from modelkeep_server.rules.lineage import INPUTS, KINDS, ItemKind, PersonalData
from modelkeep_server.rules.metrics import Metric, Threshold, judge

#: What the kinds of lineage items are called among the facts.
_LINEAGE = {
    "datasets": ItemKind.DATASET,
    "baseModels": ItemKind.BASE_MODEL,
    "commits": ItemKind.COMMIT,
    "runs": ItemKind.TRAINING_RUN,
    "scripts": ItemKind.TRAINING_SCRIPT,
    "pipelines": ItemKind.FEATURE_PIPELINE,
    "preprocessing": ItemKind.PREPROCESSING,
    "consumers": ItemKind.CONSUMER,
}
_NEWEST = (
    select(func.max(card_revisions.c.id))
    .where(card_revisions.c.version_id.in_(bindparam("keys", expanding=True)))
    .group_by(card_revisions.c.version_id, card_revisions.c.status)
)
_CARDS = select(
    *(card_revisions.c[name] for name in ("version_id", "status", "revision", "coverage", "published_at")),
    func.substr(type_coerce(card_revisions.c.document, Text), 1, HEAD_CHARS).label("head"),
).where(card_revisions.c.id.in_(_NEWEST))


@dataclass(frozen=True)
class _Suite:
    key: int
    name: str
    risk_tiers: frozenset[str]
    groups: frozenset[str]
    thresholds: tuple[Threshold, ...]

    def fits(self, model: Model) -> bool:
        """Whether versions of this model are measured against it."""
        by_tier = not self.risk_tiers or model.risk_tier.value in self.risk_tiers
        return by_tier and (not self.groups or model.group.lower() in self.groups)

    def passes(self, run: Row[Any] | None) -> bool:
        """Whether the numbers of a run reach what the suite asks now, whatever it asked when they were recorded."""
        if run is None:
            return False
        return all(one.passed for one in judge(self.thresholds, map(Metric.of, run.metrics)))


def gather_facts(work: Work, model: Model, version: Version) -> dict[str, Any]:
    """The facts of one version. Five statements, and one more where a base model of it is registered here."""
    return gather_many(work, [(model, version)])[0]


def gather_many(work: Work, pairs: Sequence[tuple[Model, Version | Row[Any]]]) -> list[dict[str, Any]]:
    """
    The facts of these versions, each given as its view or its row with `key`, in their order. Five statements, and one
    more where a base model of theirs is registered here.
    """
    keys = [version.key for _, version in pairs]
    files, runs, suites = _read_files(work, keys), _read_runs(work, keys), _read_suites(work)
    lineage, cards = gathering.gather_told(work, pairs), _read_cards(work, keys)
    names = {suite.key: suite.name for suite in suites}
    return [
        {
            "model": _model_facts(model),
            "version": _version_facts(version),
            "artifacts": files.get(version.key, []),
            "evaluations": _evaluation_facts(model, runs.get(version.key, ()), suites, names),
            "lineage": _lineage_facts(told),
            "card": _card_facts(
                cards.get(version.key, {}),
                partial(_digest_content, model, version, files.get(version.key, []), told.content),
            ),
        }
        for (model, version), told in zip(pairs, lineage, strict=True)
    ]


def _given(**facts: Any) -> dict[str, Any]:
    """Those that are provided: an absent fact is no empty text."""
    return {name: value for name, value in facts.items() if value not in (None, "")}


def _model_facts(model: Model) -> dict[str, Any]:
    return _given(
        address=model.address,
        group=model.group,
        name=model.name,
        description=model.description,
        riskTier=model.risk_tier.value,
        riskRationale=model.risk_rationale,
        origin=model.origin.value,
        visibility=model.visibility.value,
        documentationUrl=model.documentation_url,
        repositoryUrl=model.repository_url,
        tags=list(model.tags),
        owners=list(model.owners),
    )


def _version_facts(version: Version | Row[Any]) -> dict[str, Any]:
    found = judge_completeness(version.whole_metadata)
    return _given(
        version=version.version,
        state=str(version.state),
        description=version.description,
        commitSha=version.commit_sha,
        trainingJobId=version.training_job_id,
        createdAt=clock.iso_seconds(version.created_at),
        number=version.number,
        metadata={"card": {}, "custom": {}, **_given(**version.whole_metadata)},
        completeness={
            "score": float(found.score),
            "missing": [{"field": one.field, "label": one.label, "why": one.why} for one in found.missing],
        },
    )


def _lineage_facts(told: gathering.Told) -> dict[str, Any]:
    facts = {name: [_given(**one) for one in told.of(kind)] for name, kind in _LINEAGE.items()}
    for name, kind in _LINEAGE.items():
        if any(row.key == INPUTS for row in KINDS[kind].fields):
            facts[name] = [{INPUTS: [], **one} for one in facts[name]]
    facts["datasets"] = [{"personalData": PersonalData.UNKNOWN.value, **one} for one in facts["datasets"]]
    return facts


def _read_cards(work: Work, keys: Sequence[int]) -> dict[int, dict[str, Row[Any]]]:
    """Of each version its newest published revision and its draft, by their status."""
    found: dict[int, dict[str, Row[Any]]] = {}
    for row in work.all(_CARDS, {"keys": list(keys)}):
        found.setdefault(row.version_id, {})[row.status] = row
    return found


def _card_facts(rows: Mapping[str, Row[Any]], digest_content: Callable[[], str]) -> dict[str, Any]:
    """`digest_content` gives the digest of what the version holds now, which is asked of versions with a card alone."""
    published = rows.get("PUBLISHED")
    made_from = None if published is None else find_content_digest(published.head)
    told = {} if published is None else {
        "revision": published.revision,
        "coverage": published.coverage / 10_000,
        "publishedAt": clock.iso_seconds(published.published_at),
    }  # fmt: skip
    # A card from before that was kept says nothing of its content, and is not doubted.
    is_current = published is not None and (made_from is None or made_from == digest_content())
    return {"published": published is not None, "current": is_current, "hasDraft": "DRAFT" in rows, **told}


def _digest_content(
    model: Model, version: Version | Row[Any], files: Files, lineage: Sequence[Mapping[str, Any]]
) -> str:
    return digest_of(compose(model.address, version, files, lineage))


def _read_files(work: Work, keys: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    answers = [and_(scans.c.verdict == verdict, waivers.c.kind == kind) for verdict, kind in ANSWERS_FOR.items()]
    rows = work.all(
        select(
            artifacts.c.version_id,
            artifacts.c.path,
            artifacts.c.type,
            artifacts.c.format,
            artifacts.c.status,
            blobs.c.sha256,
            blobs.c.size_bytes,
            scans.c.verdict,
            exists().where(is_waiver_held(artifacts.c.id, work.now), or_(*answers)).label("waived"),
            is_damaged(blobs.c.id).label("damaged"),
        )
        .join(blobs, blobs.c.id == artifacts.c.blob_id)
        .outerjoin(scans, is_current_scan(blobs.c.id))
        .where(artifacts.c.version_id.in_(keys), artifacts.c.removed_at.is_(None))
        .order_by(artifacts.c.id)
    )
    files: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        files.setdefault(row.version_id, []).append(
            _given(
                path=row.path,
                type=row.type,
                format=row.format,
                sha256=row.sha256,
                status=row.status,
                verdict=row.verdict or Verdict.PENDING.value,
                sizeBytes=row.size_bytes,
                waived=bool(row.waived),
                damaged=bool(row.damaged),
            )
        )
    return files


def _read_runs(work: Work, keys: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Of each version its last run against each suite, and its last without one, newest first; `runs` counts all."""
    latest = (
        select(func.max(evaluation_runs.c.id).label("id"), func.count().label("runs"))
        .where(evaluation_runs.c.version_id.in_(keys))
        .group_by(evaluation_runs.c.version_id, evaluation_runs.c.suite_id)
        .subquery()
    )
    columns = ("version_id", "suite_id", "dataset_name", "metrics", "passed", "recorded_at")
    found: dict[int, list[Row[Any]]] = {}
    for row in work.all(
        select(*(evaluation_runs.c[name] for name in columns), latest.c.runs)
        .join(latest, latest.c.id == evaluation_runs.c.id)
        .order_by(evaluation_runs.c.id.desc())
    ):
        found.setdefault(row.version_id, []).append(row)
    return found


def _read_suites(work: Work) -> tuple[_Suite, ...]:
    in_force = and_(
        suite_revisions.c.suite_id == evaluation_suites.c.id,
        suite_revisions.c.revision == evaluation_suites.c.revision,
    )
    rows = work.all(
        select(evaluation_suites.c.id, suite_revisions.c.name, suite_revisions.c.scope, suite_revisions.c.thresholds)
        .join(suite_revisions, in_force)
        .where(suite_revisions.c.enabled)
        .order_by(evaluation_suites.c.name_key)
    )
    return tuple(
        _Suite(
            row.id,
            row.name,
            frozenset(row.scope.get("riskTiers", ())),
            frozenset(group.lower() for group in row.scope.get("groups", ())),
            tuple(map(Threshold.of, row.thresholds)),
        )
        for row in rows
    )


def _evaluation_facts(
    model: Model, runs: Sequence[Row[Any]], suites: Sequence[_Suite], names: Mapping[int, str]
) -> dict[str, Any]:
    latest = {run.suite_id: run for run in runs if run.suite_id is not None}
    return {
        "count": sum(run.runs for run in runs),
        "suites": [
            {
                "name": suite.name,
                "hasRun": suite.key in latest,
                "passed": suite.passes(latest.get(suite.key)),
            }
            for suite in suites
            if suite.fits(model)
        ],
        "runs": [
            _given(
                suite=names.get(run.suite_id),
                dataset=run.dataset_name,
                recordedAt=clock.iso_seconds(run.recorded_at),
                passed=run.passed,
                metrics=[
                    _given(name=one["name"], slice=one.get("slice"), value=float(one["value"])) for one in run.metrics
                ],
            )
            for run in runs
        ],
    }
