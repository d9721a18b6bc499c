"""
A card as JSON and back, without loss: what is kept, served, digested and exported. What is not there is absent.

The digest of a published card is the SHA-256 of the canonical JSON (RFC 8785) of its document without `digest`,
`checkpoint` and `edition`, which are told of it from outside.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from modelkeep_server.features.cards.views import (
    Annotation,
    Card,
    CardItem,
    CardSection,
    CardStatus,
    Checkpoint,
    Measure,
    Origin,
    Source,
    Table,
    Value,
)
from modelkeep_server.kit import canonical
from modelkeep_server.rules.card_sections import ItemKind

#: Which schema a document follows, in the form that its `$schema` names.
SCHEMA = "urn:modelkeep:model-card:1"
PREFIX = "sha256:"
_OUTSIDE = ("digest", "checkpoint", "edition")


def to_document(card: Card) -> dict[str, Any]:
    """The card as JSON values."""
    return _present(
        {
            "$schema": SCHEMA,
            "contentDigest": card.content_digest,
            "model": card.model,
            "version": card.version,
            "revision": card.revision,
            "status": card.status.value,
            "coverage": card.coverage,
            "summary": card.summary,
            "state": card.state,
            "riskTier": card.risk_tier,
            "generatedAt": _write_moment(card.generated_at),
            "generatedBy": card.generated_by,
            "publishedAt": None if card.published_at is None else _write_moment(card.published_at),
            "publishedBy": card.published_by,
            "digest": card.digest,
            "checkpoint": None if card.checkpoint is None else dict(vars(card.checkpoint)),
            "edition": card.edition,
            "sections": [_write_section(section) for section in card.sections],
        }
    )


def from_document(document: Mapping[str, Any]) -> Card:
    """The card that `to_document` wrote. Raises KeyError, TypeError, ValueError for what it did not write."""
    published_at, checkpoint = document.get("publishedAt"), document.get("checkpoint")
    return Card(
        model=document["model"],
        version=document["version"],
        revision=document["revision"],
        status=CardStatus(document["status"]),
        coverage=float(document["coverage"]),
        summary=document["summary"],
        state=document["state"],
        risk_tier=document["riskTier"],
        sections=tuple(map(_read_section, document["sections"])),
        generated_at=_read_moment(document["generatedAt"]),
        generated_by=document["generatedBy"],
        published_at=None if published_at is None else _read_moment(published_at),
        published_by=document.get("publishedBy"),
        digest=document.get("digest"),
        checkpoint=None if checkpoint is None else Checkpoint(**checkpoint),
        edition=document.get("edition", 1),
        content_digest=document.get("contentDigest"),
    )


def to_body(card: Card) -> dict[str, Any]:
    """What is kept of a card and, of a published one, digested."""
    return {key: value for key, value in to_document(card).items() if key not in _OUTSIDE}


def digest_of(body: Mapping[str, Any]) -> str:
    """`sha256:<hex>` over the canonical JSON of what `to_body` gave."""
    return f"{PREFIX}{canonical.digest(body)}"


def digest_of_text(text: str) -> str:
    """The same over that JSON as it stands, in its canonical spelling, in the database."""
    return f"{PREFIX}{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _write_section(section: CardSection) -> dict[str, Any]:
    return {
        "id": section.id,
        "title": section.title,
        "items": [write_item(item) for item in section.items],
        "annotations": [write_annotation(note) for note in section.annotations],
    }


def write_annotation(note: Annotation) -> dict[str, Any]:
    """An annotation as JSON values."""
    return {"author": note.author, "name": note.name, "at": _write_moment(note.at), "markdown": note.markdown}


def _read_section(told: Mapping[str, Any]) -> CardSection:
    notes = tuple(
        Annotation(note["author"], note["name"], _read_moment(note["at"]), note["markdown"])
        for note in told["annotations"]
    )
    return CardSection(told["id"], told["title"], tuple(map(_read_item, told["items"])), notes)


def write_item(item: CardItem) -> dict[str, Any]:
    """An item as JSON values."""
    return _present(
        {
            "id": item.id,
            "label": item.label,
            "kind": item.kind.value,
            "counts": item.counts,
            "value": None if item.value is None else _write_value(item.value),
            "more": item.more or None,
            # One text for readers who only want to say where it is from.
            "source": "; ".join(source.label for source in item.sources) or None,
            "sources": [_write_source(source) for source in item.sources] or None,
            "provideAt": item.provide_at,
        }
    )


def _read_item(told: Mapping[str, Any]) -> CardItem:
    kind = ItemKind(told["kind"])
    return CardItem(
        id=told["id"],
        label=told["label"],
        kind=kind,
        value=None if "value" not in told else _read_value(kind, told["value"]),
        sources=tuple(
            Source(Origin(source["origin"]), source["label"], source.get("href")) for source in told.get("sources", ())
        ),
        provide_at=told.get("provideAt"),
        counts=told["counts"],
        more=told.get("more", 0),
    )


def _write_source(source: Source) -> dict[str, Any]:
    return _present({"origin": source.origin.value, "label": source.label, "href": source.href})


def _write_value(value: Value) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, Table):
        return {"columns": list(value.columns), "rows": [list(row) for row in value.rows], "numbers": [*value.numbers]}
    return [_write_measure(entry) if isinstance(entry, Measure) else entry for entry in value]


def _read_value(kind: ItemKind, told: Any) -> Value:
    if kind is ItemKind.TABLE:
        return Table(tuple(told["columns"]), tuple(map(tuple, told["rows"])), tuple(told["numbers"]))
    if kind is ItemKind.LIST:
        return tuple(map(str, told))
    return tuple(map(_read_measure, told)) if kind is ItemKind.MEASURES else str(told)


def _write_measure(measure: Measure) -> dict[str, Any]:
    return _present(
        {
            "name": measure.name,
            "value": measure.value,
            "slice": measure.slice,
            "confidenceInterval": None if measure.low is None else [measure.low, measure.high],
            "comparison": measure.comparison,
            "limit": measure.limit,
            "passed": measure.passed,
            "dataset": measure.dataset,
        }
    )


def _read_measure(told: Mapping[str, Any]) -> Measure:
    low, high = told.get("confidenceInterval") or (None, None)
    limit = told.get("limit")
    return Measure(
        name=told["name"],
        value=float(told["value"]),
        slice=told.get("slice"),
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        comparison=told.get("comparison"),
        limit=None if limit is None else float(limit),
        passed=told.get("passed"),
        dataset=told.get("dataset"),
    )


def _write_moment(moment: datetime) -> str:
    """RFC 3339 in UTC; parts of a second where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_moment(told: str) -> datetime:
    return datetime.fromisoformat(told)


def _present(told: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if value is not None}
