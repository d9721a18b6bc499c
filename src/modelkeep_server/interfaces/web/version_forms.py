"""Between the controls of a version's form and the version: metadata read from controls, and controls from metadata."""

import json
from collections.abc import Mapping
from typing import Any

from modelkeep_server.features.versions import service
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.web.editing import Edit
from modelkeep_server.kit import canonical
from modelkeep_server.rules.errors import FieldError
from modelkeep_server.rules.fields import FIELDS, JSON_DEPTH, Field, Kind, find_value

PLAIN_CONTROLS: Mapping[str, str] = {json_name: field for field, json_name in service.EDITABLE_FIELDS.items()}
_PARTS_OF: Mapping[Kind, tuple[str, ...]] = {
    Kind.DATASET: ("name", "version", "uri"),
    Kind.BASE_MODEL: ("model", "version", "uri"),
}


def controls_of(row: Field) -> tuple[str, ...]:
    """The names of the controls that edit one field."""
    control = f"metadata.{row.path}"
    return tuple(f"{control}.{part}" for part in _PARTS_OF[row.kind]) if row.kind in _PARTS_OF else (control,)


#: Every control of the form, in its order.
CONTROLS: tuple[str, ...] = (*PLAIN_CONTROLS, *(control for row in FIELDS for control in controls_of(row)))

#: Those that hold JSON, which a script may lay out anew.
JSON_CONTROLS: frozenset[str] = frozenset(
    f"metadata.{row.path}" for row in FIELDS if row.kind in (Kind.SCHEMA, Kind.OBJECT)
)


def write_controls(version: Version) -> dict[str, str]:
    """What the controls of the form hold for a version."""
    values = {
        "version": version.version,
        "commitSha": version.commit_sha or "",
        "trainingJobId": version.training_job_id or "",
        "description": version.description or "",
    }
    for row in FIELDS:
        value = find_value(version.metadata, row)
        if row.kind in _PARTS_OF:
            parts = value or {}
            values |= {control: parts.get(control.rpartition(".")[2]) or "" for control in controls_of(row)}
        elif value is not None:
            values[f"metadata.{row.path}"] = write_value(value)
    return values


def write_value(value: Any) -> str:
    """What the one control of a field holds for a value: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def read_changes(edit: Edit) -> tuple[dict[str, Any], list[FieldError]]:
    """What an edit asks the version service to change, and the controls that cannot be read."""
    changes: dict[str, Any] = {
        field: edit.typed[control].strip() or None
        for control, field in PLAIN_CONTROLS.items()
        if control in edit.changed
    }
    touched: dict[str, Any] = {}
    faults = []
    for row in FIELDS:
        if edit.changed.isdisjoint(controls_of(row)):
            continue
        try:
            touched[row.path] = read_control(edit.typed, row)
        except Unreadable as unreadable:
            faults.append(unreadable.fault)
    return changes | ({"fields": touched} if touched else {}), faults


def read_metadata(values: Mapping[str, str]) -> tuple[dict[str, Any], list[FieldError]]:
    """The metadata that the form's controls spell, and the controls that cannot be read or stand half filled."""
    metadata: dict[str, Any] = {}
    faults = []
    for row in FIELDS:
        try:
            value = read_control(values, row)
        except Unreadable as unreadable:
            faults.append(unreadable.fault)
            continue
        if value is not None:
            holder = metadata.setdefault("card", {}) if row.card else metadata
            holder[row.key] = value
    return metadata, faults


class Unreadable(Exception):
    def __init__(self, control: str, message: str) -> None:
        super().__init__(message)
        self.fault = FieldError(control, message)


def read_control(values: Mapping[str, str], row: Field) -> Any:
    control = f"metadata.{row.path}"
    if row.kind in _PARTS_OF:
        return _read_parts(values, control, _PARTS_OF[row.kind], row.kind)
    text = values.get(control, "").strip()
    if not text:
        return None
    if row.kind not in (Kind.SCHEMA, Kind.OBJECT):
        return text
    try:
        return canonical.loads(text)
    except RecursionError:
        raise Unreadable(control, f"At most {JSON_DEPTH} levels deep.") from None
    except ValueError as error:
        raise Unreadable(control, f"This is not JSON: {error}.") from None


def _read_parts(values: Mapping[str, str], control: str, names: tuple[str, ...], kind: Kind) -> dict[str, str] | None:
    """The filled parts of a dataset or base model; a name and a version go together."""
    typed = {name: values.get(f"{control}.{name}", "").strip() for name in names}
    parts = {name: text for name, text in typed.items() if text}
    what, version, uri = names
    if not parts or (kind is Kind.BASE_MODEL and set(parts) == {uri}):
        return parts or None
    if kind is Kind.BASE_MODEL and uri in parts:
        raise Unreadable(f"{control}.{uri}", "Name a model and its version, or give a URI; not both.")
    for name in (what, version):
        if name not in parts:
            raise Unreadable(f"{control}.{name}", f"The {name} is needed as well.")
    return parts
