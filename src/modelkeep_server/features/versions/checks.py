"""Judging what a person sends to create a version, by the rows of rules/fields.py."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import semver

from modelkeep_server.features.versions.schemas import find_schema_fault
from modelkeep_server.kit import canonical
from modelkeep_server.kit.merge_patch import merge_patch
from modelkeep_server.rules import fields, texts
from modelkeep_server.rules.errors import FieldError, Invalid
from modelkeep_server.rules.fields import FIELDS, Field, Kind
from modelkeep_server.rules.lineage import PersonalData, find_bytes_fault, find_sha256_fault
from modelkeep_server.rules.naming import find_name_fault

VERSION_CHARS = 100
_Check = Callable[[Any], str | None]
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: A NUL as canonical JSON escapes it; not the six characters that patterns are written with.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True)
class NewVersion:
    """A version as sent, not judged yet. `metadata` is the JSON object of rules/fields.py, unknown keys included."""

    version: str
    commit_sha: str | None = None
    training_job_id: str | None = None
    description: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def find_faults(new: NewVersion) -> list[FieldError]:
    """Every fault of a new version, by JSON field name."""
    faults = []
    fault = find_version_fault(new.version)
    if fault:
        faults.append(FieldError("version", fault))
    if new.commit_sha and re.fullmatch(fields.COMMIT_PATTERN, new.commit_sha) is None:
        faults.append(FieldError("commitSha", "7 to 64 hexadecimal digits, as `git rev-parse HEAD` prints them."))
    for key, text, most, lines in (
        ("trainingJobId", new.training_job_id, fields.LINE_CHARS, False),
        ("description", new.description, fields.VERSION_DESCRIPTION_CHARS, True),
    ):
        fault = texts.find_text_fault(text, max_chars=most, lines=lines) if text else None
        if fault:
            faults.append(FieldError(key, fault))
    return faults + find_metadata_faults(new.metadata)


def find_version_fault(text: str) -> str | None:
    """What is wrong with a version number, as a sentence, or None. Semantic Versioning 2.0.0."""
    if not text:
        return "This is required: a semantic version, for instance 1.2.0."
    if len(text) > VERSION_CHARS:
        return f"At most {VERSION_CHARS} characters."
    if not semver.Version.is_valid(text):
        return f"{text!r} is not a semantic version. Write MAJOR.MINOR.PATCH, for instance 1.2.0 or 2.0.0-rc.1."
    return None


def patch_metadata(kept: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """
    The metadata that a JSON Merge Patch makes of what is kept, as somebody would send it whole.

    A key that is not known is looked for under `custom`, where it was put when it came. Raises Invalid for a patch that
    is too deep, or whose `card` or `custom` is no object.
    """
    faults = _shape_faults(patch)
    if faults:
        raise Invalid.of(faults)
    known = {row.key for row in FIELDS if not row.card} | {"card", "custom"}
    card_keys = {row.key for row in FIELDS if row.card}
    strangers = {key: value for key, value in patch.items() if key not in known}
    if isinstance(patch.get("card"), Mapping):
        strangers |= {f"card.{key}": value for key, value in patch["card"].items() if key not in card_keys}
    placed = {key: value for key, value in patch.items() if key in known}
    kept = {key: value for key, value in kept.items() if key != "custom" or placed.get("custom", {}) is not None}
    if strangers:
        placed["custom"] = {**(placed.get("custom") or {}), **strangers}
    if isinstance(patch.get("card"), Mapping):
        placed["card"] = {key: value for key, value in patch["card"].items() if key in card_keys}
    return dict(merge_patch(kept, placed))


def set_fields(kept: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata with whole fields set, by their path in rules/fields.py; None takes one away."""
    changed = {**kept, "card": dict(kept.get("card") or {})}
    for row in FIELDS:
        if row.path in values:
            holder = changed["card"] if row.card else changed
            holder[row.key] = values[row.path]
    return changed


