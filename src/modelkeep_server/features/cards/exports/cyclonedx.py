"""
A card as a bill of materials for machine learning: the model with its card, its files with their hashes, the data it
learned from and the models it was made from.

Source: CycloneDX 1.7 (ECMA-424, second edition), JSON; `modelCard` of a component. What a card does not say is left
out. A document of the same revision is the same, its serial number too.
"""

import base64
import math
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from modelkeep_server.features.cards.charts import Chart, charts_of
from modelkeep_server.features.cards.exports.chart_svg import draw_svg
from modelkeep_server.features.cards.exports.hub_metadata import (
    find_item,
    find_license,
    find_on_hub,
    find_task,
    read_column,
)
from modelkeep_server.features.cards.measure_words import say_outcome
from modelkeep_server.features.cards.views import Annotation, Card, Measure, Table
from modelkeep_server.kit import clock
from modelkeep_server.rules.card_sections import ItemKind

_SCHEMA = "http://cyclonedx.org/schema/bom-1.7.schema.json"
_MODEL_REF = "model"
_CHARTS_MAX = 24
#: Where data lies. What reads the document may make a link of it, so nothing is an address that a browser would run.
_ADDRESS = re.compile(
    r"(?:https?|s3a?|gs|az|abfss?|wasbs?|adl|hdfs|dbfs|r2|oci|hf|ftps?|sftp|git|git\+https|git\+ssh|ssh|file|viewfs)"
    r"://[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+"
)
_HASH = re.compile("[0-9a-f]{64}")
_EMAIL = re.compile(r"[\w.+-]+@[A-Za-z0-9.-]+", re.ASCII)
#: Which items answer which of its considerations.
_USE_CASES = ("primary-uses",)
_USERS = ("target-users",)
_LIMITS = (
    "limitations", "known-biases", "inherited-limitations", "out-of-scope", "relevant-factors", "demographic-factors",
    "environmental-factors",
)  # fmt: skip
_TRADE_OFFS = ("error-analysis", "robustness")
_ETHICS = ("risks", "ethical-considerations")
#: How data is to be guarded, by whether it is personal.
_CLASSES = {"Yes": "Personal data", "No": "No personal data"}
#: Said as properties, since the format has no other place for them.
_PROPERTIES = (
    "training-date", "parameters", "target-environments", "evaluation-procedure", "dataset-description",
    "preprocessing", "responsible-use", "code", "training-runs", "preprocessing-code",
)  # fmt: skip


def to_cyclonedx(card: Card, public_url: str) -> dict[str, Any]:
    """The card as a CycloneDX document. `public_url` is the registry's own address."""
    files = list(_files(card))
    data = list(_datasets(card))
    bases = [_base(name, place) for place, name in enumerate(_entries(card, "base-models"))]
    parts = [*files, *data, *bases]
    document: dict[str, Any] = {
        "$schema": _SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, _identity(card, public_url)).urn,
        "version": 1,
        "metadata": {
            "timestamp": clock.iso_seconds(card.published_at or card.generated_at),
            "tools": {"components": [{"type": "application", "name": "modelkeep"}]},
            "authors": [_person(card.published_by or card.generated_by)],
            "component": _model(card, public_url, data, bases),
        },
        "components": parts,
        "dependencies": [
            {"ref": _MODEL_REF, "dependsOn": [part["bom-ref"] for part in parts]},
            *({"ref": part["bom-ref"]} for part in parts),
        ],
    }
    notes = [_annotation(note, section.title, place) for place, (section, note) in enumerate(
        (section, note) for section in card.sections for note in section.annotations)]  # fmt: skip
    return document | ({"annotations": notes} if notes else {})


def _identity(card: Card, public_url: str) -> str:
    """What tells one document from all others: of a draft also when it was generated, since a draft changes."""
    which = f"{public_url}/models/{card.model}/versions/{card.version}/card/{card.revision}"
    return which if card.digest else f"{which}/{card.edition}/{clock.iso_seconds(card.generated_at)}"


