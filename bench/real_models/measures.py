"""What the measuring of real models shares: metrics with bootstrap intervals, over all and by slice."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

RESAMPLES = 1_000
CHANCE = 20260101

Array = Any
Measured = list[dict[str, Any]]


def interval(hits: Array, of: Callable[[Array], float] = lambda part: float(np.mean(part))) -> tuple[float, ...]:
    """A value and the ends of its 95 % bootstrap interval."""
    chance = np.random.default_rng(CHANCE)
    drawn = [of(hits[chance.integers(0, len(hits), len(hits))]) for _ in range(RESAMPLES)]
    low, high = np.quantile(drawn, (0.025, 0.975))
    value = of(hits)
    return value, float(min(low, value)), float(max(high, value))


def told(
    name: str, hits: Array, of: Callable[[Array], float] | None = None, slice_: str | None = None
) -> dict[str, Any]:
    """A metric as the registry takes it, rounded as it is meant to be read."""
    value, low, high = interval(hits, of) if of else interval(hits)
    metric = {"name": name, "value": round(value, 4), "confidenceInterval": [round(low, 4), round(high, 4)]}
    return metric if slice_ is None else {**metric, "slice": slice_}


def by_slice(name: str, hits: Array, slices: Sequence[str], of: Callable[[Array], float] | None = None) -> Measured:
    """The same metric over all, then over each slice that has at least ten rows."""
    names = np.array(slices)
    counted = [one for one in sorted(set(slices)) if np.count_nonzero(names == one) >= 10]
    return [told(name, hits, of), *(told(name, hits[names == one], of, one) for one in counted)]


def write(folder: Path, metadata: Mapping[str, Any], runs: Sequence[Mapping[str, Any]], **facts: Any) -> None:
    """What the registry is told of a model."""
    document = {"metadata": metadata, "runs": runs, **facts}
    (folder / "facts.json").write_text(json.dumps(document, indent=1, ensure_ascii=False))
