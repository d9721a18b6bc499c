"""
Text: UTF-8 from the first byte to the last, without control characters; and what of it has a further form.

Told apart by content alone: JSON and its kinds, YAML, TOML, vocabularies, LightGBM, PMML.
"""

import codecs
import re
import tomllib
from typing import Any
from xml.parsers import expat

from modelkeep_server.inspection.readers import structured, tokenizers
from modelkeep_server.inspection.readers.bounded import FAULTS, Misfit, iterate, parse_json, read_all
from modelkeep_server.inspection.readers.tidying import Facts, as_number, clean, clean_bytes, pick
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.source import Source
from modelkeep_server.rules.formats import Format

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_SETTINGS_MAX = 256 * 1024
_JSON_MAX = 40 * 1024 * 1024
_KEY_LINE = re.compile(r"""(?:---|['"]?[\w./-][^\n:#{}\[\]]{0,200}:(?:\s|$))""")
_TOML_LINE = re.compile(r"""(?:\[\[?[^\]\n]{1,200}\]\]?\s*(?:#.*)?$|["'\w.-][^=\n]{0,200}=)""")
_MERGES = re.compile(rb"#version: ?[0-9.]+[^\n]*\n")


def is_text(source: Source) -> bool:
    """Whether every byte belongs to a character that text has."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in iterate(source):
            if _CONTROL.search(decoder.decode(piece)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return source.size_bytes > 0


def recognise_text(source: Source) -> Format | None:
    """Which kind of text it is, or None where it is none. A script is none."""
    head = source.read(0, 65_536)
    if head.startswith(b"#!") or not is_text(source):
        return None
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if start[:1] in (b"{", b"["):
        found = _recognise_json(source)
        if found is not None:
            return found
    if start.startswith(b"tree\n") and b"\nversion=v" in head and b"\nnum_class=" in head:
        return Format.LIGHTGBM
    if start.startswith((b"<?xml", b"<PMML")) and _is_pmml(source):
        return Format.PMML
    if _MERGES.match(start) or tokenizers.is_vocabulary(source):
        return Format.VOCABULARY
    return _recognise_settings(source) or Format.TEXT


def _recognise_json(source: Source) -> Format | None:
    try:
        told = parse_json(read_all(source, limit=_JSON_MAX))
    except Misfit:
        return _recognise_large(source)
    except (ValueError, RecursionError, MemoryError):
        return None
    return structured.kind_of(told, source)


def _recognise_large(source: Source) -> Format | None:
    """JSON that is too large to be parsed, by how it begins and ends; it holds data only, whatever it is."""
    head = source.read(0, 65_536)
    if source.read(max(0, source.size_bytes - 64), 64).rstrip()[-1:] not in (b"}", b"]"):
        return None
    if source.size_bytes <= _JSON_MAX and b'"learner"' not in head:
        return None
    return Format.XGBOOST_JSON if b'"learner"' in head else Format.JSON


def _recognise_settings(source: Source) -> Format | None:
    """YAML or TOML, where the first line that says something looks like it and all of it parses."""
    if source.size_bytes > _SETTINGS_MAX:
        return None
    text = _settings_of(source)
    first = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    if _TOML_LINE.match(first):
        try:
            return Format.TOML if tomllib.loads(text) else None
        except (ValueError, RecursionError):
            pass
    if not _KEY_LINE.match(first):
        return None
    try:
        told = structured.parse_yaml(text)
    except FAULTS:
        return None
    if not isinstance(told, dict):
        return None
    return Format.MLMODEL if isinstance(told.get("flavors"), dict) else Format.YAML


def _settings_of(source: Source) -> str:
    # Not the codec utf-8-sig, which is loaded when it is first asked for: whoever looks through files can load nothing.
    return read_all(source, limit=_SETTINGS_MAX).decode().removeprefix("\ufeff")


def _is_pmml(source: Source) -> bool:
    root: list[str] = []

    def begin(name: str, _: dict[str, str]) -> None:
        root.append(name) if not root else None

    try:
        _parse_xml(source, begin)
    except (Misfit, expat.ExpatError, ValueError):
        return False
    return root[:1] == ["PMML"]


def _parse_xml(source: Source, begin: Any) -> None:
    """Walk through XML. Raises Misfit where it has a document type, whose entities could read files or grow."""

    def refuse(*_: object) -> None:
        raise Misfit

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    for piece in iterate(source):
        parser.Parse(piece, False)
    parser.Parse(b"", True)


def read_pmml(source: Source) -> Header:
    """See readers/reading.py. Source: dmg.org/pmml, 4.4."""
    told: dict[str, Any] = {"fields": {}, "model": "", "application": "", "version": "", "mining": {}}

    def begin(name: str, attributes: dict[str, str]) -> None:
        if name == "PMML":
            told["version"] = attributes.get("version", "")
        elif name == "Application":
            told["application"] = f"{attributes.get('name', '')} {attributes.get('version', '')}"
        elif name == "DataField" and len(told["fields"]) < 200:
            told["fields"][attributes.get("name", "")] = attributes.get("dataType", "")
        elif name == "MiningField" and len(told["mining"]) < 200:
            told["mining"].setdefault(attributes.get("name", ""), attributes.get("usageType", "active"))
        elif not told["model"] and name.endswith("Model"):
            told["model"] = name
            told["function"] = attributes.get("functionName", "")

    _parse_xml(source, begin)
    active = {name for name, usage in told["mining"].items() if usage == "active"}
    targets = {name for name, usage in told["mining"].items() if usage in ("target", "predicted")}
    facts = Facts().add("Made by", told["application"]).add("Function", told.get("function"))
    return Header(
        framework="pmml",
        framework_version=clean(told["version"], chars=40) or None,
        model_type=clean(told["model"], chars=100) or None,
        input_schema=_pmml_schema(told["fields"], active),
        output_schema=_pmml_schema(told["fields"], targets),
        facts=facts.done(),
    )


def _pmml_schema(fields: dict[str, str], wanted: set[str]) -> dict[str, Any] | None:
    kinds = {"integer": "integer", "double": "number", "float": "number", "boolean": "boolean", "string": "string"}
    properties = {
        clean(name, chars=200): {"type": kinds[kind]} if kind in kinds else {}
        for name, kind in fields.items()
        if name in wanted
    }
    return {"type": "object", "properties": properties, "required": list(properties)} if properties else None


def read_lightgbm(source: Source) -> Header:
    """See readers/reading.py. Only the head, and the parameters at the end."""
    head, tail = _lines(source.read(0, 256 * 1024)), source.read(max(0, source.size_bytes - 256 * 1024), 256 * 1024)
    told = dict(line.split("=", 1) for line in head if "=" in line and not line.startswith("Tree="))
    names = told.get("feature_names", "").split(" ")
    parameters = {}
    if b"\nparameters:" in tail:
        for line in _lines(tail.split(b"\nparameters:", 1)[1]):
            key, colon, value = line.strip("[]").partition(": ")
            if line.startswith("[") and colon and value:
                parameters[key] = as_number(value)
    facts = (
        Facts()
        .add("Features", len(names))
        .add("Classes", told.get("num_class"))
        .add("Objective", told.get("objective"))
    )
    shown = ("boosting", "objective", "num_iterations", "learning_rate", "num_leaves", "max_depth",
             "min_data_in_leaf", "feature_fraction", "bagging_fraction", "lambda_l1", "lambda_l2", "seed", "num_class",
             "metric")  # fmt: skip
    schema = {clean(name, chars=200): {"type": "number"} for name in names[:200] if name}
    return Header(
        framework="lightgbm",
        framework_version=None,
        model_type="lightgbm",
        input_schema={"type": "object", "properties": schema} if schema else None,
        hyperparameters=pick(parameters, shown) or None,
        facts=facts.add("Format version", told.get("version")).done(),
    )


def _lines(data: bytes) -> list[str]:
    return [line for line in data.decode(errors="replace").split("\n")[:20_000] if line]


def read_text(source: Source) -> Header:
    """See readers/reading.py."""
    first = source.read(0, 4_096).split(b"\n", 1)[0]
    return Header(facts=Facts().add("First line", clean_bytes(first)).done())


def read_toml(source: Source) -> Header:
    """See readers/reading.py."""
    told = tomllib.loads(_settings_of(source))
    return Header(facts=Facts().add("Keys", ", ".join(list(told)[:20])).done())


def read_yaml(source: Source) -> Header:
    """See readers/reading.py."""
    return structured.yaml_header(structured.parse_yaml(_settings_of(source)))


def read_json(source: Source) -> Header:
    """See readers/reading.py."""
    return structured.json_header(parse_json(read_all(source, limit=_JSON_MAX)), source)