def _person(called: str) -> dict[str, str]:
    return {"name": called, "email": called} if _EMAIL.fullmatch(called) else {"name": called}


def _base(name: str, place: int) -> dict[str, Any]:
    """A model that this one was made from; by its package address where a hub knows it."""
    found = find_on_hub(name)
    base = {"type": "machine-learning-model", "bom-ref": f"base-{place}", "name": name}
    return base | ({"purl": f"pkg:huggingface/{found}"} if found else {})


def _model(card: Card, public_url: str, data: list[dict[str, Any]], bases: list[dict[str, Any]]) -> dict[str, Any]:
    group, _, name = card.model.rpartition("/")
    license_ = _text(card, "license")
    known = find_license(license_)
    page = f"{public_url}/models/{card.model}/versions/{card.version}/card"
    ancestors = [{**base, "bom-ref": f"ancestor-{base['bom-ref']}"} for base in bases]
    component: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": _MODEL_REF,
        "group": group,
        "name": name,
        "version": card.version,
        "description": card.summary,
        "authors": [_person(owner) for owner in _entries(card, "owners")],
        "licenses": [{"license": {"id": known} if known else {"name": license_}}] if license_ else [],
        "pedigree": {"ancestors": ancestors} if bases else {},
        "externalReferences": [{"type": "model-card", "url": page}],
        "modelCard": _model_card(card, data),
        "properties": list(_card_properties(card)),
    }
    return {key: value for key, value in component.items() if value}


def _card_properties(card: Card) -> Iterator[dict[str, str]]:
    told = {
        "state": card.state,
        "riskTier": card.risk_tier,
        "card:revision": str(card.revision),
        "card:status": card.status.value,
        "card:coverage": str(card.coverage),
        "card:digest": card.digest,
        "contentDigest": _text(card, "content-digest"),
        "card:checkpoint": f"{card.checkpoint.origin} {card.checkpoint.size} {card.checkpoint.root}"
        if card.checkpoint
        else None,
    }
    for name, value in told.items():
        if value:
            yield {"name": f"modelkeep:{name}", "value": value}


def _model_card(card: Card, data: list[dict[str, Any]]) -> dict[str, Any]:
    kind = _text(card, "model-type")
    task = find_task(kind)
    parameters = {
        "task": task,
        "architectureFamily": None if task else kind,
        "modelArchitecture": _text(card, "architecture"),
        "datasets": [{"ref": part["bom-ref"]} for part in data],
        "inputs": list(_fields(card, "inputs")),
        "outputs": list(_fields(card, "outputs")),
    }
    considerations = {
        "users": list(_said(card, _USERS)),
        "useCases": list(_said(card, _USE_CASES)),
        "technicalLimitations": list(_said(card, _LIMITS)),
        "performanceTradeoffs": list(_said(card, _TRADE_OFFS)),
        "ethicalConsiderations": list(_ethics(card)),
        "fairnessAssessments": list(_fairness(card)),
    }
    metrics = [_metric(one) for one in dict.fromkeys(_measures(card))]
    told = {
        "modelParameters": _present(parameters),
        "quantitativeAnalysis": _present({"performanceMetrics": metrics, "graphics": _graphics(card)}),
        "considerations": _present(considerations),
        "properties": list(_model_card_properties(card)),
    }
    return {"bom-ref": "model-card", **_present(told)}


def _model_card_properties(card: Card) -> Iterator[dict[str, str]]:
    framework = _text(card, "framework")
    if framework:
        yield {"name": "modelkeep:framework", "value": framework}
    item = find_item(card, "hyperparameters")
    if item is not None and isinstance(item.value, Table):
        for row in item.value.rows:
            yield {"name": f"modelkeep:hyperparameter:{row[0]}", "value": row[-1]}
    for one in dict.fromkeys(_measures(card)):
        if one.limit is not None:
            yield {"name": "modelkeep:threshold", "value": _threshold(one)}
    for id_ in _PROPERTIES:
        for text in _entries(card, id_):
            yield {"name": f"modelkeep:{id_}", "value": text}


