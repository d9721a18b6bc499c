"""
Comparing two contents of versions, as plain documents: what was submitted and what is there now, or two versions.

A document, as it stands frozen under a content digest, is
`{version, commitSha, trainingJobId, description, metadata, artifacts: [{path, type, sha256, sizeBytes}]}`.
Of files, `verdict` may be there as well. Of lineage beside the version's own fields, `lineage: [{kind, ...}]`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from modelkeep_server.features.comparison.views import (
    ArtifactChange,
    Change,
    Comparison,
    FieldChange,
    Flag,
    SchemaChange,
)
from modelkeep_server.kit import canonical
from modelkeep_server.kit.word_marks import mark_words
from modelkeep_server.rules.fields import FIELDS, Field, Kind, find_value
from modelkeep_server.rules.lineage import KINDS, ItemKind, name_item
from modelkeep_server.rules.schema_changes import Effect, Side, is_flagged, judge_changes
from modelkeep_server.rules.schema_documents import list_fields

Content = Mapping[str, Any]

FACTS: Mapping[str, str] = {
    "description": "Description",
    "commitSha": "Commit SHA",
    "trainingJobId": "Training Job ID",
}
_SIDES: Mapping[str, Side] = {"inputSchema": Side.INPUT, "outputSchema": Side.OUTPUT}
#: How deep objects are taken apart: hyperparameters.optimizer.lr
_PIECES_DEPTH = 3
_WHOM: Mapping[Side, str] = {Side.INPUT: "callers", Side.OUTPUT: "consumers"}


def compare_contents(old: Content, new: Content) -> Comparison:
    """What differs between two contents of one model, section by section."""
    before, now = str(old["version"]), str(new["version"])
    metadata_before, metadata_now = old.get("metadata") or {}, new.get("metadata") or {}
    schemas = tuple(
        _compare_schema(row, find_value(metadata_before, row), find_value(metadata_now, row), before, now)
        for row in FIELDS
        if row.kind is Kind.SCHEMA and (find_value(metadata_before, row) or find_value(metadata_now, row))
    )
    facts = (_compare_value(key, label, old.get(key) or None, new.get(key) or None) for key, label in FACTS.items())
    return Comparison(
        before=before,
        now=now,
        facts=tuple(fact for fact in facts if fact is not None),
        metadata=(*_compare_metadata(metadata_before, metadata_now), *_compare_lineage(old, new)),
        schemas=schemas,
        artifacts=tuple(_compare_artifacts(old, new)),
        flags=tuple(_flag(schema, before, now) for schema in schemas if schema.is_flagged),
    )


def _compare_metadata(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[FieldChange]:
    for row in FIELDS:
        if row.kind is Kind.SCHEMA:
            continue
        was, is_now = find_value(before, row), find_value(now, row)
        if row.kind is Kind.OBJECT:
            yield from _compare_pieces(row.path, was or {}, is_now or {})
            continue
        change = _compare_value(row.path, row.label, was, is_now)
        if change is not None:
            yield change
    yield from _compare_pieces("custom", before.get("custom") or {}, now.get("custom") or {})


def _compare_lineage(old: Content, new: Content) -> Iterator[FieldChange]:
    """Lineage item by item, those before first: of one kind and name the same thing, whatever else is said of it."""
    before, now = ({_name_of(item): item for item in content.get("lineage") or ()} for content in (old, new))
    for name in dict.fromkeys((*before, *now)):
        item = before.get(name) or now[name]
        change = _compare_value(f"lineage.{name}", KINDS[item["kind"]].label, before.get(name), now.get(name))
        if change is not None:
            yield change


def _name_of(item: Mapping[str, Any]) -> str:
    node = name_item(ItemKind(item["kind"]), item)
    return f"{node} {item['role']}" if "role" in item else node


def _compare_pieces(
    path: str, before: Mapping[str, Any], now: Mapping[str, Any], depth: int = 1
) -> Iterator[FieldChange]:
    """An object key by key, those before first."""
    for key in dict.fromkeys((*before, *now)):
        was, is_now = before.get(key), now.get(key)
        name = f"{path}.{key}"
        if depth < _PIECES_DEPTH and all(isinstance(value, Mapping) and value for value in (was, is_now)):
            yield from _compare_pieces(name, was or {}, is_now or {}, depth + 1)
            continue
        change = _compare_value(name, name, was, is_now)
        if change is not None:
            yield change


def _compare_value(field: str, label: str, before: Any, now: Any) -> FieldChange | None:
    """One value, or None where it was never there."""
    if before is None and now is None:
        return None
    change = _change_of(before, now)
    if change is Change.CHANGED and isinstance(before, str) and isinstance(now, str):
        return FieldChange(field, label, change, before, now, *mark_words(before, now))
    return FieldChange(field, label, change, before, now)


def _change_of(before: Any, now: Any) -> Change:
    if before is None:
        return Change.ADDED
    if now is None:
        return Change.REMOVED
    return Change.SAME if canonical.dumps(before) == canonical.dumps(now) else Change.CHANGED


def _compare_schema(row: Field, was: Any, is_now: Any, before: str, now: str) -> SchemaChange:
    side = _SIDES[row.key]
    fields_before, fields_now = (None if schema is None else list_fields(schema) for schema in (was, is_now))
    findings = judge_changes(was, is_now, side)
    return SchemaChange(
        field=row.path,
        label=row.label,
        side=side,
        change=_change_of(was, is_now),
        fields_before=None if fields_before is None else len(fields_before),
        fields_now=None if fields_now is None else len(fields_now),
        added=_missing(fields_now, fields_before),
        removed=_missing(fields_before, fields_now),
        findings=findings,
        is_flagged=is_flagged(before, now, findings),
    )


def _missing(fields: tuple[str, ...] | None, others: tuple[str, ...] | None) -> tuple[str, ...]:
    """Those of the fields that the others have not."""
    known = set(others or ())
    return tuple(name for name in fields or () if name not in known)


def _flag(schema: SchemaChange, before: str, now: str) -> Flag:
    breaking = [finding for finding in schema.findings if finding.effect is Effect.BREAKING]
    first = f"{breaking[0].path}: {breaking[0].text}" if breaking[0].path else breaking[0].text
    more = f" And {len(breaking) - 1} more." if len(breaking) > 1 else ""
    text = (
        f"{schema.label} breaks {_WHOM[schema.side]}, yet {before} → {now} promises that nothing breaks. {first}{more}"
        if before != now
        else f"{schema.label} breaks {_WHOM[schema.side]}. {first}{more}"
    )
    return Flag("schemas", schema.field, text)


def _compare_artifacts(old: Content, new: Content) -> Iterator[ArtifactChange]:
    before, now = ({file["path"]: file for file in content.get("artifacts") or ()} for content in (old, new))
    changes = []
    for path in before.keys() | now.keys():
        was, is_now = before.get(path), now.get(path)
        left, right = was or {}, is_now or {}
        changes.append(
            ArtifactChange(
                path=path,
                type=str(right.get("type") or left.get("type")),
                change=_change_of(was and [was["sha256"], was["type"]], is_now and [is_now["sha256"], is_now["type"]]),
                size_before=left.get("sizeBytes"),
                size_now=right.get("sizeBytes"),
                sha256_before=left.get("sha256"),
                sha256_now=right.get("sha256"),
                verdict_before=left.get("verdict"),
                verdict_now=right.get("verdict"),
            )
        )
    order = list(Change)
    yield from sorted(changes, key=lambda change: (order.index(change.change), change.path))
