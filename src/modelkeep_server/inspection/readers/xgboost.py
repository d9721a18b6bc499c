"""
XGBoost, as JSON and as UBJSON.

Sources: xgboost/doc/model.schema; ubjson.org, draft 12, with sizes and types before arrays.
"""

from collections.abc import Mapping
from typing import Any

from modelkeep_server.inspection.readers.bounded import Cursor, Misfit
from modelkeep_server.inspection.readers.tidying import Facts, as_number, clean, pick, text_at
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.source import Source

_WIDTHS = {b"i": 1, b"U": 1, b"I": 2, b"l": 4, b"L": 8}
_SIZES = {**_WIDTHS, b"d": 4, b"D": 8, b"C": 1, b"Z": 0, b"N": 0, b"T": 0, b"F": 0}
_VALUES_MAX = 5_000_000
_DEPTH_MAX = 64
_TEXT_MAX = 64 * 1024
#: How many entries of an array or object are kept; the rest is passed over.
_KEPT = 2_000
_NUMBERS_KEPT = 16


def read_ubj(source: Source) -> Header:
    """See readers/reading.py. Raises Misfit unless it is one model of XGBoost from the first byte to the last."""
    cursor = Cursor(source)
    told = _Walk(cursor).value(cursor.take(1), 0)
    if cursor.left or not isinstance(told, dict) or not isinstance(told.get("learner"), dict):
        raise Misfit
    return to_header(told)


class _Walk:
    """UBJSON, with all of its structure walked and the first entries kept."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._left = _VALUES_MAX

    def value(self, marker: bytes, depth: int) -> Any:
        """The value that a marker announces."""
        self._left -= 1
        if self._left < 0 or depth > _DEPTH_MAX:
            raise Misfit
        if marker in _WIDTHS:
            return self._number(marker)
        if marker == b"S":
            return self._text()
        if marker == b"[":
            return self._array(depth)
        if marker == b"{":
            return self._object(depth)
        if marker in (b"Z", b"T", b"F"):
            return {b"Z": None, b"T": True, b"F": False}[marker]
        if marker in (b"d", b"D", b"C"):
            self._cursor.skip(_SIZES[marker])
            return None
        raise Misfit

    def _number(self, marker: bytes) -> int:
        raw = self._cursor.take(_WIDTHS[marker])
        return int.from_bytes(raw, "big", signed=marker != b"U")

    def _length(self) -> int:
        marker = self._cursor.take(1)
        if marker not in _WIDTHS:
            raise Misfit
        length = self._number(marker)
        if not 0 <= length <= self._cursor.left:
            raise Misfit
        return length

    def _text(self) -> str:
        length = self._length()
        found = self._cursor.take(min(length, _TEXT_MAX))
        self._cursor.skip(length - len(found))
        return found.decode(errors="replace")

    def _array(self, depth: int) -> list[Any]:
        marker = self._cursor.take(1)
        kept: list[Any] = []
        if marker == b"$":
            kind = self._cursor.take(1)
            if self._cursor.take(1) != b"#":
                raise Misfit
            count = self._length()
            if kind in _WIDTHS and count <= _NUMBERS_KEPT:
                return [self._number(kind) for _ in range(count)]
            if kind in _SIZES:
                self._cursor.skip(count * _SIZES[kind])
                return kept
            for _ in range(count):
                self._keep(kept, self.value(kind, depth + 1))
            return kept
        if marker == b"#":
            for _ in range(self._length()):
                self._keep(kept, self.value(self._cursor.take(1), depth + 1))
            return kept
        while marker != b"]":
            self._keep(kept, self.value(marker, depth + 1))
            marker = self._cursor.take(1)
        return kept

    def _object(self, depth: int) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        while True:
            if self._peek() == b"}":
                self._cursor.skip(1)
                return kept
            key = self._text()
            value = self.value(self._cursor.take(1), depth + 1)
            if len(kept) < _KEPT:
                kept[key] = value

    def _peek(self) -> bytes:
        found = self._cursor.take(1)
        self._cursor.at -= 1
        return found

    @staticmethod
    def _keep(kept: list[Any], value: Any) -> None:
        if len(kept) < _KEPT:
            kept.append(value)


def to_header(told: Mapping[str, Any]) -> Header:
    """A header of a model as XGBoost writes it."""
    learner = told["learner"]
    booster = learner.get("gradient_booster")
    name = text_at(booster, "name")
    objective = learner.get("objective")
    version = told.get("version")
    parts = version if isinstance(version, list) else []
    number = ".".join(str(part) for part in parts if type(part) is int)
    names, kinds = learner.get("feature_names"), learner.get("feature_types")
    names = names if isinstance(names, list) else []
    model = pick(learner.get("learner_model_param"), ("num_class", "num_feature", "num_target", "base_score"))
    model = {key: as_number(value) for key, value in model.items()}
    trees = booster.get("model") if isinstance(booster, dict) else None
    facts = Facts().add("Booster", name).add("Objective", text_at(objective, "name"))
    facts.add("Trees", text_at(trees, "gbtree_model_param", "num_trees")).add("Features", model.get("num_feature"))
    attributes = learner.get("attributes")
    for key in ("best_iteration", "best_score"):
        facts.add(key.replace("_", " ").capitalize(), text_at(attributes, key))
    settings = {"booster": name, "objective": text_at(objective, "name"), **model}
    return Header(
        framework="xgboost",
        framework_version=number or None,
        model_type="xgboost",
        input_schema=_schema(names, kinds if isinstance(kinds, list) else []),
        hyperparameters={key: value for key, value in settings.items() if value is not None} or None,
        facts=facts.done(),
    )


def _schema(names: list[Any], kinds: list[Any]) -> dict[str, Any] | None:
    types = {"float": "number", "int": "integer", "i": "boolean", "q": "number", "c": "string"}
    properties: dict[str, Any] = {}
    for number, name in enumerate(names[:200]):
        kind = types.get(str(kinds[number])) if number < len(kinds) else "number"
        properties[clean(name, chars=200)] = {"type": kind} if kind else {}
    return {"type": "object", "properties": properties, "required": list(properties)} if properties else None