def gather_metadata(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata as kept: known keys in place, unknown keys under `custom`, empty and null values left out."""
    known = {row.key for row in FIELDS if not row.card}
    card_keys = {row.key for row in FIELDS if row.card}
    kept: dict[str, Any] = {key: value for key, value in sent.items() if key in known and not _is_blank(value)}
    card = sent.get("card") or {}
    custom = dict(sent.get("custom") or {})
    custom.update({key: value for key, value in sent.items() if key not in known | {"card", "custom"}})
    custom.update({f"card.{key}": value for key, value in card.items() if key not in card_keys})
    kept_card = {key: value for key, value in card.items() if key in card_keys and not _is_blank(value)}
    if kept_card:
        kept["card"] = kept_card
    if custom:
        kept["custom"] = custom
    return kept


def find_metadata_faults(sent: Mapping[str, Any]) -> list[FieldError]:
    """Every fault of the metadata, each under `metadata.<key>`."""
    faults = _shape_faults(sent)
    if faults:
        return faults
    kept = gather_metadata(sent)
    for row in FIELDS:
        value = fields.find_value(kept, row)
        if value is None:
            continue
        # Size first: a schema that is too large is never compiled.
        fault = _size_fault(row, value) or _CHECKS[row.kind](value)
        if fault:
            faults.append(FieldError(f"metadata.{row.path}", fault))
    # Unknown keys are kept under `custom`: one that stands there too would be lost.
    twice = sorted({*sent} & {*(sent.get("custom") or {})} & {*kept.get("custom", {})})
    faults += [FieldError(f"metadata.{key[:80]}", "This key stands under custom as well.") for key in twice]
    if "custom" in kept:
        fault = _json_fault(kept["custom"])
        if fault:
            faults.append(FieldError("metadata.custom", fault))
    return faults or find_size_faults(kept)


def find_size_faults(kept: Mapping[str, Any]) -> list[FieldError]:
    """
    Whether metadata, as it is kept, is too large: each field is within its own limit, and all of them together within
    theirs, since a list shows many versions.
    """
    size = len(canonical.dumps(kept).encode())
    if size <= fields.METADATA_BYTES:
        return []
    most = fields.METADATA_BYTES // 1024
    return [FieldError("metadata", f"At most {most} KiB in all; this has {size // 1024 + 1}. Link to longer texts.")]


def _shape_faults(sent: Mapping[str, Any]) -> list[FieldError]:
    """What is wrong with the frame of metadata, before a key is looked at."""
    for holder in ("card", "custom"):
        if sent.get(holder) is not None and not isinstance(sent[holder], Mapping):
            return [FieldError(f"metadata.{holder}", "A JSON object.")]
    try:
        deepest = _depth(sent)
    except RecursionError:
        deepest = fields.JSON_DEPTH + 2
    if deepest > fields.JSON_DEPTH + 1:
        return [FieldError("metadata", f"At most {fields.JSON_DEPTH} levels deep.")]
    return []


def _is_blank(value: Any) -> bool:
    return value is None or value == "" or value == {}


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        inner: list[Any] = []
        for item in level:
            if isinstance(item, Mapping):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = inner
    return deepest


def _size_fault(row: Field, value: Any) -> str | None:
    return _json_fault(value) if row.kind in (Kind.SCHEMA, Kind.OBJECT) else None


def _json_fault(value: Any) -> str | None:
    try:
        text = canonical.dumps(value)
    except ValueError as error:
        return str(error)
    size = len(text.encode())
    if size > fields.JSON_BYTES:
        return f"At most {fields.JSON_BYTES // 1024} KiB of JSON; this has {size // 1024 + 1}."
    if _NUL.search(text):
        return "It may not hold NUL characters."
    return None


def _line_fault(value: Any) -> str | None:
    if not isinstance(value, str):
        return "One line of text."
    return texts.find_text_fault(value, max_chars=fields.LINE_CHARS)


def _text_fault(value: Any) -> str | None:
    if not isinstance(value, str):
        return "Text."
    return texts.find_text_fault(value, max_chars=fields.TEXT_CHARS, lines=True)


def _date_fault(value: Any) -> str | None:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            date.fromisoformat(value)
            return None
    except ValueError:
        pass
    return "A date as 2026-01-31."


def _object_fault(value: Any) -> str | None:
    return None if isinstance(value, Mapping) else 'A JSON object, for instance {"max_depth": 6}.'


def _keys_fault(value: Any, required: tuple[str, ...], optional: Mapping[str, _Check], example: str) -> str | None:
    if not isinstance(value, Mapping):
        return f"An object: {example}."
    unknown = sorted(set(value) - set(required) - set(optional))
    if unknown:
        return f"{unknown[0][:80]!r} is not known here; an object: {example}."
    for key in required:
        if not isinstance(value.get(key), str) or not value[key].strip():
            return f"{key} is required: {example}."
    for key, told in value.items():
        fault = None if told in (None, "") else optional.get(key, _line_fault)(told)
        if fault:
            return f"{key}: {fault}"
    return None


def _uri_fault(value: Any) -> str | None:
    return texts.find_text_fault(value, max_chars=fields.URL_CHARS) if isinstance(value, str) else "It must be text."


def _sha256_fault(value: Any) -> str | None:
    return find_sha256_fault(value) if isinstance(value, str) else "It must be text."


def _personal_data_fault(value: Any) -> str | None:
    choices = ", ".join(PersonalData)
    return None if value in list(PersonalData) else f"{str(value)[:80]!r} is not one of {choices}."


#: What may stand beside the name and version of a dataset: the same facts as of its lineage item.
_OF_DATASET: dict[str, _Check] = {
    "uri": _uri_fault,
    "sha256": _sha256_fault,
    "sizeBytes": find_bytes_fault,
    "personalData": _personal_data_fault,
}


def _dataset_fault(value: Any) -> str | None:
    example = '{"name": "churn-events", "version": "2026-02"}'
    return _keys_fault(value, ("name", "version"), _OF_DATASET, example)


def _base_model_fault(value: Any) -> str | None:
    if isinstance(value, Mapping) and "uri" in value:
        return _keys_fault(value, ("uri",), {"uri": _uri_fault}, '{"uri": "https://..."}')
    example = '{"model": "group/name", "version": "1.0.0"} or {"uri": "..."}'
    fault = _keys_fault(value, ("model", "version"), {}, example)
    if fault:
        return fault
    if find_address_fault(value["model"]):
        return f"model names a registered model as group/name: {example}."
    return find_version_fault(value["version"])


def find_address_fault(text: str) -> str | None:
    """What is wrong with the address of a model, as a sentence, or None."""
    group, slash, name = text.partition("/")
    if not slash or find_name_fault(group) or find_name_fault(name):
        return "A registered model as group/name, for instance acme/churn-predictor."
    return None


_CHECKS: dict[Kind, _Check] = {
    Kind.LINE: _line_fault,
    Kind.TEXT: _text_fault,
    Kind.DATE: _date_fault,
    Kind.SCHEMA: find_schema_fault,
    Kind.OBJECT: _object_fault,
    Kind.DATASET: _dataset_fault,
    Kind.BASE_MODEL: _base_model_fault,
}
