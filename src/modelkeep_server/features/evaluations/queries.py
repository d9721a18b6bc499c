"""Reading suites and runs. Suites are for everyone who is signed in; a run is visible where its model is."""

from functools import cache
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, exists, func, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import evaluation_runs, evaluation_suites, people, suite_revisions, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.evaluations.views import (
    OpenSuite,
    PastRun,
    Run,
    Source,
    Standing,
    Suite,
    SuiteScope,
    SuiteStanding,
)
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.metrics import Judged, Metric, Threshold

#: A page of runs holds at most so many: each can hold a thousand metrics.
RUNS_SHOWN = 50
VERSIONS_COMPARED = 20

_recorders, _signers = people.alias("recorders"), people.alias("signers")


def _select_suites() -> Select[Any]:
    """Suites at each of their revisions."""
    return (
        select(
            suite_revisions,
            evaluation_suites.c.id.label("suite_key"),
            evaluation_suites.c.public_id,
            evaluation_suites.c.name_key,
            people.c.email,
        )
        .join(evaluation_suites, evaluation_suites.c.id == suite_revisions.c.suite_id)
        .join(people, people.c.id == suite_revisions.c.saved_by)
    )


def _in_force() -> Select[Any]:
    return _select_suites().where(suite_revisions.c.revision == evaluation_suites.c.revision)


_ENABLED = _in_force().where(suite_revisions.c.enabled.is_(True)).order_by(evaluation_suites.c.name_key)


def _select_runs() -> Select[Any]:
    return (
        select(
            evaluation_runs,
            evaluation_suites.c.public_id.label("suite_public_id"),
            suite_revisions.c.name.label("suite_name"),
            _recorders.c.email.label("recorder_email"),
            _signers.c.email.label("signer_email"),
        )
        .join(_recorders, _recorders.c.id == evaluation_runs.c.recorded_by)
        .outerjoin(_signers, _signers.c.id == evaluation_runs.c.signed_by)
        .outerjoin(evaluation_suites, evaluation_suites.c.id == evaluation_runs.c.suite_id)
        .outerjoin(
            suite_revisions,
            and_(
                suite_revisions.c.suite_id == evaluation_runs.c.suite_id,
                suite_revisions.c.revision == evaluation_runs.c.suite_revision,
            ),
        )
    )


@cache
def _latest_runs() -> Select[Any]:
    """Of each suite, and of none, the latest run of a version, with how many runs it has in all."""
    same = evaluation_runs.alias("same")
    latest = select(func.max(same.c.id)).where(same.c.version_id == bindparam("version_id")).group_by(same.c.suite_id)
    counted = evaluation_runs.alias("counted")
    count = select(func.count()).where(counted.c.version_id == bindparam("version_id")).scalar_subquery()
    return (
        _select_runs()
        .add_columns(count.label("run_count"))
        .where(evaluation_runs.c.id.in_(latest))
        .order_by(evaluation_runs.c.id.desc())
    )


@cache
def _newest_runs() -> Select[Any]:
    """Of each suite, and of none, the latest run of a version on each dataset."""
    same = evaluation_runs.alias("same")
    newest = (
        select(func.max(same.c.id))
        .where(same.c.version_id == bindparam("version_id"))
        .group_by(same.c.suite_id, same.c.dataset_name, same.c.dataset_version)
    )
    return _select_runs().where(evaluation_runs.c.id.in_(newest)).order_by(evaluation_runs.c.id.desc())


def list_newest_runs(work: Work, version: Version) -> tuple[Run, ...]:
    """
    What is known of a version by measuring: of each suite, and of none, the latest run on each dataset, newest first,
    at most 50. For a reader who may see it. One statement.
    """
    return tuple(_to_run(row) for row in work.all(_newest_runs().limit(RUNS_SHOWN), {"version_id": version.key}))


def find_standing(work: Work, model: Model, version: Version) -> Standing:
    """How the evaluations of a version stand, for a reader who may see it. Two statements."""
    suites = [_to_suite(row) for row in work.all(_ENABLED)]
    rows = work.all(_latest_runs(), {"version_id": version.key})
    latest = tuple(_to_run(row) for row in rows)
    by_suite = {run.suite_key: run for run in latest}
    wanted = tuple(
        SuiteStanding(suite, by_suite.get(suite.key))
        for suite in suites
        if suite.scope.covers(model.risk_tier, model.group)
    )
    return Standing(wanted, latest, rows[0].run_count if rows else 0, model.risk_tier is not RiskTier.LOW)


def list_runs(work: Work, version: Version, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Run]:
    """The runs of a version that the reader was let to, newest first, at most 50 a page. Two statements."""
    here = evaluation_runs.c.version_id == version.key
    rows, following = read_rows(
        work, _select_runs().where(here), evaluation_runs.c.id,
        filters={"list": "evaluations", "of": version.id}, limit=min(limit, RUNS_SHOWN), cursor=cursor, descending=True,
    )  # fmt: skip
    total = work.scalar(select(func.count()).select_from(evaluation_runs).where(here))
    return Page(tuple(_to_run(row) for row in rows), following, total)


