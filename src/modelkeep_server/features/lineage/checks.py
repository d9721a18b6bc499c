"""Judging a lineage item as somebody sends it, by the rows of rules/lineage.py: every fault at once, by its field."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from modelkeep_server.features.versions.checks import find_address_fault, find_version_fault
from modelkeep_server.rules import fields, texts
from modelkeep_server.rules.errors import FieldError
from modelkeep_server.rules.lineage import (
    INPUTS,
    INPUTS_CHARS,
    ITEMS_MAX,
    KINDS,
    Control,
    DatasetRole,
    ItemField,
    ItemKind,
    PersonalData,
    find_bytes_fault,
    find_sha256_fault,
)

_BASE = "Either model and version of a registered model, or uri of one from outside; not both."


def find_faults(kind: ItemKind, sent: Mapping[str, Any]) -> list[FieldError]:
    """Every fault of an item's fields. Blank and null ones count as not given."""
    info = KINDS[kind]
    rows = {row.key: row for row in info.fields}
    faults = [
        FieldError(key[:80], f"Not a field of a {info.label.lower()}. It has {', '.join(rows)}.")
        for key in sent
        if key not in rows
    ]
    given = gather(sent)
    for key, row in rows.items():
        fault = _CHECKS[row.control](given[key]) if key in given else "This is required." if row.required else None
        if fault:
            faults.append(FieldError(key, fault if key in given else _say_missing(row)))
    if kind is ItemKind.BASE_MODEL and not faults:
        faults += _find_base_faults(given)
    return faults


def gather(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an item as they are kept: what was left blank is left out, digests are written in small letters."""
    given = {key: value for key, value in sent.items() if not _is_blank(value)}
    if isinstance(given.get("sha256"), str):
        given["sha256"] = given["sha256"].lower()
    if given.get(INPUTS) == []:
        del given[INPUTS]
    return given


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _say_missing(row: ItemField) -> str:
    return f"This is required. {row.hint}"


def _find_base_faults(given: Mapping[str, Any]) -> list[FieldError]:
    is_registered, is_outside = bool({"model", "version"} & set(given)), "uri" in given
    if is_registered and is_outside:
        return [FieldError("uri", _BASE)]
    if is_outside:
        return []
    if not is_registered:
        return [FieldError("model", _BASE)]
    return [
        FieldError(key, f"This is required beside {other}. {_BASE}")
        for key, other in (("model", "version"), ("version", "model"))
        if key not in given
    ]


def _as_text(check: Callable[[str], str | None]) -> Callable[[Any], str | None]:
    return lambda value: check(value) if isinstance(value, str) else "This must be text."


def _one_of(choices: type[DatasetRole] | type[PersonalData]) -> Callable[[Any], str | None]:
    told = ", ".join(choices)
    return lambda value: None if value in list(choices) else f"{str(value)[:80]!r} is not one of {told}."


def _line_fault(text: str) -> str | None:
    return texts.find_text_fault(text, max_chars=fields.LINE_CHARS, required=True)


def _uri_fault(text: str) -> str | None:
    return texts.find_text_fault(text, max_chars=fields.URL_CHARS, required=True)


def _url_fault(text: str) -> str | None:
    return texts.find_url_fault(text, max_chars=fields.URL_CHARS)


def _commit_fault(text: str) -> str | None:
    if re.fullmatch(fields.COMMIT_PATTERN, text):
        return None
    return "7 to 64 hexadecimal digits, as `git rev-parse HEAD` prints them."


def _items_fault(value: Any) -> str | None:
    if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
        return "A list of texts: the ids of nodes, as the items of this version have them."
    if len(value) > ITEMS_MAX or sum(map(len, value)) > INPUTS_CHARS:
        return f"At most {ITEMS_MAX} of them, and {INPUTS_CHARS:,} characters in all."
    if any("\0" in one for one in value):
        return "No id of a node holds a NUL."
    return None


_CHECKS: dict[Control, Callable[[Any], str | None]] = {
    Control.LINE: _as_text(_line_fault),
    Control.URI: _as_text(_uri_fault),
    Control.URL: _as_text(_url_fault),
    Control.SHA256: _as_text(find_sha256_fault),
    Control.COMMIT: _as_text(_commit_fault),
    Control.BYTES: find_bytes_fault,
    Control.ROLE: _one_of(DatasetRole),
    Control.PERSONAL_DATA: _one_of(PersonalData),
    Control.MODEL: _as_text(find_address_fault),
    Control.VERSION: _as_text(find_version_fault),
    Control.ITEMS: _items_fault,
}
