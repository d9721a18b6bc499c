"""
What is known of a version: one row a metadata field (the guide, "Version Metadata").

The create form, the JSON shape, the version page, completeness and the generated docs are drawn from `FIELDS`.
A new field is one row here and nothing else. Also the limits that bind models and versions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What sort of value a field holds, and so which control edits it and which check judges it."""

    LINE = "line"  # one line of text
    TEXT = "text"  # several lines
    DATE = "date"  # an ISO 8601 date, 2026-01-31
    SCHEMA = "schema"  # a JSON Schema 2020-12 document
    OBJECT = "object"  # any JSON object
    DATASET = "dataset"  # {name, version, uri?, sha256?, sizeBytes?, personalData?}
    BASE_MODEL = "base_model"  # {model, version} or {uri}


@dataclass(frozen=True)
class Section:
    """A group of fields on the form and the page."""

    id: str
    title: str
    hint: str


SECTIONS: tuple[Section, ...] = (
    Section("framework", "Framework Information", "What it is built with."),
    Section("schemas", "Schema Definitions", "What goes in and what comes out, as JSON Schema 2020-12."),
    Section("training", "Training Information", "Where it comes from and what it is for."),
    Section("card", "Model card details", "Facts that the model card shows."),
)


@dataclass(frozen=True)
class Field:
    """
    One metadata field. `key` is its JSON name; `card` fields live under `metadata.card`.

    `why` says why a complete version has it; None means that completeness does not ask for it.
    """

    key: str
    label: str
    kind: Kind
    section: str
    hint: str
    why: str | None = None
    card: bool = False

    @property
    def path(self) -> str:
        """Where the value stands in `metadata`, as error messages and docs name it."""
        return f"card.{self.key}" if self.card else self.key


def _card(key: str, label: str, hint: str, kind: Kind = Kind.TEXT) -> Field:
    return Field(key, label, kind, "card", hint, card=True)


FIELDS: tuple[Field, ...] = (
    Field(
        "framework",
        "Framework",
        Kind.LINE,
        "framework",
        "For instance scikit-learn, pytorch, tensorflow.",
        "Whoever runs it must know what to run it with.",
    ),
    Field(
        "frameworkVersion",
        "Framework Version",
        Kind.LINE,
        "framework",
        "For instance 1.12.0.",
        "The same files can behave differently under another release.",
    ),
    Field(
        "modelType",
        "Model Type",
        Kind.LINE,
        "framework",
        "The architecture, for instance xgboost, bert-base, resnet50.",
        "Reviewers judge a tree ensemble and a transformer by different questions.",
    ),
    Field(
        "inputSchema",
        "Input Schema",
        Kind.SCHEMA,
        "schemas",
        "JSON Schema describing the expected inputs.",
        "Callers and monitors check requests against it.",
    ),
    Field(
        "outputSchema",
        "Output Schema",
        Kind.SCHEMA,
        "schemas",
        "JSON Schema describing the outputs.",
        "Whoever consumes the answer must know its shape.",
    ),
    Field(
        "hyperparameters",
        "Hyperparameters",
        Kind.OBJECT,
        "training",
        "Training configuration, as a JSON object.",
        "Without them the training cannot be repeated.",
    ),
    Field(
        "trainingDataset",
        "Training Dataset",
        Kind.DATASET,
        "training",
        "Name and version of the dataset used.",
        "Impact analysis starts from the data.",
    ),
    Field(
        "baseModel",
        "Base Model",
        Kind.BASE_MODEL,
        "training",
        "The parent model if this was fine-tuned.",
    ),
    Field(
        "intendedUse",
        "Intended Use",
        Kind.TEXT,
        "training",
        "Specific use cases and applications.",
        "Approval is for a use; reviewers need to know which.",
    ),
    Field(
        "limitations",
        "Limitations",
        Kind.TEXT,
        "training",
        "Known limitations and constraints.",
        "People who rely on it must know where it fails.",
    ),
    Field(
        "ethicalConsiderations",
        "Ethical Considerations",
        Kind.TEXT,
        "training",
        "Bias, fairness, and ethical implications.",
        "Reviewers ask who could be harmed.",
    ),
    _card("architecture", "Architecture", "How the model is built."),
    _card("trainingDate", "Training date", "The day training ended.", Kind.DATE),
    _card("targetUsers", "Target users", "Who is meant to use it."),
    _card("targetEnvironments", "Target environments", "Where it is meant to run."),
    _card("outOfScopeUses", "Out-of-scope uses", "What it must not be used for."),
    _card("relevantFactors", "Relevant factors", "What affects its performance."),
    _card("demographicFactors", "Demographic factors", "Groups it was looked at for."),
    _card("environmentalFactors", "Environmental factors", "Conditions it was looked at under."),
    _card("evaluationProcedure", "Evaluation procedure", "How it was evaluated."),
    _card("errorAnalysis", "Error analysis", "Where and why it errs."),
    _card("datasetDescription", "Dataset description", "What the training data holds and where it is from."),
    _card("preprocessing", "Preprocessing", "What was done to the data."),
    _card("knownBiases", "Known biases", "Biases and limits of the data."),
    _card("robustness", "Robustness", "Results under noise, shift and attack."),
    _card("risks", "Risks", "Potential risks and harms."),
    _card("mitigations", "Mitigations", "What is done against them."),
    _card("responsibleUse", "Responsible use", "Guidelines for using it well."),
    _card("license", "License", "An SPDX expression, for instance Apache-2.0.", Kind.LINE),
)

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
NAME_CHARS = 100
RESERVED_GROUPS = frozenset({"new"})
DESCRIPTION_CHARS = 4_000
VERSION_DESCRIPTION_CHARS = 4_000
OWNERS_MAX = 50
TAGS_MAX = 30
TAG_CHARS = 64
URL_CHARS = 2_000
TEXT_CHARS = 20_000
LINE_CHARS = 200
JSON_BYTES = 64 * 1024
METADATA_BYTES = 512 * 1024
JSON_DEPTH = 32
COMMIT_PATTERN = r"[0-9a-fA-F]{7,64}"
PATH_CHARS = 255

