"""
The language of policies: CEL, the Common Expression Language. The only module that knows who reads it.

An expression is checked against the types of rules/policy_facts.py, so that a misspelt name is found when it is saved,
and run over plain JSON, so that a fact that is not there is no empty text but an error. It never raises: what cannot
be judged is not passed, and says why.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.metadata import version
from typing import Any

from cel_expr_python import cel
from google.protobuf import descriptor_pb2, descriptor_pool, struct_pb2

from modelkeep_server.features.policies import shape
from modelkeep_server.rules import texts
from modelkeep_server.rules.policy_facts import BUILT_FROM_MAX, EXPRESSION_CHARS, FACTS, Fact, FactKind

#: Which language a revision was written in, and who reads it: kept with each.
LANGUAGE = f"CEL, cel-expr-python {version('cel-expr-python')}"
STEPS_MAX = 10_000
_PACKAGE = "facts"
_CACHED = 2_000

_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    FactKind.TEXT: _FIELD.TYPE_STRING,
    FactKind.TEXTS: _FIELD.TYPE_STRING,
    FactKind.NUMBER: _FIELD.TYPE_INT64,
    FactKind.RATIO: _FIELD.TYPE_DOUBLE,
    FactKind.FLAG: _FIELD.TYPE_BOOL,
}
_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']+)'")
_NO_FIELD = re.compile(r"undefined field '([^']+)' not found in struct '([^']+)'")
_NO_KEY = re.compile(r'Key not found in map : "?([^"]*)"?')
_NO_OVERLOAD = re.compile(r"found no matching overload for '([^']+)' applied to '(.*)'")


@dataclass(frozen=True)
class Fault:
    """What is wrong with an expression. `line` and `column` count from 1."""

    message: str
    line: int
    column: int

    def __str__(self) -> str:
        place = f"column {self.column}" if self.line == 1 else f"line {self.line}, column {self.column}"
        return f"{self.message} (At {place}.)"


@dataclass(frozen=True)
class Program:
    """An expression that can be run. `about` are the paths of the facts that it reads, in its order."""

    expression: str
    about: tuple[str, ...]
    growth: int
    compiled: Any = field(repr=False, compare=False)


@dataclass(frozen=True)
class Bound:
    """Facts, made ready once for every rule that is asked about them. `longest` is the length of the longest list."""

    activation: Any = field(repr=False)
    longest: int


@dataclass(frozen=True)
class Answer:
    """What an expression said: True or False, or None and `reason` where it could not say."""

    passed: bool
    reason: str | None = None


@lru_cache(maxsize=_CACHED)
def compile_rule(expression: str) -> Program | Fault:
    """An expression that is true or false, ready to run; or what is wrong with it."""
    return _compile(expression, {"BOOL"}, "A rule is true or false")


@lru_cache(maxsize=_CACHED)
def compile_detail(expression: str) -> Program | Fault:
    """An expression that gives a text, or a list of texts; or what is wrong with it."""
    return _compile(expression, {"STRING", "LIST<STRING>", "LIST<DYN>"}, "A detail is a text or a list of texts")


def bind(facts: Mapping[str, Any]) -> Bound:
    """Facts as gathered, ready for rules."""
    return Bound(_environments()[1].Activation(dict(facts)), _longest(facts))


def ask(program: Program, bound: Bound) -> Answer:
    """Whether facts pass a rule. Never raises."""
    kind, value = _run(program, bound)
    if kind is None:
        return Answer(False, value)
    if kind != "BOOL":
        return Answer(False, f"It gave {kind.lower()}, not true or false.")
    return Answer(bool(value))


def tell(program: Program, bound: Bound, *, most: int = 1_000) -> str | None:
    """What a detail says of facts, in at most so many characters; None where it says nothing. Never raises."""
    kind, value = _run(program, bound)
    if kind is None:
        return None
    listed = value if isinstance(value, list) else [value]
    told = ", ".join(str(one) for one in listed if one not in (None, ""))
    return (told if len(told) <= most else f"{told[: most - 4]} ...") or None


def _compile(expression: str, kinds: set[str], demand: str) -> Program | Fault:
    fault = texts.find_text_fault(expression, max_chars=EXPRESSION_CHARS, lines=True, required=True)
    if fault:
        return Fault(fault, 1, 1)
    tokens = shape.cut_tokens(expression)
    broken = shape.find_shape_fault(tokens)
    if broken is not None:
        return Fault(broken.message, *_place(expression, broken.at))
    typed, plain = _environments()
    try:
        kind = typed.compile(expression).return_type().name()
        # Types have no names here: one that asks for a type by its name is refused as the check would an unknown name.
        compiled = plain.compile(expression)
    except (RuntimeError, TypeError, ValueError) as error:
        return _explain(expression, tokens, str(error))
    if kind not in kinds:
        return Fault(f"{demand}; this gives {kind.lower()}.", 1, 1)
    return Program(expression, shape.paths_of(tokens), shape.growth_of(tokens), compiled)


def _run(program: Program, bound: Bound) -> tuple[str, Any] | tuple[None, str]:
    """The kind and the value of an answer; None and a sentence where there is none."""
    if program.growth * bound.longest > BUILT_FROM_MAX:
        return None, f"map and filter go through at most {BUILT_FROM_MAX:,} entries; ask by all or exists."
    try:
        answer = program.compiled.eval(bound.activation)
        kind = answer.type().name()
        if kind == "ERROR":
            return None, _say(str(answer.value()))
        return kind, answer.plain_value()
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        return None, _say(str(error))


def _say(error: str) -> str:
    missing = _NO_KEY.search(error)
    if missing:
        return f"“{missing[1]}” is not provided."
    if "budget exceeded" in error:
        return f"It goes through more than {STEPS_MAX:,} entries."
    told = re.sub(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$", "", error.splitlines()[0] if error else "").strip()
    return f"It could not be judged: {told or 'no reason was given'}."


def _explain(expression: str, tokens: Sequence[shape.Token], error: str) -> Fault:
    found = _ERROR.search(error)
    if found is None or int(found[1]) < 1:
        deep = "recursion" in error
        return Fault("It is nested too deep. Split it into several rules." if deep else "CEL cannot read it.", 1, 1)
    line, column, told = int(found[1]), int(found[2]), found[3].replace("[INVALID_ARGUMENT]", "").strip()
    undeclared = _UNDECLARED.search(told)
    if undeclared:
        name = undeclared[1].split(".")[0]
        at = next((token.at for token in tokens if token.text == name), None)
        line, column = (line, column) if at is None else _place(expression, at)
        return Fault(f"There is no {name!r} here.{_guess(name, [fact.name for fact in FACTS])}", line, column)
    unknown = _NO_FIELD.search(told)
    if unknown:
        record = _records().get(unknown[2].removeprefix(f"{_PACKAGE}."))
        known = [inner.name for inner in record.fields] if record else []
        where = record.name if record else unknown[2]
        return Fault(f"{where} has no {unknown[1]!r}.{_guess(unknown[1], known)}", line, column)
    overload = _NO_OVERLOAD.search(told)
    if overload:
        sign = overload[1].strip("_").replace("_", " ").strip() or overload[1]
        return Fault(f"{sign!r} does not fit what it is given: {_plainly(overload[2])}.", line, column)
    if told.startswith("Syntax error"):
        mismatch = re.search(r"(?:mismatched|extraneous) input '([^']*)'", told)
        what = mismatch[1] if mismatch else ""
        read = "the end" if what == "<EOF>" else repr(what) if what else "this"
        return Fault(f"CEL cannot read it: {read} is not expected here.", line, column)
    return Fault(f"CEL cannot read it: {told.rstrip('.')}.", line, column)


def _plainly(kinds: str) -> str:
    return kinds.strip("()").replace(f"{_PACKAGE}.", "")


def _guess(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else f" There is: {', '.join(known)}." if known else ""


def _place(expression: str, at: int) -> tuple[int, int]:
    """Line and column, from 1, of a character counted from 0."""
    before = expression[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


def _longest(value: Any) -> int:
    if isinstance(value, Mapping):
        return max((_longest(inner) for inner in value.values()), default=0)
    if isinstance(value, list):
        return max(len(value), max((_longest(inner) for inner in value), default=0))
    return 0


@cache
def _environments() -> tuple[Any, Any]:
    """The one that checks, with every type, and the one that runs over plain JSON."""
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
    file = descriptor_pb2.FileDescriptorProto(
        name="facts.proto", package=_PACKAGE, syntax="proto3", dependency=["google/protobuf/struct.proto"]
    )
    for name, fact in _records().items():
        _declare(file, name, fact)
    pool.AddSerializedFile(file.SerializeToString())
    typed = {fact.name: _type_of(fact) for fact in FACTS}
    plain = {fact.name: cel.Type.DYN for fact in FACTS}
    return cel.NewEnv(descriptor_pool=pool, variables=typed), cel.NewEnv(variables=plain)


@cache
def _records() -> dict[str, Fact]:
    """Every object of the facts by the name of its type: its path."""
    found: dict[str, Fact] = {}

    def walk(fact: Fact, before: str) -> None:
        name = f"{before}{fact.name[0].upper()}{fact.name[1:]}"
        if fact.fields:
            found[name] = fact
        for inner in fact.fields:
            walk(inner, name)

    for fact in FACTS:
        walk(fact, "")
    return found


def _declare(file: descriptor_pb2.FileDescriptorProto, name: str, fact: Fact) -> None:
    message = file.message_type.add(name=name)
    for number, inner in enumerate(fact.fields, 1):
        many = inner.kind in (FactKind.TEXTS, FactKind.RECORDS)
        label = _FIELD.LABEL_REPEATED if many else _FIELD.LABEL_OPTIONAL
        kind = _SCALARS.get(inner.kind, _FIELD.TYPE_MESSAGE)
        column = message.field.add(name=inner.name, number=number, type=kind, label=label)
        if inner.kind is FactKind.ANY:
            column.type_name = ".google.protobuf.Struct"
        elif inner.fields:
            column.type_name = f".{_PACKAGE}.{name}{inner.name[0].upper()}{inner.name[1:]}"


def _type_of(fact: Fact) -> Any:
    record = cel.Type(f"{_PACKAGE}.{fact.name[0].upper()}{fact.name[1:]}")
    return cel.Type.List(record) if fact.kind is FactKind.RECORDS else record