def _measures(card: Card) -> Iterator[Measure]:
    for section in card.sections:
        for item in section.items:
            yield from (one for one in item.value if isinstance(one, Measure)) if isinstance(item.value, tuple) else ()


def _graphics(card: Card) -> dict[str, Any]:
    """The charts of the card as pictures, each once."""
    items = [item for section in card.sections for item in section.items if item.kind is ItemKind.MEASURES]
    measures = [
        [one for one in item.value if isinstance(one, Measure)] for item in items if isinstance(item.value, tuple)
    ]
    charts = list(dict.fromkeys(chart for of_item in measures for chart in charts_of(of_item)))[:_CHARTS_MAX]
    return {"collection": [_graphic(chart) for chart in charts]} if charts else {}


def _graphic(chart: Chart) -> dict[str, Any]:
    drawn = base64.b64encode(draw_svg(chart).encode()).decode()
    image = {"contentType": "image/svg+xml", "encoding": "base64", "content": drawn}
    return {"name": " on ".join(filter(None, (chart.title, chart.dataset))), "image": image}


def _threshold(one: Measure) -> str:
    """What a suite demands of a metric, and what came of it; the format has metrics alone."""
    what = " of ".join(filter(None, (one.name, one.slice)))
    on = f" on {one.dataset}" if one.dataset else ""
    return f"{what}{on} {one.comparison or ''} {_number(one.limit or 0.0)}: {say_outcome(one).lower() or 'not judged'}"


def _metric(one: Measure) -> dict[str, Any]:
    """Numbers are texts in this format. Its `slice` says on which data and of which group."""
    told: dict[str, Any] = {"type": one.name, "value": _number(one.value)}
    where = ", ".join(part for part in (one.dataset, one.slice) if part)
    if where:
        told["slice"] = where
    if one.low is not None and one.high is not None:
        told["confidenceInterval"] = {"lowerBound": _number(one.low), "upperBound": _number(one.high)}
    return told


def _number(value: float) -> str:
    return str(int(value)) if math.isfinite(value) and value.is_integer() and abs(value) < 1e15 else repr(value)


def _ethics(card: Card) -> Iterator[dict[str, str]]:
    mitigations = "\n".join(_said(card, ("mitigations",)))
    told = list(_said(card, _ETHICS))
    for text in told or (["Mitigation strategies"] if mitigations else []):
        yield {"name": text, "mitigationStrategy": mitigations} if mitigations else {"name": text}


def _fairness(card: Card) -> Iterator[dict[str, str]]:
    item = find_item(card, "fairness")
    table = item.value if item is not None else None
    if not isinstance(table, Table):
        return
    for row in table.rows:
        group = read_column(table, row, "Worst group", "Group")
        parts = (f"{name} {cell}" for name, cell in zip(table.columns, row, strict=False) if cell)
        yield {**({"groupAtRisk": group} if group else {}), "harms": "; ".join(parts)}


def _fields(card: Card, id_: str) -> Iterator[dict[str, str]]:
    item = find_item(card, id_)
    if item is not None and isinstance(item.value, Table):
        for row in item.value.rows:
            name, kind = read_column(item.value, row, "Name", "Field"), read_column(item.value, row, "Type")
            yield {"format": f"{name}: {kind}" if name else kind}


def _files(card: Card) -> Iterator[dict[str, Any]]:
    item = find_item(card, "files")
    if item is None or not isinstance(item.value, Table):
        return
    table = item.value
    for place, row in enumerate(table.rows):
        sha256 = read_column(table, row, "SHA-256")
        told = {
            "type": "file",
            "bom-ref": f"file-{place}",
            "name": read_column(table, row, "File", "Path"),
            "hashes": [{"alg": "SHA-256", "content": sha256}] if _HASH.fullmatch(sha256) else [],
            "properties": [
                {"name": f"modelkeep:file:{name.lower()}", "value": cell.replace(",", "") if name == "Bytes" else cell}
                for name, cell in zip(table.columns, row, strict=False)
                if cell and name in ("Type", "Format", "Bytes", "Scan")
            ],
        }
        yield {key: value for key, value in told.items() if value or key == "name"}


