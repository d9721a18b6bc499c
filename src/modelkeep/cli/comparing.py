"""`modelkeep versions compare`: what changed between two versions of a model."""

import json
from typing import Annotated

import typer

from modelkeep.addresses import parse_version
from modelkeep.cli.options import Json
from modelkeep.cli.output import note, print_json, print_table, size
from modelkeep.client import Client
from modelkeep.comparisons import ArtifactChange, Differences, SchemaChange
from modelkeep.errors import BadAddress

_SAME = "SAME"
_SHOWN_CHARS = 200


def compare(
    old: Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION", help="The version before.")],
    new: Annotated[
        str | None,
        typer.Argument(metavar="VERSION", help="The version now, by its number or address. Left out: the first one is "
                       "compared with the last approved before it."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is the same.")] = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """
    Show what changed from one version of a model to another: facts, metadata, schemas, metrics and files.

    Changes of a schema that break others although the number does not say so are told first, on standard error.
    """
    first = parse_version(old)
    now, before = f"{first.group}/{first.name}:{first.version}", None
    if new is not None:
        second = parse_version(new if ":" in new else f"{first.group}/{first.name}:{new}")
        if (second.group, second.name) != (first.group, first.name):
            raise BadAddress("Both must be versions of one model.")
        now, before = f"{second.group}/{second.name}:{second.version}", first.version
    with Client() as client:
        compared = client.compare_versions(now, before)
    if as_json:
        print_json(compared)
        return
    for flag in compared.flags:
        note(f"Look here first: {flag.text}")
    print_table(("change", "what", compared.before.version, compared.now.version), rows_of(compared, everything))
    note(f"{compared.before.version} → {compared.now.version}: {compared.changed} changed, {compared.same} the same.")
    if compared.artifacts_left_off:
        note(f"{compared.artifacts_left_off} more files are not listed.")


def rows_of(compared: Differences, everything: bool = False) -> list[tuple[str, str, str, str]]:
    """What differs, as lines: change, what, before, now."""
    rows = [(one.change, one.field, _say(one.before), _say(one.now)) for one in (*compared.facts, *compared.metadata)]
    for schema in compared.schemas:
        rows.append((schema.change, schema.field, _fields(schema.fields_before), _now(schema)))
        rows += [(found.effect, f"{schema.field} {found.path}".strip(), "", found.text) for found in schema.findings]
    for metric in compared.metrics:
        what = metric.name if metric.slice is None else f"{metric.name} on {metric.slice}"
        word = {True: "BETTER", False: "WORSE"}.get(metric.is_better, metric.change)  # type: ignore[arg-type]
        asked = f" ({metric.verdict}, {metric.comparison} {metric.limit:g})" if metric.limit is not None else ""
        rows.append((word, what, _say(metric.before), f"{_say(metric.now)}{asked}"))
    rows += [(one.change, one.path, _file(one.size_before), _file_now(one)) for one in compared.artifacts]
    return [row for row in rows if everything or row[0] != _SAME]


def _say(value: object) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


def _fields(count: int | None) -> str:
    return "" if count is None else f"{count} {'field' if count == 1 else 'fields'}"


def _now(schema: SchemaChange) -> str:
    told = [_fields(schema.fields_now)] if schema.fields_now is not None else []
    told += [f"{len(schema.added)} added"] if schema.added else []
    told += [f"{len(schema.removed)} removed"] if schema.removed else []
    return ", ".join(told)


def _file(size_bytes: int | None) -> str:
    return "" if size_bytes is None else size(size_bytes)


def _file_now(file: ArtifactChange) -> str:
    if file.size_delta and file.size_now is not None:
        return f"{size(file.size_now)} ({'+' if file.size_delta > 0 else '-'}{size(abs(file.size_delta))})"
    return _file(file.size_now)
