"""
What a model card holds: the seven sections of the guide in their order, and under each its bullets, word for word, with
the items that answer them. The card, its coverage, its schema and the help are drawn from `SECTIONS`.

An item that comes from one metadata field names its path in rules/fields.py, which is also where it is provided.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Provides(StrEnum):
    """Where an item is provided."""

    FIELD = "FIELD"  # on the form of the version
    MODEL = "MODEL"  # in the settings of the model
    ARTIFACTS = "ARTIFACTS"  # by uploading files
    EVALUATIONS = "EVALUATIONS"  # by recording evaluations
    LINEAGE = "LINEAGE"  # under Lineage
    REVIEWS = "REVIEWS"  # by asking for a promotion


class ItemKind(StrEnum):
    """What sort of value an item has."""

    TEXT = "TEXT"
    LIST = "LIST"
    TABLE = "TABLE"
    MEASURES = "MEASURES"


@dataclass(frozen=True)
class ItemRow:
    """
    One item. `counts`: a card without it is not complete, so coverage asks for it. `path` is that of the metadata
    field it is drawn from, if it is drawn from one.
    """

    id: str
    label: str
    kind: ItemKind
    provides: Provides
    path: str | None = None
    counts: bool = True


@dataclass(frozen=True)
class Bullet:
    """A bullet of the guide, word for word, and what answers it."""

    says: str
    items: tuple[ItemRow, ...]


@dataclass(frozen=True)
class SectionRow:
    """A section of the card."""

    id: str
    title: str
    hint: str
    bullets: tuple[Bullet, ...]

    @property
    def items(self) -> tuple[ItemRow, ...]:
        """All of its items, in order."""
        return tuple(item for bullet in self.bullets for item in bullet.items)


def _field(id_: str, label: str, path: str, *, counts: bool = True) -> ItemRow:
    return ItemRow(id_, label, ItemKind.TEXT, Provides.FIELD, path, counts)


def _text(id_: str, label: str, provides: Provides, *, counts: bool = True) -> ItemRow:
    return ItemRow(id_, label, ItemKind.TEXT, provides, counts=counts)


def _list(id_: str, label: str, provides: Provides, *, counts: bool = True) -> ItemRow:
    return ItemRow(id_, label, ItemKind.LIST, provides, counts=counts)


def _table(id_: str, label: str, provides: Provides, *, counts: bool = True) -> ItemRow:
    return ItemRow(id_, label, ItemKind.TABLE, provides, counts=counts)


def _measures(id_: str, label: str, *, counts: bool = True) -> ItemRow:
    return ItemRow(id_, label, ItemKind.MEASURES, Provides.EVALUATIONS, counts=counts)


SECTIONS: tuple[SectionRow, ...] = (
    SectionRow(
        "model-details", "Model Details", "What it is, what it is built with, and who answers for it.",
        (
            Bullet("Model name, version, and type", (
                _text("name", "Name", Provides.MODEL),
                _text("version", "Version", Provides.MODEL),
                _field("model-type", "Model type", "modelType"),
                _text("description", "Description", Provides.MODEL),
                _list("owners", "Owners", Provides.MODEL),
                _text("risk-tier", "Risk tier", Provides.MODEL),
                _field("license", "License", "card.license"),
                _text("content-digest", "Content digest", Provides.REVIEWS, counts=False),
            )),
            Bullet("Architecture and framework information", (
                _field("architecture", "Architecture", "card.architecture"),
                _text("framework", "Framework", Provides.FIELD),
                _text("parameters", "Parameters", Provides.ARTIFACTS, counts=False),
                _table("files", "Files", Provides.ARTIFACTS),
                _table("inputs", "Inputs", Provides.FIELD, counts=False),
                _table("outputs", "Outputs", Provides.FIELD, counts=False),
                _table("hyperparameters", "Hyperparameters", Provides.FIELD, counts=False),
            )),
            Bullet("Training date and data sources", (
                _field("training-date", "Training date", "card.trainingDate"),
                _list("data-sources", "Data sources", Provides.LINEAGE),
                _list("code", "Code", Provides.LINEAGE, counts=False),
                _list("training-runs", "Training runs", Provides.LINEAGE, counts=False),
                _list("base-models", "Base models", Provides.LINEAGE, counts=False),
            )),
            Bullet("Policies and approvals", (
                _table("policies", "Policies", Provides.REVIEWS, counts=False),
                _table("approvals", "Approvals", Provides.REVIEWS, counts=False),
                _table("exceptions", "Exceptions", Provides.REVIEWS, counts=False),
            )),
        ),
    ),
    SectionRow(
        "intended-use", "Intended Use", "What it is for, for whom, and what it is not for.",
        (
            Bullet("Primary use cases and applications", (_field("primary-uses", "Primary uses", "intendedUse"),)),
            Bullet("Target users and environments", (
                _field("target-users", "Target users", "card.targetUsers"),
                _field("target-environments", "Target environments", "card.targetEnvironments"),
            )),
            Bullet("Out-of-scope applications", (_field("out-of-scope", "Out of scope", "card.outOfScopeUses"),)),
        ),
    ),
    SectionRow(
        "factors", "Factors", "What its results depend on.",
        (
            Bullet("Relevant factors affecting performance",
                   (_field("relevant-factors", "Relevant factors", "card.relevantFactors"),)),
            Bullet("Demographic considerations",
                   (_field("demographic-factors", "Demographic factors", "card.demographicFactors"),)),
            Bullet("Environmental factors",
                   (_field("environmental-factors", "Environmental factors", "card.environmentalFactors"),)),
        ),
    ),
    SectionRow(
        "metrics", "Metrics", "How good it is, measured on what and how.",
        (
            Bullet("Performance metrics and benchmarks", (
                _measures("performance", "Performance"),
                _table("suites", "Evaluation suites", Provides.EVALUATIONS, counts=False),
            )),
            Bullet("Evaluation datasets and procedures", (
                _table("evaluation-datasets", "Evaluation datasets", Provides.EVALUATIONS),
                _field("evaluation-procedure", "Evaluation procedure", "card.evaluationProcedure"),
            )),
            Bullet("Confidence intervals and error analysis", (
                _measures("intervals", "Confidence intervals"),
                _field("error-analysis", "Error analysis", "card.errorAnalysis"),
            )),
        ),
    ),
    SectionRow(
        "training-data", "Training Data", "What it learned from.",
        (
            Bullet("Dataset description and sources", (
                _field("dataset-description", "Dataset description", "card.datasetDescription"),
                _table("datasets", "Datasets", Provides.LINEAGE),
            )),
            Bullet("Data preprocessing steps", (
                _field("preprocessing", "Preprocessing", "card.preprocessing"),
                _list("preprocessing-code", "Preprocessing code", Provides.LINEAGE, counts=False),
            )),
            Bullet("Known biases and limitations", (
                _field("known-biases", "Known biases", "card.knownBiases"),
                _field("limitations", "Limitations", "limitations"),
                _list("inherited-limitations", "Limitations of base models", Provides.LINEAGE, counts=False),
            )),
        ),
    ),
    SectionRow(
        "quantitative-analyses", "Quantitative Analyses", "For whom and under what it is better or worse.",
        (
            Bullet("Performance across different groups", (_measures("groups", "Performance by group"),)),
            Bullet("Fairness and bias metrics", (_table("fairness", "Fairness", Provides.EVALUATIONS),)),
            Bullet("Robustness testing results", (
                _field("robustness", "Robustness", "card.robustness"),
                _measures("robustness-metrics", "Robustness metrics", counts=False),
            )),
        ),
    ),
    SectionRow(
        "ethical-considerations", "Ethical Considerations", "Who could be harmed, and what is done about it.",
        (
            Bullet("Potential risks and harms", (
                _field("risks", "Risks and harms", "card.risks"),
                _field("ethical-considerations", "Bias, fairness and ethics", "ethicalConsiderations"),
            )),
            Bullet("Mitigation strategies", (_field("mitigations", "Mitigations", "card.mitigations"),)),
            Bullet("Responsible use guidelines",
                   (_field("responsible-use", "Responsible use", "card.responsibleUse"),)),
        ),
    ),
)  # fmt: skip

SECTION_IDS: tuple[str, ...] = tuple(section.id for section in SECTIONS)
ANNOTATION_CHARS = 10_000
ANNOTATIONS_MAX = 50

#: A card holds so many rows, entries or measures of an item, and tells how many more there are.
ROWS_MAX = 1000
#: Pages and printed files show so many of them; JSON has all.
ROWS_SHOWN = 200

#: A metric or a slice with a word that begins so is about robustness, one with a word of `_ROBUSTNESS_WORDS` too.
_ROBUSTNESS_STEMS = (
    "robust", "nois", "attack", "advers", "corrupt", "shift", "perturb", "fgsm", "pgd",
)  # fmt: skip
_ROBUSTNESS_WORDS = frozenset({"ood", "drift", "drifted", "stress"})
_FAIRNESS_STEMS = ("fair", "parit", "dispar", "equali")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def is_about_robustness(metric: str, slice_: str | None = None) -> bool:
    """Whether the name of a metric or of its slice says that it was measured under noise, shift or attack."""
    words = _words_of(f"{metric} {slice_ or ''}")
    return any(word.startswith(_ROBUSTNESS_STEMS) or word in _ROBUSTNESS_WORDS for word in words)


def is_about_fairness(metric: str) -> bool:
    """Whether the name of a metric says that it compares groups: demographic_parity_difference, disparate impact."""
    return any(word.startswith(_FAIRNESS_STEMS) for word in _words_of(metric))


def _words_of(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]
