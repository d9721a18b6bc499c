"""
Results of lm-evaluation-harness: `results` holds a task each, with `acc,none` and `acc_stderr,none`.

A metric is named after its task, `hellaswag/acc`; a filter other than none stands behind it. The confidence interval is
95 %: 1.96 standard errors to each side.
"""

from collections.abc import Mapping
from typing import Any

from modelkeep_server.features.evaluations.importing.gathering import Gathering, Reading, Unreadable, json_of

_ASIDE = ("alias", "name", "sample_len", "sample_count", "samples")
_STDERRS = 1.96


def read(content: bytes) -> Reading:
    """The metrics of all tasks and groups of tasks. Raises Unreadable."""
    told = json_of(content)
    results = told.get("results") if isinstance(told, dict) else None
    if not isinstance(results, dict):
        raise Unreadable("results", "There is no object `results` in it: send the results file of lm-eval.")
    gathering = Gathering()
    for task, numbers in results.items():
        if not isinstance(numbers, dict):
            gathering.fault(f"results.{task[:80]}", "A task is an object of numbers.")
            continue
        for key, value in numbers.items():
            metric, _, filter_ = key.partition(",")
            if metric in _ASIDE or metric.endswith("_stderr"):
                continue
            name = f"{task}/{metric}" + (f" ({filter_})" if filter_ not in ("", "none") else "")
            low, high = _interval_of(numbers, metric, filter_, value)
            gathering.add(f"results.{task[:80]}.{key[:80]}", name, value, low=low, high=high)
    return gathering.done()


def _interval_of(
    numbers: Mapping[str, Any], metric: str, filter_: str, value: Any
) -> tuple[float, float] | tuple[None, None]:
    error = numbers.get(f"{metric}_stderr,{filter_}" if filter_ else f"{metric}_stderr")
    if any(isinstance(one, bool) or not isinstance(one, int | float) or abs(one) > 1e300 for one in (error, value)):
        return None, None
    if not error >= 0:  # type: ignore[operator]
        return None, None
    return value - _STDERRS * error, value + _STDERRS * error  # type: ignore[operator]
