"""
Judging JSON Schemas that people describe inputs and outputs with.

Drawn by jsonschema-rs, offline and with a linear-time regex engine: remote `$ref`s are refused, never fetched, and a
hostile pattern cannot run away (the pure-Python `jsonschema` hangs on both).
"""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def find_schema_fault(schema: Any) -> str | None:
    """What is wrong with a JSON Schema 2020-12 document, as a sentence that names the place, or None."""
    if not isinstance(schema, dict):
        return 'A JSON Schema is an object, for instance {"type": "object"}.'
    declared = schema.get("$schema", DIALECT)
    if not isinstance(declared, str) or declared.rstrip("#") != DIALECT:
        return f"$schema must be {DIALECT} (or be left out)."
    for reference in _references(schema):
        if not isinstance(reference, str) or not reference.startswith("#"):
            return (
                f"$ref {str(reference)[:200]!r} leads elsewhere. Only references inside the schema (#/...) are taken."
            )
    try:
        jsonschema_rs.Draft202012Validator(schema, pattern_options=jsonschema_rs.RegexOptions(), offline=True)
    except jsonschema_rs.ValidationError as error:
        place = "/".join(str(step) for step in error.instance_path)
        return f"At {place or 'the top'}: {error.message[:300]}"
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        return str(error)[:300]
    return None


def _references(value: Any) -> Iterator[Any]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            for keyword in ("$ref", "$dynamicRef"):
                if keyword in item:
                    yield item[keyword]
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
