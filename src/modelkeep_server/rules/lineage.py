"""
What is known of where a version comes from and what uses it: one row a kind of lineage item (the guide, "Lineage
Tracking"). Forms, the API, the graph and the docs are drawn from `KINDS`.

A node of the graph is named by a text that people can type: `dataset:churn-events@2026-02`.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ItemKind(StrEnum):
    """The kinds of lineage items, by their names in JSON."""

    DATASET = "DATASET"
    FEATURE_PIPELINE = "FEATURE_PIPELINE"
    COMMIT = "COMMIT"
    TRAINING_SCRIPT = "TRAINING_SCRIPT"
    PREPROCESSING = "PREPROCESSING"
    BASE_MODEL = "BASE_MODEL"
    TRAINING_RUN = "TRAINING_RUN"
    CONSUMER = "CONSUMER"


class NodeKind(StrEnum):
    """What a node of the graph is. BASE_MODEL is one from outside; a registered one is a VERSION."""

    VERSION = "VERSION"
    DATASET = "DATASET"
    FEATURE_PIPELINE = "FEATURE_PIPELINE"
    COMMIT = "COMMIT"
    TRAINING_SCRIPT = "TRAINING_SCRIPT"
    PREPROCESSING = "PREPROCESSING"
    BASE_MODEL = "BASE_MODEL"
    TRAINING_RUN = "TRAINING_RUN"
    CONSUMER = "CONSUMER"
    DEPLOYMENT = "DEPLOYMENT"


class Family(StrEnum):
    """The five families that the graph page tells apart and filters by."""

    DATA = "DATA"
    CODE = "CODE"
    MODELS = "MODELS"
    DEPLOYMENTS = "DEPLOYMENTS"
    CONSUMERS = "CONSUMERS"


class DatasetRole(StrEnum):
    """What a dataset was used for."""

    TRAINING = "TRAINING"
    VALIDATION = "VALIDATION"
    TEST = "TEST"


class PersonalData(StrEnum):
    """Whether a dataset holds personal data."""

    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"


class Control(StrEnum):
    """Which control edits a field of an item, and which check judges it."""

    LINE = "line"
    URI = "uri"  # any scheme: s3://..., git+ssh://..., hf:org/name
    URL = "url"  # http or https, shown as a link
    SHA256 = "sha256"
    COMMIT = "commit"
    BYTES = "bytes"  # a whole number of bytes
    ROLE = "role"
    PERSONAL_DATA = "personal_data"
    MODEL = "model"  # group/name
    VERSION = "version"  # semantic version
    ITEMS = "items"  # ids of nodes that other items of the same version lead to


@dataclass(frozen=True)
class ItemField:
    """A field of an item. `key` is its JSON name."""

    key: str
    label: str
    control: Control
    hint: str
    required: bool = False


@dataclass(frozen=True)
class KindInfo:
    """
    A kind of item as people read it. `act` is the button's label; `prefix` begins the ids of its nodes.

    `is_content`: it says how the version was made, so it is frozen with it. `relation` is what stands on the edge, as
    the end of "<upstream> ... <downstream>".
    """

    kind: ItemKind
    label: str
    act: str
    says: str
    prefix: str
    family: Family
    icon: str
    relation: str
    fields: tuple[ItemField, ...]
    is_content: bool = True

    @property
    def takes_in(self) -> bool:
        """Whether it can say what of its version's lineage it took in."""
        return any(row.key == INPUTS for row in self.fields)


_NAME = ItemField("name", "Name", Control.LINE, "As your team calls it.", required=True)
_WHERE = ItemField("uri", "URI", Control.URI, "Where it is: a path in a repository, a job, a notebook.", required=True)
_COMMIT = ItemField("commitSha", "Commit SHA", Control.COMMIT, "7 to 64 hexadecimal digits.")
#: The fields that a thing's name is made of.
NAMING = frozenset({"name", "version", "model", "system", "runId"})
INPUTS = "inputs"
_INPUTS = ItemField(INPUTS, "Takes in", Control.ITEMS, "What else of this version's lineage it took in.")

