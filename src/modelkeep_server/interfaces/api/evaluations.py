"""Evaluations of versions, and the suites that they run against."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Query

from modelkeep_server.db.work import Work
from modelkeep_server.features.evaluations import queries, service, suites
from modelkeep_server.features.evaluations.views import Suite
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.api.face import Answer, Cursor, IfMatch, Limit, door, make_router, read_if_match
from modelkeep_server.interfaces.api.shapes.base import PageOut, etag_of
from modelkeep_server.interfaces.api.shapes.evaluations import (
    EvaluationImportIn,
    EvaluationIn,
    EvaluationOut,
    FormatName,
    SignIn,
    SuiteIn,
    SuiteOut,
    SuitePatch,
)

router = make_router("evaluations")

BASE = "/models/{group}/{name}/versions/{version}/evaluations"
SUITES = "/evaluation-suites"
RunId = Annotated[str, Path(description="As the list of evaluations has it.")]
Format = Annotated[FormatName | None, Query(alias="format", description="Recognised by what it holds where left out.")]


@router.post(BASE, status_code=201, response_model=EvaluationOut)
@door.writes("evaluation.record")
def record_evaluation(work: Work, actor: Actor, group: str, name: str, version: str, body: EvaluationIn) -> Answer:
    """
    Record what was measured of a version, in any state while it is not closed. Each threshold of the suite is judged
    then and there, and the numbers are kept; a run is never changed.
    """
    run = service.record_run(work, actor, group, name, version, body.to_new())
    return Answer(EvaluationOut.of(run), 201, {"Location": _place_of(group, name, version, run.id)})


@router.post(BASE + "/import", status_code=201, response_model=EvaluationOut)
@door.writes("evaluation.record")
def import_evaluation(
    work: Work, actor: Actor, group: str, name: str, version: str, body: EvaluationImportIn, format: Format = None
) -> Answer:
    """
    Record a run with the metrics of a file, as MLflow, scikit-learn, fairlearn, Hugging Face or lm-eval write it, or as
    CSV. Where a row cannot be read, `errors` names it, and nothing is recorded.
    """
    content = body.content.encode("utf-8", "surrogatepass")
    run = service.import_run(work, actor, group, name, version, body.to_new(), content, format)
    return Answer(EvaluationOut.of(run), 201, {"Location": _place_of(group, name, version, run.id)})


@router.get(BASE, response_model=PageOut[EvaluationOut])
@door.reads("model.read")
def list_evaluations(
    work: Work, actor: Actor, group: str, name: str, version: str, limit: Limit = 50, cursor: Cursor = None
) -> PageOut[EvaluationOut]:
    """The runs on a version, newest first, at most 50 a page."""
    found = version_queries.get_version(work, actor, group, name, version)
    return PageOut[EvaluationOut].of(queries.list_runs(work, found, limit=limit, cursor=cursor), EvaluationOut.of)


@router.get(BASE + "/{id}", response_model=EvaluationOut)
@door.reads("model.read")
def show_evaluation(work: Work, actor: Actor, group: str, name: str, version: str, id: RunId) -> EvaluationOut:
    """One run."""
    found = version_queries.get_version(work, actor, group, name, version)
    return EvaluationOut.of(queries.get_run(work, found, id))


@router.post(BASE + "/{id}/sign", response_model=EvaluationOut)
@door.writes("evaluation.sign")
def sign_evaluation(
    work: Work, actor: Actor, group: str, name: str, version: str, id: RunId, body: SignIn
) -> EvaluationOut:
    """Sign a run off, as MRC or a Security Architect who neither recorded it nor worked on the version."""
    return EvaluationOut.of(service.sign_run(work, actor, group, name, version, id, comment=body.comment))


@router.get(SUITES, response_model=PageOut[SuiteOut])
@door.reads("suite.read")
def list_suites(work: Work, actor: Actor, limit: Limit = 50, cursor: Cursor = None) -> PageOut[SuiteOut]:
    """The evaluation suites as they are now, by name."""
    return PageOut[SuiteOut].of(queries.list_suites(work, limit=limit, cursor=cursor), SuiteOut.of)


@router.post(SUITES, status_code=201, response_model=SuiteOut)
@door.writes("suite.create")
def create_suite(work: Work, actor: Actor, body: SuiteIn) -> Answer:
    """Make an evaluation suite: what versions of the models in its scope are to reach."""
    suite = suites.create_suite(work, actor, body.to_new())
    return _with_etag(suite, 201, {"Location": f"/api/v1{SUITES}/{suite.id}"})


@router.get(SUITES + "/{id}", response_model=SuiteOut)
@door.glances("suite.read")
def show_suite(work: Work, actor: Actor, id: str) -> Answer:
    """One evaluation suite as it is now."""
    return _with_etag(queries.get_suite(work, id))


@router.patch(SUITES + "/{id}", response_model=SuiteOut)
@door.writes("suite.update")
def update_suite(work: Work, actor: Actor, id: str, body: SuitePatch, if_match: IfMatch = None) -> Answer:
    """
    Change an evaluation suite, which makes a new revision. Runs keep what they were judged by; how versions stand
    follows the new one at once.
    """
    expected = read_if_match(if_match)
    return _with_etag(suites.update_suite(work, actor, id, body.to_changes(), expected=expected, reason=body.reason))


@router.get(SUITES + "/{id}/revisions", response_model=PageOut[SuiteOut])
@door.reads("suite.read")
def list_suite_revisions(work: Work, actor: Actor, id: str) -> PageOut[SuiteOut]:
    """An evaluation suite as it is and was, newest first."""
    found = queries.list_suite_revisions(work, queries.get_suite(work, id))
    return PageOut[SuiteOut](items=[SuiteOut.of(suite) for suite in found], total=len(found))


def _place_of(group: str, name: str, version: str, run_id: str) -> str:
    return quote(f"/api/v1/models/{group}/{name}/versions/{version}/evaluations/{run_id}")


def _with_etag(suite: Suite, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(SuiteOut.of(suite), status, {"ETag": etag_of(suite.revision), **(headers or {})})