#: What binds a field of each kind, as a sentence for references and docs.
LIMITS: Mapping[Kind, str] = {
    Kind.LINE: f"At most {LINE_CHARS} characters.",
    Kind.TEXT: f"At most {TEXT_CHARS:,} characters.",
    Kind.DATE: "A day: 2026-01-31.",
    Kind.SCHEMA: f"Without remote references, at most {JSON_BYTES // 1024} KiB.",
    Kind.OBJECT: f"At most {JSON_BYTES // 1024} KiB, {JSON_DEPTH} levels deep.",
    Kind.DATASET: "`name` and `version`; if you like `uri`, `sha256`, `sizeBytes`, `personalData` (YES, NO, UNKNOWN).",
    Kind.BASE_MODEL: "`model` and `version` of one that is registered here, or `uri` of one from outside.",
}


@dataclass(frozen=True)
class Missing:
    """A field that a complete version has and this one lacks."""

    field: str
    label: str
    why: str


@dataclass(frozen=True)
class Completeness:
    """How complete the metadata is: `score` from 0 to 1 over the fields that ask for it."""

    score: float
    missing: tuple[Missing, ...]


def find_value(metadata: Mapping[str, Any], field: Field) -> Any:
    """The value of a field, or None where it is absent or empty."""
    holder = metadata.get("card") or {} if field.card else metadata
    value = holder.get(field.key)
    return None if value in ("", {}, []) else value


def list_card_gaps(metadata: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields told for the model card that hold nothing, so that it says “Not provided” there."""
    return tuple(field for field in FIELDS if field.card and find_value(metadata, field) is None)


def judge_completeness(metadata: Mapping[str, Any]) -> Completeness:
    """Which of the asked-for fields are filled. An empty text, object or list counts as missing."""
    asked = [field for field in FIELDS if field.why is not None]
    missing = tuple(
        Missing(field.path, field.label, field.why)
        for field in asked
        if field.why is not None and find_value(metadata, field) is None
    )
    return Completeness(round(1 - len(missing) / len(asked), 4), missing)
