"""
Where each fact that policies ask of (rules/policy_facts.py) is set: what the Next-step box leads to where a rule is not
met.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """A page on which facts are set."""

    MODEL = "the settings of the model"
    VERSION = "the form of the version"
    FILES = "its files"
    EVALUATIONS = "its evaluations"
    LINEAGE = "its lineage"
    CARD = "its model card"


@dataclass(frozen=True)
class Cure:
    """
    Where a fact is set. `says` is the end of "See to it ..."; `label` the words of the button that leads there, `act`
    the permission that it takes, None where anybody may look.
    """

    place: Place
    says: str
    label: str
    act: str | None


_EDIT = Cure(Place.VERSION, "by editing the version", "Edit the version", "version.update")
_ADD = Cure(Place.LINEAGE, "under Lineage of the version", "Add to the lineage", "lineage.add")
_LOOK = Cure(Place.FILES, "under Artifacts of the version", "Look at the files", None)

#: Where each fact is set: by its path, which stands for all facts that begin with it, the longest first. None: it is
#: what it is.
CURES: dict[str, Cure | None] = {
    "model": Cure(Place.MODEL, "on the settings of the model", "Model settings", "model.update"),
    "version": _EDIT,
    "version.completeness": Cure(Place.VERSION, "by editing the version", "Complete Metadata", "version.update"),
    "version.state": None,
    "version.number": None,
    "version.createdAt": None,
    "artifacts": Cure(Place.FILES, "under Artifacts of the version", "Upload Artifacts", "artifact.upload"),
    "artifacts[].verdict": _LOOK,
    "artifacts[].waived": _LOOK,
    "artifacts[].damaged": _LOOK,
    "evaluations": Cure(
        Place.EVALUATIONS, "under Evaluations of the version", "Record Evaluation", "evaluation.record"
    ),
    "lineage": _ADD,
    "lineage.datasets": Cure(Place.LINEAGE, "under Lineage of the version", "Track Dataset", "lineage.add"),
    "lineage.baseModels[].state": None,
    "lineage.baseModels[].riskTier": None,
    "lineage.consumers": Cure(Place.LINEAGE, "under Lineage of the version", "Add Consumer", "lineage.add"),
    "card": Cure(Place.CARD, "under Model card of the version", "Generate Model Card", "card.generate"),
    "card.current": Cure(Place.CARD, "under Model card of the version", "Refresh the Model Card", "card.generate"),
    "card.hasDraft": Cure(Place.CARD, "under Model card of the version", "Publish the Model Card", "card.publish"),
}


def find_cure(path: str) -> Cure | None:
    """Where the fact at a path is set, or None where nobody sets it."""
    known = [place for place in CURES if path == place or path.startswith((f"{place}.", f"{place}["))]
    return CURES[max(known, key=len)] if known else None


def list_cures(about: Iterable[str]) -> list[tuple[str, Cure]]:
    """
    Where facts are set, each with its path. Nearly every rule asks of the model too, for its tier; it is mended there
    only where nothing else is asked.
    """
    found = [(path, cure) for path in about if (cure := find_cure(path)) is not None]
    return [(path, cure) for path, cure in found if cure.place is not Place.MODEL] or found
