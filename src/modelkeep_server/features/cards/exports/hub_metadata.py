"""
What of a card model hubs read from the head of a README: the names and values that Hugging Face knows.

Source: huggingface.co/docs/hub/model-cards, and `model-index` of huggingface_hub's ModelCardData. What has no known
name there is left out: nothing is guessed.
"""

import math
import re
from collections.abc import Iterator
from typing import Any

from modelkeep_server.features.cards.views import Card, CardItem, Measure, Table

#: SPDX identifiers that hubs name, in the spelling of theirs.
LICENSES = {
    name.lower(): name
    for name in (
        "Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CC-BY-2.0", "CC-BY-2.5",
        "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-2.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0",
        "CC-BY-ND-4.0", "CC-BY-NC-ND-3.0", "CC-BY-NC-ND-4.0", "CC-BY-NC-SA-2.0", "CC-BY-NC-SA-3.0",
        "CC-BY-NC-SA-4.0", "EPL-1.0", "EPL-2.0", "EUPL-1.1", "AGPL-3.0", "GFDL-1.3", "GPL-2.0", "GPL-3.0", "LGPL-2.1",
        "LGPL-3.0", "ISC", "LPPL-1.3c", "MS-PL", "MPL-2.0", "ODbL-1.0", "OFL-1.1", "OSL-3.0", "PostgreSQL", "NCSA",
        "Unlicense", "Zlib", "WTFPL", "PDDL-1.0", "AFL-3.0", "Artistic-2.0", "ECL-2.0",
    )
}  # fmt: skip
#: Those that hubs name otherwise.
_SHORTENED = {"odbl-1.0": "odbl", "pddl-1.0": "pddl", "gfdl-1.3": "gfdl"}
_LIBRARIES = {
    "scikit-learn": "sklearn", "sklearn": "sklearn", "transformers": "transformers", "diffusers": "diffusers",
    "sentence-transformers": "sentence-transformers", "keras": "keras", "spacy": "spacy", "timm": "timm",
    "fastai": "fastai", "flair": "flair", "peft": "peft", "stable-baselines3": "stable-baselines3",
    "speechbrain": "speechbrain", "nemo": "nemo", "mlx": "mlx", "onnx": "onnx", "open_clip": "open_clip",
}  # fmt: skip
_TASKS = frozenset({
    "text-classification", "token-classification", "table-question-answering", "question-answering",
    "zero-shot-classification", "translation", "summarization", "feature-extraction", "text-generation", "fill-mask",
    "sentence-similarity", "text-to-speech", "text-to-audio", "automatic-speech-recognition", "audio-to-audio",
    "audio-classification", "voice-activity-detection", "depth-estimation", "image-classification",
    "object-detection", "image-segmentation", "text-to-image", "image-to-text", "image-to-image", "image-to-video",
    "unconditional-image-generation", "video-classification", "reinforcement-learning", "robotics",
    "tabular-classification", "tabular-regression", "time-series-forecasting", "visual-question-answering",
    "document-question-answering", "zero-shot-image-classification", "mask-generation", "image-feature-extraction",
})  # fmt: skip
_ON_HUB = re.compile(r"(?:hf:|https://huggingface\.co/)([\w.-]+/[\w.-]+)/?", re.ASCII)


def draw_metadata(card: Card) -> dict[str, Any]:
    """The metadata as YAML values, in the order that hubs write it."""
    items = {item.id: item for section in card.sections for item in section.items}
    task = find_task(_text(items, "model-type"))
    framework = _text(items, "framework").partition(" ")[0]
    told: dict[str, Any] = {
        **_tell_license(_text(items, "license")),
        "library_name": _LIBRARIES.get(framework.lower()),
        "pipeline_tag": task,
        "tags": list(dict.fromkeys(filter(None, (_slug(framework), _slug(_text(items, "model-type")))))),
        "datasets": _training_sets(items),
        "base_model": [find_on_hub(name) or name for name in _texts(items, "base-models")],
        "metrics": list(dict.fromkeys(one.name for one in _measures(items))),
        "model-index": _index(card, items, task),
        "modelkeep": {
            "model": card.model,
            "version": card.version,
            "revision": card.revision,
            "status": card.status.value,
            "state": card.state,
            "risk_tier": card.risk_tier,
            "digest": card.digest,
        },
    }
    told["modelkeep"] = {key: value for key, value in told["modelkeep"].items() if value is not None}
    return {key: value for key, value in told.items() if value not in (None, [], "")}


def find_license(text: str) -> str | None:
    """The SPDX identifier that a text is, where it is one that hubs know."""
    return LICENSES.get(text.strip().lower().removesuffix("-only").removesuffix("-or-later"))


def find_task(text: str) -> str | None:
    """The task that a text is, in the spelling of hubs, where it is one that they know."""
    task = _slug(text)
    return task if task in _TASKS else None


def find_on_hub(name: str) -> str | None:
    """`owner/name` of a model of Hugging Face; None of any other."""
    found = _ON_HUB.fullmatch(name)
    return found[1] if found else None


def find_item(card: Card, id_: str) -> CardItem | None:
    """An item of the card by its id."""
    return next((item for section in card.sections for item in section.items if item.id == id_), None)


def read_column(table: Table, row: tuple[str, ...], *names: str) -> str:
    """A cell by the name of its column, or of the first of several that there is; nothing where there is none."""
    for name in names:
        if name in table.columns and table.columns.index(name) < len(row):
            return row[table.columns.index(name)]
    return ""


def _tell_license(text: str) -> dict[str, Any]:
    if not text:
        return {}
    known = text.strip().lower()
    if known not in LICENSES:
        return {"license": "other", "license_name": text}
    return {"license": _SHORTENED.get(known, known)}


def _training_sets(items: dict[str, CardItem]) -> list[str]:
    item = items.get("datasets")
    if item is None or not isinstance(item.value, Table):
        return []
    table = item.value
    rows = (row for row in table.rows if read_column(table, row, "Role").lower() in ("training", ""))
    return list(dict.fromkeys(filter(None, (read_column(table, row, "Dataset", "Name") for row in rows))))


def _measures(items: dict[str, CardItem]) -> Iterator[Measure]:
    """Every measure of the card once."""
    seen = set()
    for item in items.values():
        for one in item.value if isinstance(item.value, tuple) else ():
            if isinstance(one, Measure) and one not in seen and math.isfinite(one.value):
                seen.add(one)
                yield one


def _index(card: Card, items: dict[str, CardItem], task: str | None) -> list[dict[str, Any]]:
    """What was measured, by dataset. A slice stands in the name of its metric."""
    by_dataset: dict[str, list[dict[str, Any]]] = {}
    for one in _measures(items):
        name = f"{one.name} ({one.slice})" if one.slice else one.name
        value = int(one.value) if one.value.is_integer() else one.value
        told = {"type": one.name, "value": value, "name": name}
        by_dataset.setdefault(one.dataset or "not named", []).append(told)
    results = [
        {
            "task": {"type": task or "other", "name": _text(items, "model-type") or "Other"},
            "dataset": {"type": dataset, "name": dataset},
            "metrics": metrics,
        }
        for dataset, metrics in by_dataset.items()
    ]
    return [{"name": card.model, "results": results}] if results else []


def _text(items: dict[str, CardItem], id_: str) -> str:
    item = items.get(id_)
    return item.value if item is not None and isinstance(item.value, str) else ""


def _texts(items: dict[str, CardItem], id_: str) -> list[str]:
    item = items.get(id_)
    return [one for one in item.value if isinstance(one, str)] if item and isinstance(item.value, tuple) else []


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]
