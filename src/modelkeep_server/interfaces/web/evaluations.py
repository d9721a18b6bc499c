"""The evaluations of a version as pages: the tab, a run, and recording one."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.evaluations import queries, service
from modelkeep_server.features.evaluations.comparing import compare_slices, rows_of, trends_of
from modelkeep_server.features.evaluations.importing.reading import FORMAT_WORDS, Imported, read_metrics
from modelkeep_server.features.evaluations.views import NewRun, PastRun, Source
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.web.contexts.evaluations import (
    EvaluationContext,
    EvaluationsContext,
    RecordEvaluationContext,
)
from modelkeep_server.interfaces.web.contexts.versions import VersionContext
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, href_of_version, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.versions import facts_of
from modelkeep_server.rules.errors import FieldError, Invalid
from modelkeep_server.rules.metrics import Metric

router = make_router()

BASE = "/models/{group}/{name}/versions/{version}/evaluations"
Preset = Annotated[str, Query(max_length=100)]
RUNS_SHOWN = 20
TRENDS_SHOWN = 6
LINES = "lines"
CONTROLS = ("datasetName", "datasetVersion", "suite", "procedure", "format", "metrics")
_HEADING = "metric,value,slice,low,high"
_FORM_NAMES = {"dataset.name": "datasetName", "dataset.version": "datasetVersion"}


@router.get(BASE)
@door.reads("model.read")
def show_evaluations(work: Work, actor: Actor, group: str, name: str, version: str, cursor: Cursor = "") -> Page:
    """How good is it, by what, and how did that change?"""
    facts = facts_of(work, actor, group, name, version) | {"tab": "evaluations"}
    found: Version = facts["version"]
    standing = queries.find_standing(work, facts["model"], found)
    runs = queries.list_runs(work, found, limit=RUNS_SHOWN, cursor=cursor or None)
    past = queries.list_past_runs(work, facts["model"])
    before, earlier = _before(past, found)
    newest = standing.latest[0] if standing.latest else None
    rows = rows_of(newest.metrics, newest.thresholds, earlier) if newest else []
    context = EvaluationsContext(
        **facts, evaluations=standing, runs=runs, rows=rows, before=before,
        trends=trends_of(rows, past, TRENDS_SHOWN), cursor=cursor or None,
    )  # fmt: skip
    return Page.of(context)


@router.get(BASE + "/new")
@door.reads("model.read")
def show_record(work: Work, actor: Actor, group: str, name: str, version: str, suite: Preset = "") -> Page:
    """How do I record what was measured? `suite` is the id of the one to choose."""
    values = {"format": LINES, "suite": suite} if suite else {"format": LINES}
    return _record_page(work, actor, group, name, version, values, {}, 200)


@router.post(BASE + "/new")
@door.posts("evaluation.record")
def record_evaluation(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Page | Redirect:
    """Record a run, or show what was read of the metrics before anything is saved."""
    values = {control: text_of(form, control).strip() for control in CONTROLS}
    imported = _read(values)
    new = NewRun(
        values["datasetName"], [metric.as_json() for metric in imported.metrics], values["datasetVersion"] or None,
        values["procedure"] or None, values["suite"] or None,
        Source.FORM if values["format"] == LINES else Source.IMPORT,
        None if values["format"] == LINES or imported.format is None else imported.format.value,
    )  # fmt: skip
    if text_of(form, "act") == "preview":
        model = model_queries.get_model(work, actor, group, name)
        access.require(work, actor, "evaluation.record", model_queries.relations_of(actor, model), owners=model.owners)
        return _record_page(work, actor, group, name, version, values, {}, 200, imported)
    try:
        run = service.record_run(work, actor, group, name, version, new, unreadable=imported.faults)
    except Invalid as error:
        errors = _errors_of(error, imported)
        return _record_page(work, actor, group, name, version, values, errors, error.status, imported)
    done = "evaluation" if run.suite else "evaluation-unjudged"
    return Redirect(f"{href_of_version(f'{group}/{name}', version)}/evaluations/{run.id}?done={done}")


@router.get(BASE + "/{id}")
@door.reads("model.read")
def show_evaluation(work: Work, actor: Actor, group: str, name: str, version: str, id: str) -> Page:
    """What was measured here, what came of it, and for whom is it worse?"""
    facts = facts_of(work, actor, group, name, version) | {"tab": "evaluations"}
    found: Version = facts["version"]
    run = queries.get_run(work, found, id)
    before, earlier = _before(queries.list_past_runs(work, facts["model"]), found)
    context = EvaluationContext(
        **facts, run=run, rows=rows_of(run.metrics, run.thresholds, earlier), before=before,
        fairness=compare_slices(run.metrics, run.thresholds),
        sign_refusal=None if run.signed_by else service.why_not_sign(work, actor, facts["model"], found, run),
    )  # fmt: skip
    return Page.of(context)


@router.post(BASE + "/{id}/sign")
@door.posts("evaluation.sign")
def sign_evaluation(work: Work, actor: Actor, group: str, name: str, version: str, id: str, form: FormData) -> Redirect:
    """Sign a run off."""
    run = service.sign_run(work, actor, group, name, version, id, comment=text_of(form, "comment"))
    return Redirect(f"{href_of_version(f'{group}/{name}', version)}/evaluations/{run.id}?done=signed-off")


def _before(past: tuple[PastRun, ...], version: Version) -> tuple[str | None, tuple[Metric, ...]]:
    """The version before this one that was measured, and what was measured of it."""
    earlier = [run for run in past if run.number < version.number]
    return (earlier[-1].version, earlier[-1].metrics) if earlier else (None, ())


def _read(values: Mapping[str, str]) -> Imported:
    """What was typed or pasted, with its rows at fault."""
    if values["format"] != LINES:
        return read_metrics(values["metrics"].encode("utf-8", "surrogatepass"), values["format"] or None)
    lines = values["metrics"].split("\n")
    if not values["metrics"]:
        return Imported(None, (), (FieldError("metrics", "At least one metric, for instance: accuracy, 0.93"),))
    width = _HEADING.count(",")
    padded = [line + "," * max(0, width - line.count(",")) if line.strip() else "" for line in lines]
    told = read_metrics("\n".join([_HEADING, *padded]).encode("utf-8", "surrogatepass"), "csv")
    faults = tuple(FieldError(_one_line_up(fault.field), fault.message) for fault in told.faults)
    return Imported(told.format, told.metrics, faults)


def _one_line_up(place: str) -> str:
    """The heading that stands before what was typed is none of its lines."""
    return re.sub(r"line (\d+)", lambda found: f"line {max(1, int(found[1]) - 1)}", place)


def _errors_of(error: Invalid, imported: Imported) -> dict[str, str]:
    """By control; what is wrong with rows stands in the preview, and is counted here."""
    rows = {fault.field for fault in imported.faults}
    told = errors_by_field(fault for fault in error.errors if fault.field not in rows)
    errors = {
        _FORM_NAMES.get(name, "metrics" if name.startswith("metrics") else name): text for name, text in told.items()
    }
    if rows:
        first = imported.faults[0]
        more = f" And {len(imported.faults) - 1} more, below." if len(imported.faults) > 1 else ""
        at = "" if first.field == "metrics" else f"{first.field}: "
        errors["metrics"] = f"{at}{first.message}{more}"
    return errors


def _record_page(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    version: str,
    values: Mapping[str, Any],
    errors: Mapping[str, str],
    status: int,
    preview: Imported | None = None,
) -> Page:
    facts = facts_of(work, actor, group, name, version) | {"tab": "evaluations"}
    context = RecordEvaluationContext(
        version=VersionContext(**facts),
        suites=queries.list_open_suites(work, facts["model"], facts["version"]),
        formats={format_.value: words for format_, words in FORMAT_WORDS.items()},
        values=values,
        errors=errors,
        preview=preview,
    )
    return Page.of(context, status)
