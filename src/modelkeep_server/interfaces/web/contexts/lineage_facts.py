"""What is known of a thing of the lineage, as pages list it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelkeep_server.rules.lineage import Control, DatasetRole, KindInfo, PersonalData

#: What a panel beside the graph calls fields, where its words are shorter than those of a form.
SHORT_LABELS: Mapping[str, str] = {
    "uri": "Where", "repositoryUrl": "Where", "url": "Where", "sha256": "Digest", "sizeBytes": "Size",
    "commitSha": "Commit",
}  # fmt: skip
#: What controls offer that one does not type, with words.
CHOICES: Mapping[Control, tuple[tuple[str, str], ...]] = {
    Control.ROLE: tuple((role.value, role.capitalize()) for role in DatasetRole),
    Control.PERSONAL_DATA: (
        (PersonalData.YES.value, "Yes"),
        (PersonalData.NO.value, "No"),
        (PersonalData.UNKNOWN.value, "Unknown"),
    ),
}


@dataclass(frozen=True)
class Fact:
    """What is known of a thing: a label, and one or several values, shown as `control` says."""

    label: str
    values: tuple[str, ...]
    control: Control


def list_facts(info: KindInfo, facts: Mapping[str, Any], labels: Mapping[str, str] | None = None) -> tuple[Fact, ...]:
    """What is known of a thing of a kind, in the order of its form, and in its words where `labels` has no others."""
    shorter = labels or {}
    told = []
    for row in info.fields:
        value = facts.get(row.key)
        values = value if isinstance(value, (list, tuple)) else (value,)
        words = dict(CHOICES.get(row.control, ()))
        texts = tuple(words.get(str(one), str(one)) for one in values if one not in (None, ""))
        if texts:
            told.append(Fact(shorter.get(row.key, row.label), texts, row.control))
    return tuple(told)
