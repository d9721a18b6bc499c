"""
Judging JSON Schemas that people describe inputs and outputs with.

Drawn by jsonschema-rs, offline and with a linear-time regex engine: remote `$ref`s are refused, never fetched, and a
hostile pattern cannot run away (the pure-Python `jsonschema` hangs on both).
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import jsonschema_rs

DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: The types of JSON Schema 2020-12, the most used first.
TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
#: What one compiled pattern may take in memory, and all patterns of a schema together: 64 KiB of text can ask for GiBs.
PATTERN_BYTES_MAX = 10 * 1024 * 1024
PATTERNS_BYTES_MAX = 32 * 1024 * 1024


def find_schema_fault(schema: Any) -> str | None:
    """What is wrong with a JSON Schema 2020-12 document, as a sentence that names the place, or None."""
    if not isinstance(schema, dict):
        return 'A JSON Schema is an object, for instance {"type": "object"}.'
    declared = schema.get("$schema", DIALECT)
    if not isinstance(declared, str) or declared.rstrip("#") != DIALECT:
        return f"$schema must be {DIALECT} (or be left out)."
    inner = list(_objects_in(schema))
    for reference in (item[word] for item in inner for word in ("$ref", "$dynamicRef") if word in item):
        # One that is no text is a property of that name, or a fault that the meta-schema names.
        if isinstance(reference, str) and not reference.startswith("#"):
            return f"$ref {reference[:200]!r} leads elsewhere. Only references inside the schema (#/...) are taken."
    try:
        options = jsonschema_rs.RegexOptions(size_limit=_pattern_bytes(inner))
        jsonschema_rs.Draft202012Validator(schema, pattern_options=options, offline=True)
    except jsonschema_rs.ValidationError as error:
        place = "/".join(str(step) for step in error.instance_path)
        if [str(step) for step in error.schema_path][-2:] == ["type", "anyOf"]:
            told = json.dumps(error.instance, ensure_ascii=False)[:100]
            there = f"There are {', '.join(TYPES)}; several of them stand in a list, each once."
            return f"At {place}: {told} is no type. {there}"
        hint = " taken here: no lookaround, no back-references, not too large" if "regex" in error.message else ""
        return f"At {place or 'the top'}: {error.message[:300]}{hint}."
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        return str(error)[:300]
    return None


def _pattern_bytes(inner: Sequence[dict[str, Any]]) -> int:
    """How many bytes one compiled pattern may take, so that all of a schema's stay within bounds."""
    named = [item.get("patternProperties") for item in inner]
    patterns = sum("pattern" in item for item in inner) + sum(len(names) for names in named if isinstance(names, dict))
    return min(PATTERN_BYTES_MAX, PATTERNS_BYTES_MAX // max(1, patterns))


def _objects_in(value: Any) -> Iterator[dict[str, Any]]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
