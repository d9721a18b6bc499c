"""
The model-index of Hugging Face: in the YAML head of a model card (README.md), as YAML alone, or as JSON.

Each result names a dataset; where there are several, each becomes a slice `dataset=NAME`.
"""

from typing import Any

from modelkeep_server.features.evaluations.importing.gathering import Gathering, Reading, Unreadable, json_of, text_of
from modelkeep_server.inspection.readers.bounded import Misfit
from modelkeep_server.inspection.readers.structured import parse_yaml


def read(content: bytes) -> Reading:
    """The metrics of every result. Raises Unreadable."""
    told = json_of(content) if content.lstrip()[:1] in (b"{", b"[") else _parse(text_of(content))
    index = told.get("model-index", told.get("model_index")) if isinstance(told, dict) else told
    if not isinstance(index, list):
        raise Unreadable("model-index", "There is no list `model-index` in it.")
    gathering = Gathering()
    results = []
    for place, entry in enumerate(index):
        found = entry.get("results") if isinstance(entry, dict) else None
        if not isinstance(found, list):
            gathering.fault(f"model-index[{place}]", "An entry is an object with a list `results`.")
            continue
        results += [(f"model-index[{place}].results[{number}]", result) for number, result in enumerate(found)]
    for path, result in results:
        _read_result(gathering, path, result, is_only=len(results) == 1)
    return gathering.done()


def _read_result(gathering: Gathering, path: str, result: Any, *, is_only: bool) -> None:
    metrics = result.get("metrics") if isinstance(result, dict) else None
    if not isinstance(metrics, list):
        gathering.fault(path, "A result is an object with a list `metrics`.")
        return
    slice_ = None if is_only else _slice_of(result.get("dataset"))
    for place, metric in enumerate(metrics):
        at = f"{path}.metrics[{place}]"
        if not isinstance(metric, dict):
            gathering.fault(at, "A metric is an object with type and value.")
        else:
            gathering.add(at, metric.get("type") or metric.get("name"), metric.get("value"), slice_=slice_)


def _slice_of(dataset: Any) -> str | None:
    if not isinstance(dataset, dict):
        return None
    words = [dataset.get("name") or dataset.get("type"), dataset.get("config"), dataset.get("split")]
    told = " ".join(word for word in words if isinstance(word, str) and word)
    return f"dataset={told}" if told else None


def _parse(text: str) -> Any:
    lines = text.split("\n")
    if lines[0].strip() == "---":
        ends = [place for place, line in enumerate(lines[1:], 1) if line.strip() == "---"]
        if not ends:
            raise Unreadable("line 1", "The head of a card ends with a line `---`; there is none.")
        text = "\n".join(lines[1 : ends[0]])
    try:
        return parse_yaml(text)
    except (Misfit, ValueError, TypeError, RecursionError) as error:
        where = getattr(error.__cause__, "problem_mark", None)
        place = f"line {where.line + 1}" if where is not None else "content"
        raise Unreadable(place, "This is no plain YAML (no aliases, no tags, not nested deeply).") from error
