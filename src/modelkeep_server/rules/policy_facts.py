"""
What a policy may ask of: one row a fact. The check of expressions, the help of the editor and the docs are drawn from
`FACTS`; features/policies/facts.py gathers what they hold.

A fact that is not provided is absent: a rule that reads it is not passed and says so; `has(version.description)` asks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from modelkeep_server.rules.fields import FIELDS, Kind

RULES_MAX = 20
EXPRESSION_CHARS = 2_000
MESSAGE_CHARS = 500
NAME_CHARS = 100
POLICY_DESCRIPTION_CHARS = 4_000
REASON_CHARS = 2_000
#: What binds the shape of an expression, so that judging it always ends soon and in little memory.
NESTING_MAX = 20
LOOPS_MAX = 4
LOOPS_NESTED_MAX = 2
SUMS_MAX = 16
COMMAS_MAX = 100
PATTERN_CHARS = 200
#: What `map` and `filter` build grows with the square of what they go through.
BUILT_FROM_MAX = 1_000


class FactKind(StrEnum):
    """What sort of value a fact is, as CEL knows it."""

    TEXT = "text"
    NUMBER = "whole number"
    RATIO = "number"
    FLAG = "true or false"
    TEXTS = "list of texts"
    ANY = "any JSON object"
    RECORD = "object"
    RECORDS = "list of objects"


@dataclass(frozen=True)
class Fact:
    """A fact by its JSON name. `says` is what it means; `fields` are those inside an object or a list of objects."""

    name: str
    kind: FactKind
    says: str
    fields: tuple["Fact", ...] = ()


def _texts(*pairs: tuple[str, str]) -> tuple[Fact, ...]:
    return tuple(Fact(name, FactKind.TEXT, says) for name, says in pairs)


_OF_KIND = {Kind.LINE: FactKind.TEXT, Kind.TEXT: FactKind.TEXT, Kind.DATE: FactKind.TEXT}
_PARTS = {
    Kind.DATASET: (
        *_texts(
            ("name", "Its name."),
            ("version", "Its version."),
            ("uri", "Where it is."),
            ("sha256", "SHA-256 of it, in hexadecimal digits."),
            ("personalData", "YES, NO or UNKNOWN: whether it is about people."),
        ),
        Fact("sizeBytes", FactKind.NUMBER, "How large it is, in bytes."),
    ),
    Kind.BASE_MODEL: _texts(("model", "`group/name`."), ("version", "Its version."), ("uri", "Where it is, outside.")),
}


def _metadata() -> tuple[Fact, ...]:
    drawn: dict[bool, list[Fact]] = {True: [], False: []}
    for field in FIELDS:
        parts = _PARTS.get(field.kind, ())
        kind = FactKind.RECORD if parts else _OF_KIND.get(field.kind, FactKind.ANY)
        drawn[field.card].append(Fact(field.key, kind, field.hint, parts))
    return (
        *drawn[False],
        Fact("card", FactKind.RECORD, "What is told for the model card.", tuple(drawn[True])),
        Fact("custom", FactKind.ANY, "Whatever else was sent as metadata."),
    )


_MODEL = (
    *_texts(
        ("address", "`group/name`."),
        ("group", "Its group."),
        ("name", "Its name."),
        ("description", "What it is for."),
        ("riskTier", "LOW, MEDIUM or HIGH."),
        ("riskRationale", "Why it has this tier."),
        ("origin", "INTERNAL or VENDOR."),
        ("visibility", "INTERNAL or RESTRICTED."),
        ("documentationUrl", "Where its documentation is."),
        ("repositoryUrl", "Where its code is."),
    ),
    Fact("tags", FactKind.TEXTS, "Its tags."),
    Fact("owners", FactKind.TEXTS, "E-mails of its owners, as they were sent."),
)

_VERSION = (
    *_texts(
        ("version", "The version, `1.2.0`."),
        ("state", "Its state, DRAFT to RETIRED."),
        ("description", "What is new in it."),
        ("commitSha", "The commit it was made from."),
        ("trainingJobId", "The job that trained it."),
        ("createdAt", "When it was created; `timestamp(version.createdAt)` compares."),
    ),
    Fact("number", FactKind.NUMBER, "Counts the versions of its model from 1."),
    Fact("metadata", FactKind.RECORD, "What is known of it.", _metadata()),
    Fact(
        "completeness",
        FactKind.RECORD,
        "How complete the metadata is.",
        (
            Fact("score", FactKind.RATIO, "From 0.0 to 1.0."),
            Fact(
                "missing",
                FactKind.RECORDS,
                "What is missing.",
                _texts(
                    ("field", "The field, as the API names it."), ("label", "Its label."), ("why", "Why it matters.")
                ),
            ),
        ),
    ),
)

_ARTIFACT = (
    *_texts(
        ("path", "Its name in the version, `weights/model.safetensors`."),
        ("type", "WEIGHTS, CONTAINER, TOKENIZER or CONFIG."),
        ("format", "What it was recognised as, `safetensors`."),
        ("sha256", "SHA-256 of its bytes, in hex."),
        ("status", "AVAILABLE, PENDING or QUARANTINED."),
        ("verdict", "CLEAN_DATA, CODE_ALLOWLISTED, UNKNOWN, BLOCKED or PENDING."),
    ),
    Fact("sizeBytes", FactKind.NUMBER, "How large it is."),
    Fact("waived", FactKind.FLAG, "A Security Architect answers for it in spite of its verdict, today."),
    Fact("damaged", FactKind.FLAG, "Its stored bytes are not those that were uploaded."),
)

_METRIC = (
    *_texts(("name", "The metric, `accuracy`."), ("slice", "The part of the data it is of.")),
    Fact("value", FactKind.RATIO, "What was measured."),
)

_EVALUATIONS = (
    Fact("count", FactKind.NUMBER, "How many evaluation runs were recorded."),
    Fact(
        "suites",
        FactKind.RECORDS,
        "The suites in force for the model's tier and group.",
        (
            *_texts(("name", "Its name.")),
            Fact("hasRun", FactKind.FLAG, "Whether this version was ever measured against it."),
            Fact("passed", FactKind.FLAG, "Whether its latest run met every threshold."),
        ),
    ),
    Fact(
        "runs",
        FactKind.RECORDS,
        "The latest runs, newest first: of each suite its last one, and of those without a suite the last one.",
        (
            *_texts(
                ("suite", "The suite it was measured against."),
                ("dataset", "The data it was measured on."),
                ("recordedAt", "When it was recorded."),
            ),
            Fact("passed", FactKind.FLAG, "Whether it met every threshold; absent without a suite."),
            Fact("metrics", FactKind.RECORDS, "What was measured.", _METRIC),
        ),
    ),
)

_INPUTS = Fact("inputs", FactKind.TEXTS, "What it took in, by ids of nodes: `dataset:churn-events@2026-02`.")
_CODE = (*_texts(("name", "Its name."), ("uri", "Where it is."), ("commitSha", "The commit it is of.")), _INPUTS)

_LINEAGE = (
    Fact(
        "datasets",
        FactKind.RECORDS,
        "The data it was trained, validated or tested on.",
        (
            *_texts(
                ("name", "Its name."),
                ("version", "Its version."),
                ("uri", "Where it is."),
                ("role", "TRAINING, VALIDATION or TEST."),
                ("sha256", "SHA-256 of the data or its manifest, in hex."),
                ("personalData", "YES, NO or UNKNOWN."),
            ),
            Fact("sizeBytes", FactKind.NUMBER, "How large it is."),
        ),
    ),
    Fact(
        "baseModels",
        FactKind.RECORDS,
        "The models it was made from.",
        (
            *_PARTS[Kind.BASE_MODEL],
            *_texts(
                ("state", "The state of a registered version, DRAFT to RETIRED, today."),
                ("riskTier", "The tier of a registered model, today."),
            ),
        ),
    ),
    Fact(
        "commits",
        FactKind.RECORDS,
        "The source code it was built from.",
        _texts(("repositoryUrl", "Where the code is."), ("commitSha", "Which commit.")),
    ),
    Fact(
        "runs",
        FactKind.RECORDS,
        "The runs that made it; its Training Job ID is one of the system `job`.",
        (
            *_texts(("system", "Where it ran, `mlflow`."), ("runId", "Its id there."), ("url", "Its page there.")),
            _INPUTS,
        ),
    ),
    Fact("scripts", FactKind.RECORDS, "The programs that trained it.", _CODE),
    Fact("pipelines", FactKind.RECORDS, "What turned data into features.", _CODE),
    Fact("preprocessing", FactKind.RECORDS, "The programs that prepared its data.", _CODE),
    Fact(
        "consumers",
        FactKind.RECORDS,
        "Who or what uses it.",
        _texts(("name", "Its name."), ("url", "Where to find it.")),
    ),
)

_CARD = (
    Fact("published", FactKind.FLAG, "Whether a revision of its card was published."),
    Fact("current", FactKind.FLAG, "Whether the newest published one was generated from what the version holds now."),
    Fact("revision", FactKind.NUMBER, "The newest published revision."),
    Fact("coverage", FactKind.RATIO, "How much of that one is provided, from 0.0 to 1.0."),
    Fact("publishedAt", FactKind.TEXT, "When that one was published."),
    Fact("hasDraft", FactKind.FLAG, "Whether a draft waits to be published."),
)

FACTS: tuple[Fact, ...] = (
    Fact("model", FactKind.RECORD, "The model.", _MODEL),
    Fact("version", FactKind.RECORD, "The version that is to move.", _VERSION),
    Fact("artifacts", FactKind.RECORDS, "Its files.", _ARTIFACT),
    Fact("evaluations", FactKind.RECORD, "How it was measured.", _EVALUATIONS),
    Fact("lineage", FactKind.RECORD, "Where it comes from and what uses it.", _LINEAGE),
    Fact("card", FactKind.RECORD, "Its model card.", _CARD),
)


def find_fact(path: str) -> Fact | None:
    """The fact at a path, `artifacts[].type`, or None where there is none."""
    inside: tuple[Fact, ...] = FACTS
    found: Fact | None = None
    for name in path.replace("[]", "").split("."):
        found = next((fact for fact in inside if fact.name == name), None)
        if found is None:
            return None
        inside = found.fields
    return found


@dataclass(frozen=True)
class FactLine:
    """A fact by its whole path, `artifacts[].path`, for tables that people read."""

    path: str
    kind: FactKind
    says: str


def list_facts() -> Iterator[FactLine]:
    """Every fact with its path, each object before what is inside it."""
    for fact in FACTS:
        yield from _lines(fact, "")


def _lines(fact: Fact, before: str) -> Iterator[FactLine]:
    path = f"{before}{fact.name}"
    yield FactLine(path, fact.kind, fact.says)
    inside = f"{path}[]." if fact.kind is FactKind.RECORDS else f"{path}."
    for inner in fact.fields:
        yield from _lines(inner, inside)


@dataclass(frozen=True)
class Example:
    """A rule that somebody might want, for the editor."""

    title: str
    expression: str
    message: str


EXAMPLES: tuple[Example, ...] = (
    Example(
        "A licence that we accept",
        'version.metadata.card.license in ["Apache-2.0", "MIT", "BSD-3-Clause"]',
        "The licence is one that Legal has cleared.",
    ),
    Example(
        "High risk says who is affected",
        'model.riskTier != "HIGH" || has(version.metadata.card.demographicFactors)',
        "A high-risk model names the groups it was looked at for.",
    ),
    Example(
        "No pickled weights",
        'artifacts.all(a, a.type != "WEIGHTS" || a.format in ["safetensors", "onnx", "gguf"])',
        "Weights are in a format that cannot carry code.",
    ),
    Example(
        "Accuracy is measured",
        'evaluations.runs.exists(r, r.metrics.exists(m, m.name == "accuracy" && m.value >= 0.9))',
        "Accuracy is at least 0.9.",
    ),
    Example(
        "No personal data",
        'lineage.datasets.all(d, d.personalData == "NO")',
        "Every dataset is known to hold no personal data.",
    ),
    Example(
        "Tested on data that it did not learn from",
        'lineage.datasets.exists(d, d.role == "TEST")',
        "A test dataset is in the lineage.",
    ),
    Example(
        "Base models are in production",
        'lineage.baseModels.all(b, has(b.state) && b.state == "PRODUCTION")',
        "Whatever it was made from is registered here and in production.",
    ),
    Example(
        "A card that says nearly all",
        "card.current && card.coverage >= 0.9",
        "A model card of the version as it is now is published, and provides nine of ten items.",
    ),
    Example(
        "A commit of our own",
        'has(version.commitSha) && model.repositoryUrl.startsWith("https://git.company.com/")',
        "It was built from a commit in our own repositories.",
    ),
)
