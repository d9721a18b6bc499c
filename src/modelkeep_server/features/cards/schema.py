"""
The JSON Schema of a card's document: `model-card-1.json` beside this file, drawn by `draw_schema` from the sections.

A version that was published stays as it is: a document that is no longer valid under it takes the next number, in its
`$schema` too.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from modelkeep_server.features.cards.documents import SCHEMA
from modelkeep_server.features.cards.views import CardStatus, Origin
from modelkeep_server.rules.approvals import TIERS
from modelkeep_server.rules.card_sections import SECTIONS, ItemKind, ItemRow, SectionRow
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.metrics import Comparison

FILE = Path(__file__).resolve().parent / "model-card-1.json"
_TEXT: dict[str, Any] = {"type": "string"}
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_DIGEST: dict[str, Any] = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}


@cache
def read_schema() -> bytes:
    """The schema as it is served."""
    return FILE.read_bytes()


def draw_schema() -> dict[str, Any]:
    """The schema as the tables say it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "Model card",
        "description": "A revision of a version's model card. What is not provided is absent.",
        **_object(
            {
                "$schema": {"const": SCHEMA},
                "contentDigest": {
                    **_DIGEST,
                    "description": "Over what the version held when the card was generated, frozen or not.",
                },
                "model": {"type": "string", "description": "The model's address, `group/name`."},
                "version": _TEXT,
                "revision": {"type": "integer", "minimum": 1},
                "status": {"enum": [status.value for status in CardStatus]},
                "coverage": {"type": "number", "minimum": 0, "maximum": 1},
                "summary": _TEXT,
                "state": {"enum": [state.value for state in State]},
                "riskTier": {"enum": [info.tier.value for info in TIERS.values()]},
                "generatedAt": _MOMENT,
                "generatedBy": _TEXT,
                "publishedAt": _MOMENT,
                "publishedBy": _TEXT,
                "digest": _DIGEST,
                "checkpoint": _object({"origin": _TEXT, "size": _COUNT, "root": _TEXT}),
                "edition": {"type": "integer", "minimum": 1},
                "sections": {
                    "type": "array",
                    "prefixItems": [_section(row) for row in SECTIONS],
                    "items": False,
                    "minItems": len(SECTIONS),
                },
            },
            optional=("contentDigest", "publishedAt", "publishedBy", "digest", "checkpoint", "edition"),
        ),
        "$defs": _definitions(),
    }


def _section(row: SectionRow) -> dict[str, Any]:
    return {
        "title": row.title,
        "description": row.hint,
        **_object(
            {
                "id": {"const": row.id},
                "title": {"const": row.title},
                "items": {
                    "type": "array",
                    "prefixItems": [_item(item) for item in row.items],
                    "items": False,
                    "minItems": len(row.items),
                },
                "annotations": {"type": "array", "items": {"$ref": "#/$defs/annotation"}},
            }
        ),
    }


def _item(row: ItemRow) -> dict[str, Any]:
    return {
        "$ref": "#/$defs/item",
        "properties": {
            "id": {"const": row.id},
            "label": {"const": row.label},
            "kind": {"const": row.kind.value},
            "counts": {"const": row.counts},
            "value": {"$ref": f"#/$defs/{row.kind.value.lower()}"},
        },
    }


def _definitions() -> dict[str, Any]:
    measure = _object(
        {
            "name": _TEXT,
            "value": {"type": "number"},
            "slice": {"type": "string", "description": "The group it was measured of; absent: all of the data."},
            "confidenceInterval": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
            "comparison": {"enum": [comparison.value for comparison in Comparison]},
            "limit": {"type": "number"},
            "passed": {"type": "boolean"},
            "dataset": _TEXT,
        },
        optional=("slice", "confidenceInterval", "comparison", "limit", "passed", "dataset"),
    )
    table = _object(
        {
            "columns": {"type": "array", "items": _TEXT},
            "rows": {"type": "array", "items": {"type": "array", "items": _TEXT}},
            "numbers": {"type": "array", "items": _COUNT, "description": "The places of columns that hold numbers."},
        }
    )
    item = _object(
        {
            "id": _TEXT,
            "label": _TEXT,
            "kind": {"enum": [kind.value for kind in ItemKind]},
            "counts": {"type": "boolean", "description": "A complete card has it, so coverage asks for it."},
            "value": {"description": "Absent where it is not provided. Its type follows `kind`."},
            "more": {"type": "integer", "minimum": 1, "description": "How many entries the card leaves out."},
            "source": {"type": "string", "description": "Where the value is from, in one text."},
            "sources": {"type": "array", "items": {"$ref": "#/$defs/source"}},
            "provideAt": {"type": "string", "description": "Where it can be provided: a path of the registry's pages."},
        },
        optional=("value", "more", "source", "sources", "provideAt"),
    )
    return {
        "item": item,
        ItemKind.TEXT.value.lower(): _TEXT,
        ItemKind.LIST.value.lower(): {"type": "array", "items": _TEXT},
        ItemKind.TABLE.value.lower(): table,
        ItemKind.MEASURES.value.lower(): {"type": "array", "items": measure},
        "source": _object(
            {"origin": {"enum": [origin.value for origin in Origin]}, "label": _TEXT, "href": _TEXT},
            optional=("href",),
        ),
        "annotation": _object(
            {
                "author": {"type": "string", "description": "An e-mail, or `service:NAME`."},
                "name": _TEXT,
                "at": _MOMENT,
                "markdown": _TEXT,
            }
        ),
    }


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def write_schema() -> str:
    """The text of the file."""
    return json.dumps(draw_schema(), indent=2, ensure_ascii=False) + "\n"
