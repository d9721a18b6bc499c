"""
What changed between two JSON Schemas (2020-12), and whom it breaks.

An input may only come to take more: callers go on sending what they sent. An output may only come to be less: consumers
go on reading what they read. What is not understood here and changed may break either; nothing of that is passed over.

    judge_changes            two documents
      _Judge.compare         two places of them: types and values, bounds, fields, items, alternatives
        _note                one difference: does it take less (narrows), more (widens), or cannot be told
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from modelkeep_server.kit import canonical
from modelkeep_server.rules.schema_documents import (
    ANNOTATIONS,
    Document,
    Schema,
    as_alternatives,
    is_same,
    join_path,
    plain,
)
from modelkeep_server.rules.schema_values import (
    ARRAY_WORDS,
    NUMBER_WORDS,
    OBJECT_WORDS,
    STRING_WORDS,
    Values,
    list_bound_changes,
    say_types,
    say_values,
    values_of,
)

#: Places compared of two documents; beyond them they count as too large to be told.
PLACES_MAX = 5_000
DEPTH_MAX = 64

_UNDERSTOOD = ANNOTATIONS | frozenset(
    {
        "$ref", "type", "enum", "const", "properties", "required", "additionalProperties", "items", "prefixItems",
        "allOf", "anyOf", "oneOf",
    }
)  # fmt: skip

#: The pairs of references on the way to a place: one that comes again was compared already.
Passed = frozenset[tuple[str | None, str | None]]


class Side(StrEnum):
    """Which side of a model a schema describes."""

    INPUT = "INPUT"
    OUTPUT = "OUTPUT"


class Effect(StrEnum):
    """What a change does to those on the other side: callers of an input, consumers of an output."""

    BREAKING = "BREAKING"
    MAY_BREAK = "MAY_BREAK"
    COMPATIBLE = "COMPATIBLE"


@dataclass(frozen=True)
class SchemaFinding:
    """One change. `path` is dotted (`device.os`, `orders[].price`), empty for the whole; `text` is a sentence."""

    path: str
    effect: Effect
    text: str


def judge_changes(old: Schema | None, new: Schema | None, side: Side) -> tuple[SchemaFinding, ...]:
    """
    What changed from one schema to another, what breaks first.

    Args:
        old, new: JSON Schema documents that were found valid; None where there is none.
    """
    if old is None and new is None:
        return ()
    if old is None:
        return (SchemaFinding("", Effect.COMPATIBLE, "There was no schema before; now there is one."),)
    if new is None:
        return (SchemaFinding("", Effect.MAY_BREAK, "There is no schema any more: nothing is promised."),)
    judge = _Judge(Document(old), Document(new), side)
    if judge.old.has_inner_base or judge.new.has_inner_base:
        if not is_same(judge.old, judge.new, old, new):
            judge.unsure("", "It changed, and has a $id inside that cannot be followed here.")
    else:
        judge.compare("", old, new, frozenset())
    order = list(Effect)
    return tuple(sorted(dict.fromkeys(judge.findings), key=lambda finding: order.index(finding.effect)))


@dataclass
class _Judge:
    old: Document
    new: Document
    side: Side
    findings: list[SchemaFinding] = field(default_factory=list)
    places: int = 0
    #: By the ids of two places, with the places themselves, so that the ids stay theirs.
    same: dict[tuple[int, int], tuple[bool, Any, Any]] = field(default_factory=dict)

    def compare(self, path: str, before: Schema, now: Schema, passed: Passed) -> None:
        """Note what differs between two places. `passed` are the pairs of references on the way here."""
        self.places += 1
        if self.places > PLACES_MAX or len(passed) > DEPTH_MAX:
            if self.places == PLACES_MAX + 1 or len(passed) > DEPTH_MAX:
                self.unsure("", "It is too large or too deep to be compared to its end.")
            return
        before, left = self.old.resolve(before)
        now, right = self.new.resolve(now)
        if (left or right) and (left, right) in passed:
            return
        passed |= {(left, right) if left or right else (None, f"{len(passed)}")}
        if self._is_same(before, now):
            return
        before, now = plain(before), plain(now)
        if before is False or now is False:
            if before is not now:
                words = ("Nothing was allowed here, now something is.", "Nothing is allowed here any more.")
                self.note(path, words[now is False], narrows=now is False, widens=before is False)
            return
        before = before if isinstance(before, Mapping) else {}
        now = now if isinstance(now, Mapping) else {}
        before, now = as_alternatives(before, now), as_alternatives(now, before)
        shared = self._compare_values(path, before, now)
        self._compare_words(path, before, now, shared)
        if "object" in shared:
            self._compare_fields(path, before, now, passed)
        if "array" in shared:
            self._compare_items(path, before, now, passed)
        for word in ("allOf", "anyOf", "oneOf"):
            self._compare_parts(path, word, _list(before, word), _list(now, word), passed)

    def note(self, path: str, text: str, *, narrows: bool = False, widens: bool = False, gently: bool = False) -> None:
        """One difference. `gently`: what it does to others depends on how strict they are."""
        hurts = narrows if self.side is Side.INPUT else widens
        effect = (Effect.MAY_BREAK if gently else Effect.BREAKING) if hurts else Effect.COMPATIBLE
        self.findings.append(SchemaFinding(path, effect, text))

    def unsure(self, path: str, text: str) -> None:
        """A difference of which nobody can tell here what it does."""
        self.findings.append(SchemaFinding(path, Effect.MAY_BREAK, text))

    def _is_same(self, before: Any, now: Any) -> bool:
        key = (id(before), id(now))
        if key not in self.same:
            self.same[key] = (is_same(self.old, self.new, before, now), before, now)
        return self.same[key][0]

    def _compare_values(self, path: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> frozenset[str]:
        """Types, enum and const. Gives the types that both take, for which their other keywords matter."""
        old, new = values_of(before), values_of(now)
        if old.listed is not None and new.listed is not None:
            gone, come = old.listed.keys() - new.listed.keys(), new.listed.keys() - old.listed.keys()
            if gone:
                self.note(path, f"{say_values(old, gone)} is no longer among the values.", narrows=True)
            if come:
                self.note(path, f"{say_values(new, come)} is a new value.", widens=True)
        elif old.listed is not None:
            self._note_types(path, old, new)
            self.note(path, "Its values were a fixed list, now others are possible.", widens=True)
        elif new.listed is not None:
            self._note_types(path, old, new)
            self.note(path, f"Only {say_values(new, new.listed.keys())} is possible now.", narrows=True)
        else:
            self._note_types(path, old, new)
        return old.types & new.types

    def _note_types(self, path: str, old: Values, new: Values) -> None:
        gone, come = old.types - new.types, new.types - old.types
        # Of a list, the types it has; that an open place has more is said by the list's end or beginning.
        come = frozenset() if old.listed is not None else come
        gone = frozenset() if new.listed is not None else gone
        if gone or come:
            text = f"Its type was {say_types(old.types)}, now it is {say_types(new.types)}."
            self.note(path, text, narrows=bool(gone), widens=bool(come))

    def _compare_words(
        self, path: str, before: Mapping[str, Any], now: Mapping[str, Any], shared: frozenset[str]
    ) -> None:
        """Bounds of what both take; and every keyword that is not understood."""
        for change in list_bound_changes(before, now, shared):
            self.note(path, change.text, narrows=change.narrows, widens=change.widens)
        bounds = NUMBER_WORDS | STRING_WORDS | ARRAY_WORDS | OBJECT_WORDS
        for word in sorted((before.keys() | now.keys()) - _UNDERSTOOD - bounds):
            if (word in before) != (word in now) or not self._is_same(before[word], now[word]):
                self.unsure(path, f"{word} changed; what that does to others cannot be told here.")
        if "string" in shared and before.get("pattern") != now.get("pattern"):
            was, is_now = before.get("pattern"), now.get("pattern")
            if was is None or is_now is None:
                text = "It must match a pattern now." if was is None else "It no longer has to match a pattern."
                self.note(path, text, narrows=was is None, widens=is_now is None)
            else:
                self.unsure(path, f"Its pattern changed from {str(was)[:80]} to {str(is_now)[:80]}.")

    def _compare_fields(
        self,
        path: str,
        before: Mapping[str, Any],
        now: Mapping[str, Any],
        passed: Passed,
    ) -> None:
        had, has = _map(before, "properties"), _map(now, "properties")
        needed, needs = _names(before), _names(now)
        others_then, others_now = _others(before), _others(now)
        for name in had.keys() & has.keys():
            self.compare(join_path(path, name), had[name], has[name], passed)
        for name in sorted(had.keys() - has.keys()):
            self._removed(join_path(path, name), had[name], others_now, passed, is_matched="patternProperties" in now)
        for name in sorted(has.keys() - had.keys()):
            is_matched = "patternProperties" in before
            self._added(join_path(path, name), has[name], others_then, passed, name in needs, is_matched=is_matched)
        for name in sorted(needs - needed):
            if name in had or name not in has:
                self.note(join_path(path, name), "It is required now.", narrows=True)
        for name in sorted(needed - needs):
            if name in has or name not in had:
                self.note(join_path(path, name), "It is no longer required, and may be absent.", widens=True)
        if not self._is_same(others_then, others_now):
            if isinstance(others_then, Mapping) and isinstance(others_now, Mapping):
                self.compare(join_path(path, "*"), others_then, others_now, passed)
            elif others_now is False or others_then is True:
                self.note(path, "Fields beside those named are refused or bound now.", narrows=True)
            else:
                self.note(path, "Other fields may stand beside those named now.", widens=True, gently=True)

    def _removed(self, path: str, had: Schema, others: Schema, passed: Passed, *, is_matched: bool) -> None:
        if self.side is Side.OUTPUT:
            self.note(path, "It was removed; whoever reads it finds nothing.", widens=True)
        elif others is False and not is_matched:
            self.note(path, "It was removed, and is refused where it is sent.", narrows=True)
        elif is_matched:
            self.unsure(path, "It was removed; a pattern for other fields may bind it now.")
        elif isinstance(others, Mapping):
            self.note(path, "It was removed; what binds other fields binds it now.", widens=True)
            self.compare(path, had, others, passed)
        else:
            self.note(path, "It was removed; where it is still sent it is taken and not checked.", widens=True)

    def _added(
        self, path: str, has: Schema, others: Schema, passed: Passed, is_needed: bool,
        *, is_matched: bool,
    ) -> None:  # fmt: skip
        if is_needed and self.side is Side.INPUT:
            self.note(path, "It is new and required: callers that do not send it are refused.", narrows=True)
            return
        if is_matched:
            self.unsure(path, "It is new; a pattern for other fields may have bound it before.")
            return
        if self.side is Side.OUTPUT and others is False:
            self.note(
                path, "It is new; consumers that refuse fields they do not know stumble.", widens=True, gently=True
            )
            return
        self.note(path, "It is new" + (", and always there." if is_needed else ", and optional."))
        if isinstance(others, Mapping):
            self.compare(path, others, has, passed)

    def _compare_items(
        self,
        path: str,
        before: Mapping[str, Any],
        now: Mapping[str, Any],
        passed: Passed,
    ) -> None:
        had, has = _list(before, "prefixItems"), _list(now, "prefixItems")
        rest_then, rest_now = before.get("items", True), now.get("items", True)
        for index in range(max(len(had), len(has))):
            left = had[index] if index < len(had) else rest_then
            right = has[index] if index < len(has) else rest_now
            self.compare(f"{path}[{index}]", left, right, passed)
        self.compare(f"{path}[]", rest_then, rest_now, passed)

    def _compare_parts(
        self, path: str, word: str, had: Sequence[Any], has: Sequence[Any],
        passed: Passed,
    ) -> None:  # fmt: skip
        """Alternatives or conditions: those that are the same are left out, of the rest like is compared with like."""
        if len(had) * len(has) > PLACES_MAX:
            if not self._is_same(had, has):
                self.unsure(path, f"{word} changed, and has too many parts to be compared.")
            return
        pairs, gone, come = self._pair(had, has)
        count = len(self.findings)
        for left, right in pairs:
            self.compare(path, left, right, passed)
        all_of = word == "allOf"
        # Without alternatives anything is one of them; without conditions none binds.
        if gone and not has:
            self.note(path, f"{word} is gone.", widens=True)
        elif come and not had:
            self.note(path, f"{word} is new.", narrows=True)
        else:
            for part in gone:
                text = f"A condition was dropped: {_say(part)}." if all_of else f"{_say(part)} is no longer possible."
                self.note(path, text, narrows=not all_of, widens=all_of)
            for part in come:
                text = f"A condition was added: {_say(part)}." if all_of else f"{_say(part)} is possible as well."
                self.note(path, text, narrows=all_of, widens=not all_of)
        if word == "oneOf" and had and has:
            # Exactly one must fit: one that takes more can leave less, where two of them fit then.
            self.findings[count:] = [
                SchemaFinding(found.path, Effect.MAY_BREAK, found.text) if found.effect is Effect.COMPATIBLE else found
                for found in self.findings[count:]
            ]

    def _pair(self, had: Sequence[Any], has: Sequence[Any]) -> tuple[list[tuple[Any, Any]], list[Any], list[Any]]:
        """Which parts became which, those that are gone, and those that are new."""
        gone, come = list(had), list(has)
        for part in list(gone):
            twin = next((other for other in come if self._is_same(part, other)), None)
            if twin is not None:
                gone.remove(part)
                come.remove(twin)
        pairs = []
        for part in list(gone):
            types = values_of(self.old.resolve(part)[0]).types
            fits = (other for other in come if values_of(self.new.resolve(other)[0]).types & types)
            twin = next(fits, None)
            if twin is not None:
                pairs.append((part, twin))
                gone.remove(part)
                come.remove(twin)
        return pairs, gone, come


def _say(schema: Any) -> str:
    if isinstance(schema, Mapping):
        if isinstance(schema.get("title"), str):
            return str(schema["title"])[:80]
        if isinstance(schema.get("$ref"), str):
            return str(schema["$ref"]).rpartition("/")[2][:80]
        if "type" in schema or "enum" in schema or "const" in schema:
            return say_types(values_of(schema).types)
    return canonical.dumps(schema)[:80]


def _map(schema: Mapping[str, Any], word: str) -> Mapping[str, Any]:
    value = schema.get(word)
    return (
        {key: item for key, item in value.items() if isinstance(item, Mapping | bool)}
        if isinstance(value, Mapping)
        else {}
    )


def _list(schema: Mapping[str, Any], word: str) -> Sequence[Any]:
    value = schema.get(word)
    return value if isinstance(value, list) else ()


def _names(schema: Mapping[str, Any]) -> set[str]:
    return {name for name in _list(schema, "required") if isinstance(name, str)}


def _others(schema: Mapping[str, Any]) -> Schema:
    value = schema.get("additionalProperties", True)
    return plain(value) if isinstance(value, Mapping | bool) else True


def is_flagged(old_version: str, new_version: str, findings: Sequence[SchemaFinding]) -> bool:
    """
    Whether a change breaks others although the version number promises that it does not.

    Source: Semantic Versioning 2.0.0, items 4, 8 and 9: breaking takes a new MAJOR, or a new MINOR while MAJOR is 0; a
    pre-release promises nothing. Whether the newer number is higher is not asked.
    """
    if not any(finding.effect is Effect.BREAKING for finding in findings):
        return False
    old, new = _release(old_version), _release(new_version)
    if "-" in old_version.partition("+")[0]:
        return False
    return old[:2] == new[:2] if old[0] == new[0] == 0 else old[0] == new[0]


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("+")[0].partition("-")[0].split("."))
