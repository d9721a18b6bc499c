"""Model Details: what the version is, what it is built with, and where it comes from."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.features.cards.gathering.facts import Base, Facts
from modelkeep_server.features.cards.gathering.found import (
    NOTHING,
    Answers,
    Found,
    of_lineage,
    of_model,
    of_version,
    page_of,
    table,
    text,
    texts,
    version_page,
)
from modelkeep_server.features.cards.views import Origin, Source
from modelkeep_server.kit import canonical
from modelkeep_server.rules.approvals import TIERS
from modelkeep_server.rules.lineage import DatasetRole, ItemKind, call_run
from modelkeep_server.rules.schema_documents import Document
from modelkeep_server.rules.wording import say_code

#: What stands for a base model that not everybody who reads the card may see.
HIDDEN = "A registered model that not everybody may see"


def answer_details(facts: Facts) -> Answers:
    """What is not a field of its own."""
    model, version = facts.model, facts.version
    own, mine = of_version(facts), of_model(facts)
    tier = next(info.label for info in TIERS.values() if info.tier is model.risk_tier)
    framework = " ".join(
        str(facts.value_of(path)) for path in ("framework", "frameworkVersion") if facts.value_of(path)
    )
    return {
        "name": text(model.address, mine),
        "version": text(version.version, own),
        "description": text(model.description, mine),
        "owners": texts(model.owners, mine),
        "risk-tier": text(f"{tier}: {model.risk_rationale}" if model.risk_rationale else tier, mine),
        "content-digest": text(version.content_digest, own),
        "framework": text(framework if facts.value_of("framework") else None, own),
        "parameters": _tell_parameters(facts),
        "files": table(
            ("File", "Type", "Format", "Bytes", "SHA-256", "Scan"), map(_tell_file, facts.files),
            (Source(Origin.ARTIFACT, "Files", page_of(facts, "/artifacts")),), numbers=(3,), total=facts.file_count,
        ),
        "inputs": _tell_schema(facts, "inputSchema"),
        "outputs": _tell_schema(facts, "outputSchema"),
        "hyperparameters": table(
            ("Name", "Value"), _flatten(facts.value_of("hyperparameters") or {}), own
        ),
        **_answer_origins(facts),
    }  # fmt: skip


def _answer_origins(facts: Facts) -> Answers:
    lineage = of_lineage(facts)
    training = [
        f"{data['name']} {data['version']}"
        for data in facts.items_of(ItemKind.DATASET)
        if data.get("role") == DatasetRole.TRAINING
    ]
    scripts = [tell_program(item) for item in facts.items_of(ItemKind.TRAINING_SCRIPT)]
    runs = map(_tell_run, facts.items_of(ItemKind.TRAINING_RUN))
    return {
        "data-sources": texts(training, lineage),
        "code": texts([*_tell_commits(facts), *scripts], lineage),
        "training-runs": texts(runs, lineage),
        "base-models": texts(map(name_base, facts.bases), (*lineage, *base_sources(facts.bases))),
    }


def name_base(base: Base) -> str:
    """What a base model is called to everybody who reads the card."""
    return base.address or base.uri or HIDDEN


def base_sources(bases: tuple[Base, ...]) -> tuple[Source, ...]:
    """The registered base models as sources."""
    named = dict.fromkeys(base.address for base in bases if base.address)
    return tuple(Source(Origin.BASE_MODEL, address, version_page(address)) for address in named)


def _tell_commits(facts: Facts) -> list[str]:
    """`1f0c9a2 in https://...`; one whose repository is told as well is not told without it."""
    found: dict[str, list[str]] = {}
    for item in facts.items_of(ItemKind.COMMIT):
        found.setdefault(str(item["commitSha"]).lower(), []).append(item.get("repositoryUrl") or "")
    return [
        f"{commit} in {where}" if where else commit
        for commit, places in found.items()
        for where in (list(filter(None, places)) or [""])
    ]


def _tell_run(run: Mapping[str, Any]) -> str:
    """`mlflow/churn-2107 (https://...)`, or the bare id that stands in the version's own field."""
    return f"{call_run(run)} ({run['url']})" if run.get("url") else call_run(run)


def tell_program(item: Mapping[str, Any]) -> str:
    """A script or pipeline by its name, where it is, and its commit."""
    commit = f" at {item['commitSha']}" if item.get("commitSha") else ""
    return f"{item['name']} ({item['uri']}{commit})"


def _tell_file(file: Artifact) -> tuple[str, ...]:
    scan = "Damaged" if file.is_damaged else say_code(file.scan.verdict.value) if file.scan else "Not scanned"
    return file.path, say_code(file.type.value), file.format or "", f"{file.size_bytes:,}", file.sha256, scan


def _tell_parameters(facts: Facts) -> Found:
    """How many parameters the weights hold, format by format: the shards of one count together."""
    formats = {file.path: file.format or "unknown format" for file in facts.files}
    counted: Counter[str] = Counter()
    paths = []
    for path, header in facts.headers:
        if header.parameters:
            counted[formats.get(path, "unknown format")] += header.parameters
            paths.append(path)
    if not counted:
        return NOTHING
    told = [f"{count:,}" if len(counted) == 1 else f"{count:,} in {name}" for name, count in counted.items()]
    sources = tuple(Source(Origin.ARTIFACT, path, page_of(facts, f"/artifacts/{quote(path)}")) for path in paths)
    return Found("; ".join(told), sources)


def _tell_schema(facts: Facts, path: str) -> Found:
    schema = facts.value_of(path)
    if not isinstance(schema, Mapping):
        return NOTHING
    properties = schema.get("properties")
    asked = schema.get("required")
    required = asked if isinstance(asked, list) else []
    rows = [("", *_tell_field(schema, schema), "")]
    if isinstance(properties, Mapping) and properties:
        rows = [
            (name, *_tell_field(schema, inner), "Yes" if name in required else "No")
            for name, inner in properties.items()
        ]
    return table(("Name", "Type", "Description", "Required"), rows, of_version(facts))


def _tell_field(root: Mapping[str, Any], place: Any) -> tuple[str, str]:
    """The type of a field in words, and what the schema says of it; references are followed inside the document."""
    told = place
    for _ in range(32):
        if not isinstance(told, Mapping) or not isinstance(told.get("$ref"), str) or "type" in told:
            break
        target = Document(root).find_target(told["$ref"])
        if not isinstance(target, Mapping):
            break
        told = {**target, **{key: value for key, value in told.items() if key != "$ref"}}
    if not isinstance(told, Mapping):
        return ("any" if told else "none"), ""
    kind = told.get("type")
    names = " or ".join(map(str, kind)) if isinstance(kind, list) else str(kind or "")
    if not names and isinstance(told.get("enum"), list):
        names = f"one of {', '.join(canonical.dumps(value) for value in told['enum'][:10])}"
    described = told.get("description") or told.get("title")
    return names or "any", described if isinstance(described, str) else ""


def _flatten(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each value by its dotted path: `optimizer.lr`."""
    stack: list[tuple[str, Any]] = list(reversed(value.items()))
    while stack:
        name, inner = stack.pop()
        if isinstance(inner, dict) and inner:
            stack.extend((f"{name}.{key}", below) for key, below in reversed(inner.items()))
        else:
            yield name, inner if isinstance(inner, str) else canonical.dumps(inner)
