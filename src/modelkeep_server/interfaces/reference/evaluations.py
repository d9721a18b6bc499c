"""The examples of evaluations and suites, in the story of samples.py."""

from collections.abc import Mapping
from typing import Any

_METRIC = {"name": "accuracy", "value": 0.93, "slice": "region=EU", "confidenceInterval": [0.91, 0.95]}
_THRESHOLD = {"metric": "accuracy", "slice": None, "comparison": ">=", "value": 0.9}
_MEASURED_ON = {"name": "churn-holdout", "version": "2026-02"}
_RUN: Mapping[str, Any] = {
    **dict.fromkeys(("suite", "suiteId", "suiteRevision")),
    "dataset": _MEASURED_ON,
    "procedure": "Five folds, the last quarter held out.",
    "metrics": [_METRIC],
    "passed": None,
    "thresholds": [],
    "source": "API",
    "format": None,
    **dict.fromkeys(("signedBy", "signedAt", "signComment")),
}
_SUITE = {
    "name": "Tabular classification",
    "description": "Every classifier on tables.",
    "scope": {"riskTiers": ["MEDIUM", "HIGH"], "groups": []},
    "thresholds": [_THRESHOLD],
    "enabled": True,
}

#: What a field holds in one shape.
STORY_OF: Mapping[str, Mapping[str, Any]] = {
    "DatasetIn": _MEASURED_ON,
    "DatasetOut": _MEASURED_ON,
    "MetricIn": _METRIC,
    "MetricOut": _METRIC,
    "ThresholdIn": _THRESHOLD,
    "ThresholdOut": _THRESHOLD,
    "EvaluationIn": {"dataset": _MEASURED_ON, "metrics": [_METRIC], "procedure": _RUN["procedure"], "suite": None},
    "EvaluationImportIn": {"dataset": _MEASURED_ON, "content": "metric,value\naccuracy,0.93\n", "suite": None},
    "EvaluationOut": _RUN,
    "SignIn": {"comment": "Ran it again on our own machine."},
    "SuiteIn": _SUITE,
    "SuitePatch": _SUITE,
    "SuiteOut": {**_SUITE, "revision": 1, "reason": None},
}

#: By the route's name.
PYTHON: Mapping[str, str] = {
    "record_evaluation": """run = registry.record_evaluation(
    "customer-analytics/customer-churn-predictor:1.2.0", {"accuracy": 0.93, "auc": 0.97}, dataset="churn-holdout"
)
print(run.id, run.passed)""",
    "list_evaluations": """for run in registry.list_evaluations("customer-analytics/customer-churn-predictor:1.2.0"):
    print(run.recorded_at, run.dataset.name, run.passed)""",
    "list_suites": """for suite in registry.list_evaluation_suites():
    print(suite.name, len(suite.thresholds))""",
}