def get_run(work: Work, version: Version, run_id: str) -> Run:
    """One run of a version that the reader was let to. Raises NotFound. One statement."""
    here = (evaluation_runs.c.version_id == version.key, evaluation_runs.c.public_id == run_id)
    row = work.first(_select_runs().where(*here))
    if row is None:
        raise NotFound(f"{version.address} has no such evaluation.")
    return _to_run(row)


def list_past_runs(work: Work, model: Model) -> tuple[PastRun, ...]:
    """The latest run of each of a model's newest 20 versions that have one, oldest first. One statement."""
    latest = (
        select(func.max(evaluation_runs.c.id).label("run_id"), versions.c.number, versions.c.version)
        .join(versions, versions.c.id == evaluation_runs.c.version_id)
        .where(versions.c.model_id == model.key)
        .group_by(versions.c.id, versions.c.number, versions.c.version)
        .order_by(versions.c.number.desc())
        .limit(VERSIONS_COMPARED)
        .subquery()
    )
    rows = work.all(
        select(latest.c.number, latest.c.version, evaluation_runs.c.metrics)
        .join(evaluation_runs, evaluation_runs.c.id == latest.c.run_id)
        .order_by(latest.c.number)
    )
    return tuple(PastRun(row.version, row.number, tuple(map(Metric.of, row.metrics))) for row in rows)


def list_suites(work: Work, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Suite]:
    """The suites as they are now, by name. Two statements. Raises CursorRefused."""
    rows, following = read_rows(
        work, _in_force(), evaluation_suites.c.name_key, filters={"list": "suites"}, limit=limit, cursor=cursor
    )
    total = work.scalar(select(func.count()).select_from(evaluation_suites))
    return Page(tuple(_to_suite(row) for row in rows), following, total)


def list_open_suites(work: Work, model: Model, version: Version) -> tuple[OpenSuite, ...]:
    """The suites that are on and meant for a model, by name, with whether a version ran them. One statement."""
    ran = exists().where(
        evaluation_runs.c.suite_id == evaluation_suites.c.id, evaluation_runs.c.version_id == version.key
    )
    rows = work.all(_ENABLED.add_columns(ran.label("has_run")))
    found = (OpenSuite(_to_suite(row), bool(row.has_run)) for row in rows)
    return tuple(one for one in found if one.suite.scope.covers(model.risk_tier, model.group))


def get_suite(work: Work, suite_id: str) -> Suite:
    """A suite as it is now. Raises NotFound. One statement."""
    row = work.first(_in_force().where(evaluation_suites.c.public_id == suite_id))
    if row is None:
        raise NotFound("There is no such evaluation suite.")
    return _to_suite(row)


def find_suite(work: Work, name_or_id: str) -> Suite | None:
    """A suite as it is now, by its id or its name in any case. One statement."""
    named = (evaluation_suites.c.public_id == name_or_id) | (evaluation_suites.c.name_key == name_or_id.lower())
    row = work.first(_in_force().where(named))
    return None if row is None else _to_suite(row)


def list_suite_revisions(work: Work, suite: Suite) -> tuple[Suite, ...]:
    """A suite as it is and was, newest first, at most 200. One statement."""
    statement = _select_suites().where(suite_revisions.c.suite_id == suite.key)
    rows = work.all(statement.order_by(suite_revisions.c.revision.desc()).limit(200))
    return tuple(_to_suite(row) for row in rows)


def _to_suite(row: Row[Any]) -> Suite:
    return Suite(
        key=row.suite_key,
        id=row.public_id,
        name=row.name,
        description=row.description,
        enabled=row.enabled,
        scope=SuiteScope.of(row.scope),
        thresholds=tuple(map(Threshold.of, row.thresholds)),
        revision=row.revision,
        saved_by=row.email,
        saved_at=row.saved_at,
        reason=row.reason,
    )


def _to_run(row: Row[Any]) -> Run:
    return Run(
        key=row.id,
        id=row.public_id,
        version_key=row.version_id,
        suite_key=row.suite_id,
        suite_id=row.suite_public_id,
        suite=row.suite_name,
        suite_revision=row.suite_revision,
        dataset_name=row.dataset_name,
        dataset_version=row.dataset_version,
        procedure=row.procedure,
        metrics=tuple(map(Metric.of, row.metrics)),
        thresholds=tuple(map(Judged.of, row.thresholds)),
        passed=row.passed,
        source=Source(row.source),
        format=row.format,
        recorded_by=row.recorder_email,
        recorder_key=row.recorded_by,
        recorded_at=row.recorded_at,
        signed_by=row.signer_email,
        signed_at=row.signed_at,
        sign_comment=row.sign_comment,
        revision=row.revision,
    )
