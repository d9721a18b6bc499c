"""A classifier of scikit-learn, trained here on patients with diabetes: how well it ranks them, and for whom."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import skops.io
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from bench.real_models.measures import CHANCE, Array, by_slice, told, write

PARAMETERS = {"n_estimators": 80, "max_depth": 2, "learning_rate": 0.05, "random_state": 7}


def describe(names: Sequence[str]) -> dict[str, Any]:
    """Its metadata, with these features as inputs."""
    features = {name: {"type": "number"} for name in names}
    return {
        "framework": "scikit-learn", "frameworkVersion": sklearn.__version__,
        "modelType": "gradient-boosted trees",
        "inputSchema": {"type": "object", "properties": features, "required": list(features)},
        "outputSchema": {"type": "object", "properties": {"fast": {"type": "number", "minimum": 0, "maximum": 1}}},
        "hyperparameters": PARAMETERS,
        "trainingDataset": {"name": "diabetes-efron-2004", "version": "1",
                            "uri": "https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html"},
        "intendedUse": "Asking patients whose disease may go on fast to an earlier check-up. A physician decides.",
        "limitations": "442 patients of one clinic. It was not looked at for patients under 19.",
        "ethicalConsiderations": "Sex is among the inputs; whoever is scored low must not lose care they had.",
        "card": {
            "architecture": "80 trees of depth 2, each fitted to what the ones before got wrong.",
            "trainingDate": datetime.now(UTC).date().isoformat(),
            "targetUsers": "Physicians of the diabetes clinic.",
            "targetEnvironments": "Once a quarter, from the patient's record.",
            "outOfScopeUses": "Insurance or employment.\nPatients without a measured blood pressure.",
            "relevantFactors": "Body mass index and blood serum values carry most of the score.",
            "demographicFactors": "Measured by sex and by age; no other group is in the data.",
            "environmentalFactors": "Measuring errors of a tenth of each value's spread were looked at.",
            "evaluationProcedure": "40 % of the patients, drawn once with equal shares of both outcomes. Intervals "
                                   "are 95 %, from 1,000 bootstrap samples.",
            "errorAnalysis": "It ranks patients of 40 to 54 best, and those under 40 and over 55 clearly worse.",
            "datasetDescription": "442 patients, ten baseline values and the progression a year later.",
            "preprocessing": "None: raw values. The outcome is whether progression is above the median.",
            "knownBiases": "One clinic, one year. The coding of sex is not documented by its authors.",
            "robustness": "See the run with noise.",
            "risks": "A patient scored low by mistake is seen later than they should be.",
            "mitigations": "The score never delays a check-up that is due anyway.",
            "responsibleUse": "Show the score together with the values it rests on.",
            "license": "BSD-3-Clause",
        },
    }  # fmt: skip


def measure_progression(folder: Path) -> None:
    """Whether diabetes will go on fast, from ten numbers about a patient."""
    data = load_diabetes(scaled=False)
    fast = (data.target > np.median(data.target)).astype(int)
    x_train, x_test, y_train, y_test = train_test_split(
        data.data, fast, test_size=0.4, random_state=CHANCE % 1_000, stratify=fast
    )
    model = GradientBoostingClassifier(**PARAMETERS).fit(x_train, y_train)
    skops.io.dump(model, folder / "model.skops")
    age, sex = data.feature_names.index("age"), data.feature_names.index("sex")
    slices = {
        "sex": [f"sex={'one' if row[sex] == 1 else 'two'}" for row in x_test],
        "age": [f"age={'under 40' if row[age] < 40 else '40 to 54' if row[age] < 55 else '55 and over'}"
                for row in x_test],
    }  # fmt: skip
    scores = model.predict_proba(x_test)[:, 1]
    rows = np.column_stack([scores, y_test])
    noise = np.random.default_rng(CHANCE).normal(0, 0.1, x_test.shape) * x_train.std(axis=0)
    noisy = np.column_stack([model.predict_proba(x_test + noise)[:, 1], y_test])

    def auc(part: Array) -> float:
        return float(roc_auc_score(part[:, 1], part[:, 0])) if len(set(part[:, 1])) == 2 else 0.5

    def accuracy(part: Array) -> float:
        return float(np.mean((part[:, 0] > 0.5) == part[:, 1]))

    metrics = [
        *by_slice("auc", rows, slices["sex"], auc), *by_slice("auc", rows, slices["age"], auc)[1:],
        *by_slice("accuracy", rows, slices["sex"], accuracy), *by_slice("accuracy", rows, slices["age"], accuracy)[1:],
    ]  # fmt: skip
    write(
        folder,
        describe(data.feature_names),
        [
            {"dataset": {"name": "diabetes-efron-2004-holdout", "version": "1"},
             "procedure": "Held out before training; scored once.", "metrics": metrics},
            {"dataset": {"name": "diabetes-efron-2004-noise", "version": "1"},
             "procedure": "The same patients with noise of a tenth of each value's spread.",
             "metrics": [told("auc_noise_robustness", noisy, auc), told("accuracy_noise_robustness", noisy, accuracy)]},
        ],
        description="Gradient-boosted trees on ten baseline values.",
        model={"group": "clinic", "name": "diabetes-progression", "riskTier": "HIGH",
               "riskRationale": "It bears on medical care.",
               "description": "Probability that a patient's diabetes goes on faster than the median.",
               "tags": ["scikit-learn", "tabular", "medical"]},
    )  # fmt: skip