KINDS: dict[ItemKind, KindInfo] = {
    row.kind: row
    for row in (
        KindInfo(
            ItemKind.DATASET, "Dataset", "Track Dataset", "Data it was trained, validated or tested on.",
            "dataset", Family.DATA, "database", "is data of",
            (
                ItemField("name", "Dataset name", Control.LINE, "For instance churn-events.", required=True),
                ItemField("version", "Dataset version", Control.LINE, "For instance 2026-02.", required=True),
                ItemField("uri", "Dataset URI or location", Control.URI, "For instance s3://data/churn/2026-02/."),
                ItemField("role", "Role", Control.ROLE, "What it was used for.", required=True),
                ItemField("sha256", "SHA-256", Control.SHA256, "Of the data or its manifest, 64 hexadecimal digits."),
                ItemField("sizeBytes", "Size in bytes", Control.BYTES, "A whole number."),
                ItemField("personalData", "Personal data", Control.PERSONAL_DATA, "Whether it is about people."),
            ),
        ),
        KindInfo(
            ItemKind.FEATURE_PIPELINE, "Feature pipeline", "Add Feature Pipeline",
            "What turns data into features.", "pipeline", Family.DATA, "workflow", "prepares features of",
            (_NAME, _WHERE, _COMMIT, _INPUTS),
        ),
        KindInfo(
            ItemKind.COMMIT, "Commit", "Link Commit", "The source code it was built from.",
            "commit", Family.CODE, "git-commit-horizontal", "is code of",
            (
                ItemField("repositoryUrl", "Repository URL", Control.URL, "Where the code is.", required=True),
                ItemField("commitSha", "Commit SHA", Control.COMMIT, "7 to 64 hexadecimal digits.", required=True),
            ),
        ),
        KindInfo(
            ItemKind.TRAINING_SCRIPT, "Training script", "Add Training Script", "The program that trained it.",
            "script", Family.CODE, "file-code", "trains", (_NAME, _WHERE, _COMMIT, _INPUTS),
        ),
        KindInfo(
            ItemKind.PREPROCESSING, "Preprocessing code", "Add Preprocessing Code",
            "The program that prepared its data.", "preprocessing", Family.CODE, "braces", "prepares data of",
            (_NAME, _WHERE, _COMMIT, _INPUTS),
        ),
        KindInfo(
            ItemKind.BASE_MODEL, "Base model", "Add Base Model", "The model it was made from.",
            "base", Family.MODELS, "box", "is base of",
            (
                ItemField("model", "Model", Control.MODEL, "A registered model, as group/name."),
                ItemField("version", "Version", Control.VERSION, "Which version of it, for instance 1.0.0."),
                ItemField("uri", "URI", Control.URI, "One from outside, for instance hf:org/name."),
            ),
        ),
        KindInfo(
            ItemKind.TRAINING_RUN, "Training run", "Link Training Run",
            "The run that made it, in MLflow or another system.", "run", Family.CODE, "activity", "produced",
            (
                ItemField("system", "System", Control.LINE, "For instance mlflow.", required=True),
                ItemField("runId", "Run ID", Control.LINE, "Its id there.", required=True),
                ItemField("url", "URL", Control.URL, "Its page there."),
                _INPUTS,
            ),
        ),
        KindInfo(
            ItemKind.CONSUMER, "Consumer", "Add Consumer", "Who or what uses it.",
            "consumer", Family.CONSUMERS, "users", "is used by",
            (
                ItemField("name", "Name", Control.LINE, "A service, a report, a team.", required=True),
                ItemField("url", "URL", Control.URL, "Where to find it."),
            ),
            is_content=False,
        ),
    )
}  # fmt: skip

#: Of a node of the graph: its word, its family and its icon, where no item has them.
NODES: dict[NodeKind, tuple[str, Family, str]] = {
    **{NodeKind(row.kind.value): (row.label, row.family, row.icon) for row in KINDS.values()},
    NodeKind.VERSION: ("Version", Family.MODELS, "box"),
    NodeKind.DEPLOYMENT: ("Deployment", Family.DEPLOYMENTS, "server"),
}

#: What an edge says that no item made, and one from what another item took in.
DEPLOYED = "runs in"
TAKEN_IN = "goes into"

FAMILY_LABELS: dict[Family, str] = {
    Family.DATA: "Data",
    Family.CODE: "Code and runs",
    Family.MODELS: "Models",
    Family.DEPLOYMENTS: "Deployments",
    Family.CONSUMERS: "Consumers",
}

