"""
Recording what was measured of a version, and signing it off.

A run is never edited and never deleted; one recorded later is the newer. It may come in any state of the version, also
while its content is frozen, since measuring changes nothing of what is measured. Source: product R5.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from modelkeep_server.db.edits import REVISION
from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import evaluation_runs
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.evaluations import queries
from modelkeep_server.features.evaluations.importing.gathering import Gathering
from modelkeep_server.features.evaluations.importing.reading import read_metrics
from modelkeep_server.features.evaluations.views import NewRun, Run, Source, Suite
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.service_accounts import answering
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.separation import demand_apart, why_not_apart
from modelkeep_server.features.models.service import demand_active
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import canonical, clock, ids
from modelkeep_server.rules import fields, texts
from modelkeep_server.rules.errors import Conflict, DutiesOverlap, FieldError, Invalid, StateForbids
from modelkeep_server.rules.metrics import METRICS_MAX, Metric, judge

PROCEDURE_CHARS = 10_000

_SIGNS = "signs its evaluations off"
_RECORDED = "You recorded this evaluation, so somebody else signs it off."


def record_run(
    work: Work, actor: Actor, group: str, name: str, version: str, new: NewRun, *, unreadable: Sequence[FieldError] = ()
) -> Run:
    """
    Record a run, and what came of each threshold of its suite.

    Args:
        unreadable: What the door could not read of the input; told together with the other faults.
    Raises:
        NotFound, NotPermitted; StateForbids: the version is closed or the model retired. Invalid: fields at fault, all
        of them at once, or the suite is off or meant for other models.
    """
    model = model_queries.lock_model(work, actor, group, name)
    found = version_queries.get_version(work, actor, group, name, version)
    access.require(work, actor, "evaluation.record", model_queries.relations_of(actor, model), owners=model.owners)
    demand_active(model)
    if found.closed is not None:
        raise StateForbids(version_queries.say_closed(found), remedy="Reopen it first; an owner of the model can.")
    metrics, faults = _gather(new.metrics) if new.metrics or not unreadable else ((), [])
    suite, suite_faults = _find_suite(work, model, new.suite)
    faults = [*_find_text_faults(new), *suite_faults, *unreadable, *faults]
    if faults:
        raise Invalid.of(faults)
    judged = judge(suite.thresholds, metrics) if suite is not None else ()
    passed = all(one.passed for one in judged) if suite is not None else None
    public_id = ids.uuid7(clock.to_us(work.now))
    told = [metric.as_json() for metric in metrics]
    work.insert(
        evaluation_runs,
        {
            "public_id": public_id,
            "version_id": found.key,
            "suite_id": suite.key if suite else None,
            "suite_revision": suite.revision if suite else None,
            "dataset_name": new.dataset_name,
            "dataset_version": new.dataset_version or None,
            "procedure": new.procedure or None,
            "metrics": told,
            "thresholds": [one.as_json() for one in judged],
            "passed": passed,
            "source": new.source.value,
            "format": new.format,
            "recorded_by": actor.user_id,
            "recorded_at": work.now,
            "revision": 1,
        },
    )
    access.record(
        work, actor, "evaluation.record", object_id=public_id, object_label=found.address,
        after={"version": found.id, "suite": suite.id if suite else None,
               "suiteRevision": suite.revision if suite else None, "passed": passed, "source": new.source.value,
               "format": new.format, "metricCount": len(metrics), "dataset": Veiled(new.dataset_name),
               "metrics": Veiled(canonical.dumps(told)), REVISION: 1},
    )  # fmt: skip
    return queries.get_run(work, found, public_id)


def import_run(
    work: Work, actor: Actor, group: str, name: str, version: str, new: NewRun, content: bytes, format_: str | None
) -> Run:
    """
    Record a run with the metrics of a file. `metrics` of `new` is not read.

    Raises as `record_run`; Invalid names the rows and paths of the file that are at fault, and nothing is recorded.
    """
    imported = read_metrics(content, format_)
    told = NewRun(
        new.dataset_name, [metric.as_json() for metric in imported.metrics], new.dataset_version, new.procedure,
        new.suite, Source.IMPORT, imported.format.value if imported.format else None,
    )  # fmt: skip
    return record_run(work, actor, group, name, version, told, unreadable=imported.faults)


def sign_run(
    work: Work, actor: Actor, group: str, name: str, version: str, run_id: str, *, comment: str | None = None
) -> Run:
    """
    Sign a run off: by MRC or a Security Architect who did not record it and had no hand in the version.

    Raises NotFound, NotPermitted, ConfirmNeeded, DutiesOverlap, Invalid; Conflict: it is signed already.
    """
    model = model_queries.get_model(work, actor, group, name)
    found = version_queries.get_version(work, actor, group, name, version)
    run = queries.get_run(work, found, run_id)
    access.require(work, actor, "evaluation.sign", model_queries.relations_of(actor, model), owners=model.owners)
    if _is_recorder(work, actor, run):
        raise DutiesOverlap(_RECORDED, remedy="Ask another MRC or Security Architect.")
    demand_apart(work, actor, model, found, _SIGNS)
    comment = (comment or "").strip()
    fault = texts.find_text_fault(comment, max_chars=fields.DESCRIPTION_CHARS, lines=True)
    if fault:
        raise Invalid.of([FieldError("comment", fault)])
    if run.signed_by is not None:
        raise Conflict(f"{run.signed_by} has signed this off already.", remedy="Nothing is left to sign.")
    signed = {"signed_by": actor.user_id, "signed_at": work.now, "sign_comment": comment or None}
    try:
        work.change(
            evaluation_runs, run.key, {**signed, "revision": run.revision + 1},
            expect={"signed_by": None, "revision": run.revision},
        )  # fmt: skip
    except NoSuchRow as error:
        raise Conflict("Somebody signed this off a moment ago.", remedy="Load the page again.") from error
    access.record(
        work, actor, "evaluation.sign", object_id=run.id, object_label=found.address,
        before={"signed": False, REVISION: run.revision},
        after={"signed": True, "comment": Veiled(comment) if comment else None, REVISION: run.revision + 1},
    )  # fmt: skip
    return queries.get_run(work, found, run_id)


def why_not_sign(work: Work, actor: Actor, model: Model, version: Version, run: Run) -> str | None:
    """Why the actor may not sign a run off, as a sentence; None where they may. At most five statements."""
    missing = access.why_not(actor, "evaluation.sign", model_queries.relations_of(actor, model))
    if missing is not None:
        return missing
    return _RECORDED if _is_recorder(work, actor, run) else why_not_apart(work, actor, model, version, _SIGNS)


def _is_recorder(work: Work, actor: Actor, run: Run) -> bool:
    person = actor.user_id or 0
    return run.recorder_key in (person, *answering.programs_of(work, person))


def _gather(sent: Sequence[Mapping[str, Any]]) -> tuple[tuple[Metric, ...], list[FieldError]]:
    if not sent:
        return (), [FieldError("metrics", "At least one metric, for instance accuracy 0.93.")]
    gathering = Gathering()
    for place, told in enumerate(sent[: METRICS_MAX + 1]):
        ends = told.get("confidenceInterval")
        at = f"metrics.{place}"
        if ends is not None and (not isinstance(ends, list | tuple) or len(ends) != 2):
            gathering.fault(f"{at}.confidenceInterval", "Two numbers: the lower end and the upper.")
            continue
        low, high = ends or (None, None)
        gathering.add(at, told.get("name"), told.get("value"), slice_=told.get("slice"), low=low, high=high)
    return tuple(gathering.found.values()), gathering.faults


def _find_suite(work: Work, model: Model, named: str | None) -> tuple[Suite | None, list[FieldError]]:
    if not named:
        return None, []
    suite = queries.find_suite(work, named)
    if suite is None:
        return None, [FieldError("suite", f"There is no evaluation suite {named[:80]!r}. Name one by its name or id.")]
    if not suite.enabled:
        return None, [FieldError("suite", f"{suite.name} is switched off.")]
    if not suite.scope.covers(model.risk_tier, model.group):
        return None, [FieldError("suite", f"{suite.name} is for other risk tiers or groups than {model.address}.")]
    return suite, []


def _find_text_faults(new: NewRun) -> list[FieldError]:
    faults = []
    for key, text, most, lines, required in (
        ("dataset.name", new.dataset_name, fields.LINE_CHARS, False, True),
        ("dataset.version", new.dataset_version or "", fields.LINE_CHARS, False, False),
        ("procedure", new.procedure or "", PROCEDURE_CHARS, True, False),
    ):
        fault = texts.find_text_fault(text, max_chars=most, lines=lines, required=required)
        if fault:
            faults.append(FieldError(key, fault))
    return faults
