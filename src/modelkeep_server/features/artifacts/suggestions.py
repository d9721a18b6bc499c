"""
Metadata of a version that its files tell, for people to take over with one press.

Files are read as far as their headers, when they are looked through (`inspection/readers/`). What they say of
themselves is offered, never written by itself, and never over what a person wrote.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.tables import artifacts, scans
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.views import ArtifactStatus
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions import service as versions
from modelkeep_server.features.versions.checks import find_metadata_faults
from modelkeep_server.features.versions.views import Version
from modelkeep_server.inspection.report import Header
from modelkeep_server.rules.errors import FieldError, Invalid
from modelkeep_server.rules.fields import FIELDS, Field, find_value
from modelkeep_server.rules.formats import ArtifactType, Format

FILES_READ = 40
#: Who is asked first: MLflow writes down what the others only hint at. Tokenizers and images tell of other programs.
_ORDER = {Format.MLMODEL.value: 0, ArtifactType.WEIGHTS.value: 1, ArtifactType.CONFIG.value: 2}


@dataclass(frozen=True)
class Suggestion:
    """
    A value for one metadata field, and the file that tells it. `field` is its path in rules/fields.py; `current` is
    what is written there now, None where nothing is.
    """

    field: str
    label: str
    value: Any
    path: str
    current: Any = None

    @property
    def fills(self) -> bool:
        """Whether the field is empty, so that the value may be taken over."""
        return self.current is None


@dataclass(frozen=True)
class _Told:
    path: str
    header: Header


def suggest_metadata(work: Work, actor: Actor, version: Version) -> tuple[Suggestion, ...]:
    """
    What the files of a version tell of it, where that is not written already, in the order of the form.

    Of the first 40 files by order of upload; withheld files are not asked. One statement.
    """
    del actor  # Whoever has the version may see its files.
    return tuple(
        Suggestion(row.path, row.label, value, path, current)
        for row, value, path in _gather(_read_headers(work, version))
        if (current := find_value(version.metadata, row)) != value
    )


def use_suggestions(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    version: str,
    wanted: Collection[str] | None = None,
    *,
    expected: Collection[int] | None = None,
) -> Version:
    """
    Write what the files tell into fields that are empty; what is written already stays.

    Args:
        wanted: Paths of the fields to fill, or None for all that can be.
        expected: The revisions that this was decided on, or None for whatever is there.
    Raises:
        Invalid: A wanted field is filled already, or no file tells of it.
        As `versions.service.update_version`.
    """
    model = model_queries.get_model(work, actor, group, name)
    found = version_queries.lock_version(work, actor, group, name, version)
    access.require(work, actor, "version.update", model_queries.relations_of(actor, model), owners=model.owners)
    offered = {told.field: told for told in suggest_metadata(work, actor, found)}
    faults = [
        FieldError(field, "It is filled already; edit it where it stands." if field in offered else "No file tells it.")
        for field in wanted or ()
        if field not in offered or not offered[field].fills
    ]
    if faults:
        raise Invalid.of(faults)
    chosen = [told for told in offered.values() if told.fills and (not wanted or told.field in wanted)]
    values = {told.field: told.value for told in chosen}
    sources = sorted({told.path for told in chosen})
    reason = f"Filled from {', '.join(sources)}"[:400] if values else None
    return versions.update_version(
        work, actor, group, name, version, {"fields": values}, expected=expected, reason=reason
    )


def _read_headers(work: Work, version: Version) -> list[_Told]:
    rows = work.all(
        select(artifacts.c.path, artifacts.c.type, artifacts.c.format, scans.c.header)
        .join(scans, (scans.c.blob_id == artifacts.c.blob_id) & scans.c.superseded_at.is_(None))
        .where(
            artifacts.c.version_id == version.key,
            artifacts.c.removed_at.is_(None),
            artifacts.c.status == ArtifactStatus.AVAILABLE.value,
            artifacts.c.type.in_((ArtifactType.WEIGHTS.value, ArtifactType.CONFIG.value)),
        )
        .order_by(artifacts.c.id)
        .limit(FILES_READ)
    )
    ranked = sorted(rows, key=lambda row: _ORDER.get(row.format or "", _ORDER[row.type]))
    return [_Told(row.path, Header.from_json(row.header)) for row in ranked]


def _gather(told: list[_Told]) -> Iterable[tuple[Field, Any, str]]:
    """The first sound value of each field, with its file; a version of a framework only beside that framework."""
    framework = next((one.header.framework for one in told if one.header.framework), None)
    for row in FIELDS:
        for one in told:
            if row.path == "frameworkVersion" and one.header.framework != framework:
                continue
            value = _values_of(one.header).get(row.path)
            if value and not find_metadata_faults(_placed(row, value)):
                yield row, value, one.path
                break


def _values_of(header: Header) -> Mapping[str, Any]:
    return {
        "framework": header.framework,
        "frameworkVersion": header.framework_version,
        "modelType": header.model_type,
        "inputSchema": header.input_schema,
        "outputSchema": header.output_schema,
        "hyperparameters": header.hyperparameters,
        "card.license": header.license,
    }


def _placed(row: Field, value: Any) -> dict[str, Any]:
    return {"card": {row.key: value}} if row.card else {row.key: value}