#: The system that a version's Training Job ID is shown under.
JOB_SYSTEM = "job"
ITEMS_MAX = 500
#: How much the items of a version take in, all together, and how long the ids of that are: each line of a drawn graph
#: is read with all of them.
INPUTS_MAX = 2_000
INPUTS_CHARS = 400_000
DEPTH_DEFAULT = 2
#: The most nodes of one picture, and of one analysis.
GRAPH_NODES = 400
IMPACT_NODES = 20_000
#: What every reader of JSON holds exactly.
BYTES_MAX = 2**53 - 1
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def name_node(kind: ItemKind, facts: Mapping[str, Any]) -> str:
    """
    The id of the node that an item leads to, by the item's fields. A registered base model is a version's node, which
    `name_version` names.
    """
    prefix = KINDS[kind].prefix
    match kind:
        case ItemKind.DATASET:
            return f"{prefix}:{_part(facts['name'])}@{facts['version']}"
        case ItemKind.COMMIT:
            return f"{prefix}:{facts['commitSha'].lower()}"
        case ItemKind.TRAINING_RUN:
            return f"{prefix}:{_part(facts['system'])}/{facts['runId']}"
        case ItemKind.BASE_MODEL:
            return f"{prefix}:{facts['uri']}"
        case ItemKind.CONSUMER:
            return f"{prefix}:{facts['name']}"
    place = str(facts["uri"]).replace("%", "%25").replace("@", "%40")
    sha = facts.get("commitSha")
    return f"{prefix}:{place}@{sha.lower()}" if sha else f"{prefix}:{place}"


def name_item(kind: ItemKind, facts: Mapping[str, Any]) -> str:
    """The id of the node that an item leads to: a registered base model is a version's node."""
    if kind is ItemKind.BASE_MODEL and "model" in facts:
        return name_version(facts["model"], facts["version"])
    return name_node(kind, facts)


def list_spellings(kind: ItemKind, rest: str) -> list[str]:
    """The ids that a text may stand for: as it is, and with what is written otherwise in an id as people write it."""
    ways = [f"{KINDS[kind].prefix}:{rest}"]
    match kind:
        case ItemKind.DATASET if "@" in rest:
            name, _, version = rest.rpartition("@")
            ways.append(name_node(kind, {"name": name, "version": version}))
        case ItemKind.TRAINING_RUN if "/" in rest:
            system, _, run = rest.partition("/")
            ways.append(name_node(kind, {"system": system, "runId": run}))
        case ItemKind.COMMIT:
            ways.append(name_node(kind, {"commitSha": rest}))
    return ways


def name_version(model: str, version: str) -> str:
    """
    The id of a version's node: `version:GROUP/NAME/VERSION`. With the model in small letters it names the node of one
    that was told as a base before there was any of that number.
    """
    return f"version:{model}/{version}"


def digest_name(name: str) -> str:
    """What a node is found by: the SHA-256, in hex, of its name."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def key_of_base(facts: Mapping[str, Any]) -> tuple[str, str] | None:
    """What a registered base model is found by: its address in small letters, and the version; None of another item."""
    model, version = facts.get("model"), facts.get("version")
    return (str(model).lower(), str(version)) if model and version else None


def with_inputs(facts: Mapping[str, Any], inputs: Sequence[str]) -> dict[str, Any]:
    """The fields of an item that took in these and nothing else."""
    others = {key: value for key, value in facts.items() if key != INPUTS}
    return {**others, INPUTS: list(inputs)} if inputs else others


def find_model(node: str) -> str | None:
    """The model of a version's node by its id, as `name_version` makes it; None of any other."""
    prefix, _, rest = node.partition(":")
    return rest.rpartition("/")[0] if prefix == "version" else None


def name_deployment(environment: str) -> str:
    """The id of an environment's node: `environment:NAME`."""
    return f"environment:{environment}"


def label_node(kind: ItemKind, facts: Mapping[str, Any]) -> str:
    """What a node is called in the graph; a registered base model bears its version's name."""
    match kind:
        case ItemKind.DATASET:
            return f"{facts['name']} {facts['version']}"
        case ItemKind.COMMIT:
            return str(facts["commitSha"][:12])
        case ItemKind.TRAINING_RUN:
            return call_run(facts)
        case ItemKind.BASE_MODEL:
            return str(facts["uri"])
    return str(facts["name"])


def call_run(facts: Mapping[str, Any]) -> str:
    """What a training run is called: a Training Job ID as it was typed, for nobody said which system it is of."""
    run = str(facts["runId"])
    return run if facts["system"] == JOB_SYSTEM else f"{facts['system']}/{run}"


def find_sha256_fault(text: str) -> str | None:
    """What is wrong with a SHA-256, as a sentence, or None."""
    return None if _SHA256.fullmatch(text) else "64 hexadecimal digits, as `sha256sum` prints them."


def find_bytes_fault(value: Any) -> str | None:
    """What is wrong with a number of bytes, as a sentence, or None."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= BYTES_MAX:
        return None
    return f"A whole number of bytes, from 0 to {BYTES_MAX}."


def _part(text: str) -> str:
    """A part before a separator, so that two different pairs never make one id."""
    return text.replace("%", "%25").replace("@", "%40").replace("/", "%2F")
