"""Reading a file of metrics, of a format named or recognised."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from modelkeep_server.features.evaluations.importing import (
    fairlearn,
    huggingface,
    lm_eval,
    mlflow,
    plain_csv,
    sklearn,
)
from modelkeep_server.features.evaluations.importing.gathering import Reading, Unreadable, json_of, text_of
from modelkeep_server.rules.errors import FieldError
from modelkeep_server.rules.metrics import IMPORT_BYTES_MAX, Metric


class ImportFormat(StrEnum):
    """What files of metrics are taken."""

    MLFLOW = "mlflow"
    SKLEARN = "sklearn"
    FAIRLEARN = "fairlearn"
    HUGGINGFACE = "huggingface"
    LM_EVAL = "lm-eval"
    CSV = "csv"


#: What each format is called, and where one gets such a file.
FORMAT_WORDS: Mapping[ImportFormat, str] = {
    ImportFormat.MLFLOW: "MLflow metrics: metrics.json, a run as JSON, or `tail -n +1 metrics/*`",
    ImportFormat.SKLEARN: "scikit-learn classification_report, as text or JSON",
    ImportFormat.FAIRLEARN: "fairlearn MetricFrame, by_group.to_csv()",
    ImportFormat.HUGGINGFACE: "Hugging Face model-index: a model card's head, YAML or JSON",
    ImportFormat.LM_EVAL: "lm-evaluation-harness results, as JSON",
    ImportFormat.CSV: "CSV with the columns metric,value,slice,low,high",
}

_READERS: Mapping[ImportFormat, Callable[[bytes], Reading]] = {
    ImportFormat.MLFLOW: mlflow.read,
    ImportFormat.SKLEARN: sklearn.read,
    ImportFormat.FAIRLEARN: fairlearn.read,
    ImportFormat.HUGGINGFACE: huggingface.read,
    ImportFormat.LM_EVAL: lm_eval.read,
    ImportFormat.CSV: plain_csv.read,
}


@dataclass(frozen=True)
class Imported:
    """What was read, and of which format; None where none was recognised. `faults` names rows and paths."""

    format: ImportFormat | None
    metrics: tuple[Metric, ...]
    faults: tuple[FieldError, ...]


def read_metrics(content: bytes, format_: str | None = None) -> Imported:
    """The metrics of a file of at most 1 MiB, and everything that is wrong with it. Never raises for bad content."""
    if len(content) > IMPORT_BYTES_MAX:
        fault = FieldError(
            "content", f"At most {IMPORT_BYTES_MAX:,} bytes; these are {len(content):,}. Split the file."
        )
        return Imported(None, (), (fault,))
    if format_ and format_ not in list(ImportFormat):
        fault = FieldError("format", f"Choose one of {', '.join(ImportFormat)}, or leave it out.")
        return Imported(None, (), (fault,))
    chosen = ImportFormat(format_) if format_ else None
    try:
        chosen = chosen or recognise(content)
        reading = _READERS[chosen](content)
    except Unreadable as error:
        return Imported(chosen, (), (error.fault,))
    return Imported(chosen, reading.metrics, reading.faults)


def recognise(content: bytes) -> ImportFormat:
    """The format of a file by what it holds. Raises Unreadable where it is none of them."""
    if not content.strip():
        raise Unreadable("content", "It is empty.")
    if content.lstrip()[:1] in (b"{", b"["):
        return _of_json(json_of(content))
    lines = [line for line in text_of(content).splitlines() if line.strip()]
    first = lines[0].strip()
    if first == "---" or any(line.startswith("model-index:") for line in lines[:200]):
        return ImportFormat.HUGGINGFACE
    if first.split() == sklearn.HEADING:
        return ImportFormat.SKLEARN
    if mlflow.is_file(first):
        return ImportFormat.MLFLOW
    columns = [column.strip().strip('"').lower() for column in first.split(",")]
    if {"metric", "value"} <= set(columns):
        return ImportFormat.CSV
    if len(columns) > 1:
        return ImportFormat.FAIRLEARN
    raise Unreadable("format", f"The format is not recognised. Name it: {', '.join(ImportFormat)}.")


def _of_json(told: Any) -> ImportFormat:
    if isinstance(told, dict):
        if "model-index" in told or "model_index" in told:
            return ImportFormat.HUGGINGFACE
        if isinstance(told.get("results"), dict):
            return ImportFormat.LM_EVAL
        if sklearn.is_report(told):
            return ImportFormat.SKLEARN
    if isinstance(told, list) and told and isinstance(told[0], dict) and "results" in told[0]:
        return ImportFormat.HUGGINGFACE
    return ImportFormat.MLFLOW