def _datasets(card: Card) -> Iterator[dict[str, Any]]:
    """The data it learned from, then what it was measured on besides."""
    known: list[tuple[str, str]] = []
    for id_, role in (("datasets", ""), ("evaluation-datasets", "Evaluation")):
        item = find_item(card, id_)
        if item is None or not isinstance(item.value, Table):
            continue
        for row in item.value.rows:
            name, version = read_column(item.value, row, "Dataset", "Name"), read_column(item.value, row, "Version")
            if id_ == "datasets" or (name, version) not in known:
                yield _dataset(item.value, row, len(known), role)
                known.append((name, version))


def _dataset(table: Table, row: tuple[str, ...], place: int, role: str) -> dict[str, Any]:
    """
    A data set as a component. What it is used for stands in its description and how far it is to be guarded in its
    classification, as the standard asks; both also as properties, in the words of this registry.
    """
    cells = {
        name.lower(): cell.strip() for name, cell in zip(table.columns, row, strict=False) if cell.strip()
    }  # fmt: skip
    role = cells.get("role") or role
    personal, where, sha256 = cells.get("personal data", ""), cells.get("location", ""), cells.get("sha-256", "")
    name = cells.get("dataset", cells.get("name", ""))
    size = f", {cells['bytes']} bytes" if "bytes" in cells else ""
    is_address = bool(_ADDRESS.fullmatch(where))
    told = {
        "role": role,
        "personal-data": personal,
        "bytes": cells.get("bytes", "").replace(",", ""),
        "location": "" if is_address else where,
        "suite": cells.get("suite", ""),
    }
    data = {
        "type": "dataset",
        "name": name,
        "contents": {"url": where} if is_address else {},
        "classification": _CLASSES.get(personal, ""),
        "sensitiveData": ["Personal data"] if personal == "Yes" else [],
        "description": f"{role} data{size}" if role else "",
    }
    component = {
        "type": "data",
        "bom-ref": f"dataset-{place}",
        "name": name,
        "version": cells.get("version", ""),
        "hashes": [{"alg": "SHA-256", "content": sha256}] if _HASH.fullmatch(sha256) else [],
        "data": [_present(data)],
        "properties": [{"name": f"modelkeep:dataset:{key}", "value": value} for key, value in told.items() if value],
    }
    return {key: value for key, value in component.items() if value or key == "name"}


def _annotation(note: Annotation, title: str, place: int) -> dict[str, Any]:
    if note.author.startswith("service:"):
        annotator: dict[str, Any] = {"component": {"type": "application", "name": note.author}}
    else:
        email = {"email": note.author} if "@" in note.author else {}
        annotator = {"individual": {"name": note.name, **email}}
    return {
        "bom-ref": f"annotation-{place}",
        "subjects": [_MODEL_REF],
        "annotator": annotator,
        "timestamp": clock.iso_seconds(note.at),
        "text": f"{title}: {note.markdown}",
    }


def _text(card: Card, id_: str) -> str:
    item = find_item(card, id_)
    return item.value if item is not None and isinstance(item.value, str) else ""


def _entries(card: Card, id_: str) -> list[str]:
    """A text as one entry, a list as its own."""
    item = find_item(card, id_)
    if item is None or item.value is None:
        return []
    if isinstance(item.value, str):
        return [item.value]
    return [one for one in item.value if isinstance(one, str)] if isinstance(item.value, tuple) else []


def _said(card: Card, ids: tuple[str, ...]) -> Iterator[str]:
    """What these items say, each beginning with its label where several are asked for."""
    for id_ in ids:
        item = find_item(card, id_)
        for text in _entries(card, id_):
            yield f"{item.label}: {text}" if item is not None and len(ids) > 1 else text


def _present(told: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if value}
