"""Files of metrics are read as the tools write them, and what is wrong is named by its row."""

import json

import pytest

from modelkeep_server.features.evaluations.importing.reading import read_metrics
from modelkeep_server.rules.metrics import Metric, find_threshold_faults

_REPORT = """              precision    recall  f1-score   support

        churn       0.88      0.93      0.90        15
     no churn       0.89      0.80      0.84        10

     accuracy                           0.88        25
    macro avg       0.88      0.87      0.87        25
"""
_CARD = """---
license: apache-2.0
model-index:
- name: churn
  results:
  - task: {type: text-classification}
    dataset: {name: holdout, split: test}
    metrics:
    - {type: accuracy, value: 0.91}
  - dataset: {name: drifted}
    metrics:
    - {type: accuracy, value: 0.83}
---
# A card
"""
_RUN = {
    "run": {
        "data": {
            "metrics": [
                {"key": "loss", "value": 0.5, "timestamp": "1", "step": "0"},
                {"key": "loss", "value": 0.2, "timestamp": "2", "step": "9"},
            ]
        }
    }
}
_HARNESS = {"results": {"hellaswag": {"acc,none": 0.5, "acc_stderr,none": 0.01, "alias": "hellaswag"}}}


@pytest.mark.parametrize(
    ("content", "format_", "count", "one"),
    [
        ('{"accuracy": 0.93, "rows": 25}', "mlflow", 2, Metric("accuracy", 0.93)),
        (json.dumps(_RUN), "mlflow", 1, Metric("loss", 0.2)),
        (
            "==> metrics/auc <==\n1700 0.7 0\n1701 0.8 1\n\n==> metrics/f1 <==\n1700 0.5 0\n",
            "mlflow",
            2,
            Metric("auc", 0.8),
        ),
        (_REPORT, "sklearn", 13, Metric("recall", 0.8, "no churn")),
        (
            '{"0": {"precision": 0.5, "recall": 1.0}, "accuracy": 0.7, "macro avg": {"precision": 0.4}}',
            "sklearn",
            4,
            Metric("macro_avg/precision", 0.4),
        ),
        (
            "sex,age,accuracy,selection_rate\noverall,overall,0.9,0.2\nFemale,old,0.8,0.1\n",
            "fairlearn",
            4,
            Metric("accuracy", 0.8, "sex=Female, age=old"),
        ),
        (_CARD, "huggingface", 2, Metric("accuracy", 0.83, "dataset=drifted")),
        (json.dumps(_HARNESS), "lm-eval", 1, Metric("hellaswag/acc", 0.5, None, 0.5 - 1.96 * 0.01, 0.5 + 1.96 * 0.01)),
        (
            "metric,value,slice,low,high\nauc,0.9,region=EU,0.8,0.95\n",
            "csv",
            1,
            Metric("auc", 0.9, "region=EU", 0.8, 0.95),
        ),
    ],
)
def test_each_format_is_recognised_and_read(content: str, format_: str, count: int, one: Metric) -> None:
    """A file of each tool is recognised by what it holds, and gives the metrics, slices and intervals that it tells."""
    found = read_metrics(content.encode())

    assert () == found.faults
    assert format_ == found.format
    assert count == len(found.metrics)
    assert one in found.metrics


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        ("metric,value\nauc,nan\n", "line 2", "not finite"),
        ("metric,value\nauc,inf\n", "line 2", "not finite"),
        ("metric,value\nauc,high\n", "line 2", "write a number"),
        ("metric,value\nauc,\n", "line 2", "empty"),
        ("metric,value\nauc,1\nauc,2\n", "line 3", "there already, at line 2"),
        ("metric,value,low,high\nauc,0.5,0.6,0.7\n", "line 2", "low <= 0.5 <= high"),
        ("metric,value,low\nauc,0.5,0.4\n", "line 2", "both ends"),
        ("metric,value\n<b>,1\n", "line 2", "no name of a metric"),
        ("metric,value\nauc,1,2\n", "line 2", "3 columns"),
        ('metric,value\n"auc,1\n', "line 2", "no CSV"),
        ("metric,value,colour\nauc,1,red\n", "line 1", "'colour'"),
        ('{"auc": 1, "auc": 2}', "line 1", "named twice"),
        ('{"auc": NaN}', "auc", "not finite"),
        ('{"auc": 1e999}', "auc", "not finite"),
        ('{"auc": true}', "auc", "write a number"),
        ('{"auc": {"deep": 1}}', "auc", "write a number"),
        ('{"auc": 1,\n}', "line 2", "no JSON"),
        ("[" * 100_000, "content", "nests too deeply"),
        ("---\nmodel-index: &a [*a]\n---\n", "content", "no plain YAML"),
        ("---\nmodel-index:\n", "line 1", "ends with a line"),
        ('{"results": {"t": {"acc,none": "N/A"}}}', "results.t.acc,none", "write a number"),
        ("hello", "format", "not recognised"),
        ("", "content", "empty"),
        ("a,b\n\0,1", "line 2", "NUL"),
        ("sex,accuracy\nFemale,\n", "line 2, accuracy", "empty"),
        ("precision    recall  f1-score   support\nx 1\n", "line 2", "four numbers"),
        ("metric,value\n" + "".join(f"m{n},1\n" for n in range(1001)), "line 1002", "at most 1,000"),
        ("x" * (1024 * 1024 + 1), "content", "At most 1,048,576 bytes"),
    ],
)
def test_what_is_wrong_is_named_by_its_row(content: str, place: str, words: str) -> None:
    """What cannot be read is refused with the line or path it stands at, and what is wrong there."""
    fault = read_metrics(content.encode()).faults[0]

    assert place == fault.field
    assert words in fault.message


def test_no_bytes_are_met_with_an_error_of_ours() -> None:
    """Bytes that are no text are told the line, whatever format is named for them."""
    for format_ in ("mlflow", "sklearn", "fairlearn", "huggingface", "lm-eval", "csv", None):
        found = read_metrics(b"metric,value\n\xff\xfe,1\n", format_)

        assert ["line 2"] == [fault.field for fault in found.faults]
    assert "format" == read_metrics(b"{}", "excel").faults[0].field


@pytest.mark.parametrize(
    ("pairs", "at"),
    [
        ([(">=", 0.9), ("<", 0.8)], "thresholds.1"),
        ([(">", 0.9), ("<=", 0.9)], "thresholds.1"),
        ([(">=", 0.9), (">", 0.8)], "thresholds.1"),
        ([("=", 0.9)], "thresholds.0.comparison"),
        ([(">=", float("nan"))], "thresholds.0.value"),
        ([], "thresholds"),
    ],
)
def test_thresholds_that_nothing_can_meet_are_refused(pairs: list[tuple[str, float]], at: str) -> None:
    """Thresholds that contradict or repeat each other are named by their place; such as bound a range are not."""
    asked = [{"metric": "accuracy", "comparison": sign, "value": value} for sign, value in pairs]

    assert [at] == [fault.field for fault in find_threshold_faults(asked)]
    sound = [
        {"metric": "ratio", "comparison": ">=", "value": 0.8},
        {"metric": "ratio", "comparison": "<=", "value": 0.8},
    ]
    assert [] == find_threshold_faults(sound)
