"""What the pages of lineage are drawn from."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from urllib.parse import urlencode

from modelkeep_server.features.lineage.views import OWN_COMMIT, OWN_JOB, Item, Node, Source
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions.own_lineage import DATASET
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.lineage.words import describe, icon_of_node, name_of
from modelkeep_server.interfaces.web.contexts.base import Context, FormContext
from modelkeep_server.interfaces.web.contexts.lineage_facts import CHOICES, Fact, list_facts
from modelkeep_server.interfaces.web.contexts.lineage_picture import Picture, href_of_lineage
from modelkeep_server.interfaces.web.contexts.models import Standing
from modelkeep_server.interfaces.web.contexts.versions import VersionContext
from modelkeep_server.interfaces.web.forms import href_of_version
from modelkeep_server.rules.lineage import (
    KINDS,
    NAMING,
    TAKEN_IN,
    Control,
    ItemField,
    ItemKind,
    KindInfo,
    label_node,
)
from modelkeep_server.rules.permissions import Relation

#: What an example of each kind says, by the fields of the kind.
_EXAMPLES: Mapping[ItemKind, tuple[tuple[str, str], ...]] = {
    ItemKind.DATASET: (
        ("name", "churn-events"),
        ("version", "2026-02"),
        ("uri", "s3://data/churn/2026-02/"),
        ("role", "training"),
    ),
    ItemKind.FEATURE_PIPELINE: (
        ("name", "tenure-features"),
        ("uri", "airflow://features/tenure"),
        ("input", "dataset:churn-events@2026-02"),
    ),
    ItemKind.COMMIT: (("repositoryUrl", "https://git.company.com/churn"), ("commitSha", "7be41c9")),
    ItemKind.TRAINING_SCRIPT: (("name", "train.py"), ("uri", "src/train.py"), ("commitSha", "7be41c9")),
    ItemKind.PREPROCESSING: (("name", "prepare.py"), ("uri", "src/prepare.py"), ("commitSha", "7be41c9")),
    ItemKind.BASE_MODEL: (("uri", "hf:org/name"),),
    ItemKind.TRAINING_RUN: (("system", "mlflow"), ("runId", "churn-2291")),
    ItemKind.CONSUMER: (("name", "Help desk"),),
}
_CAPITAL = re.compile("([A-Z])")
#: What is changed by editing the version, by the ids of items, with the control of its form.
_EDITED_IN = {OWN_COMMIT: "commitSha", OWN_JOB: "trainingJobId"}


@dataclass(frozen=True)
class ItemRow:
    """
    An item of a version as a line: what it is called, its facts, the page of what it leads to, and by what names others
    took it in.
    """

    item: Item
    info: KindInfo
    label: str
    facts: tuple[Fact, ...]
    href: str
    taken_by: tuple[str, ...] = ()

    @property
    def tell_inputs(self) -> str:
        """What the form asks that tells what it took in: nothing where that is told, or it takes in nothing."""
        if self.item.inputs or not self.info.takes_in:
            return ""
        told = {row.key: str(self.item.facts[row.key]) for row in self.info.fields if row.key in self.item.facts}
        return urlencode({"kind": self.info.kind.value, **told})

    @property
    def is_own(self) -> bool:
        """Whether it stands in a field of the version."""
        return self.item.source is Source.VERSION

    @property
    def edit_control(self) -> str:
        """The control of the version's form that changes it, where it cannot be taken off by itself; else empty."""
        return _EDITED_IN.get(self.item.id, "")


@dataclass(frozen=True, kw_only=True)
class LineageContext(VersionContext):
    """
    GET /models/{group}/{name}/versions/{version}/lineage. Its forms take items off (remove) and put back `removed`,
    which was taken off last, where the address names it.
    """

    template: ClassVar[str] = "lineage/version.html"
    picture: Picture
    items: Sequence[Item]
    removed: Item | None = None

    @property
    def rows(self) -> tuple[ItemRow, ...]:
        """What was told of this version."""
        return list_rows(self.items)

    @property
    def removed_row(self) -> ItemRow | None:
        """What was taken off a moment ago, and can be put back."""
        gone = self.removed
        if gone is None or any(_is_same(item, gone) for item in self.items):
            return None
        return to_row(gone)

    @property
    def kinds(self) -> Mapping[ItemKind, KindInfo]:
        """The kinds of items, in the guide's order."""
        return KINDS

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """The training configuration, as it stands in the metadata."""
        found = self.version.metadata.get("hyperparameters")
        return found if isinstance(found, Mapping) else {}

    @property
    def is_bare(self) -> bool:
        """Whether nothing at all is known of where it comes from and what uses it."""
        return not self.items and len(self.picture.graph.nodes) == 1 and not self.hyperparameters


@dataclass(frozen=True, kw_only=True)
class AddItemContext(FormContext):
    """
    GET and POST /models/{group}/{name}/versions/{version}/lineage/new?kind=DATASET. Controls: those of the kind
    (rules/lineage.py). `models` and `versions` complete what is typed for a base model; `choices` is what
    else is told of the version, of which `ticked` nodes are chosen as inputs.
    """

    template: ClassVar[str] = "lineage/add.html"
    model: Model
    version: Version
    relations: frozenset[Relation]
    info: KindInfo
    models: Sequence[str] = ()
    versions: Sequence[str] = ()
    choices: Sequence[Item] = ()
    ticked: frozenset[str] = frozenset()

    @property
    def input_choices(self) -> tuple[ItemRow, ...]:
        """What it may have taken in."""
        return tuple(to_row(item) for item in self.choices)

    @property
    def base(self) -> str:
        """The address of the version's page."""
        return href_of_version(self.version.model, self.version.version)

    @property
    def action(self) -> str:
        """Where the form goes."""
        return f"{self.base}/lineage/new?kind={self.info.kind}"

    @property
    def others(self) -> tuple[KindInfo, ...]:
        """The other kinds."""
        return tuple(one for one in KINDS.values() if one.kind is not self.info.kind)

    @property
    def labels(self) -> Mapping[str, str]:
        """What the form calls its controls."""
        return {one.key: one.label for one in self.info.fields}

    @property
    def example(self) -> str:
        """The command that tells one of these."""
        told = (f"{_name_option(key)} {shlex.quote(text)}" for key, text in _EXAMPLES[self.info.kind])
        head = f"modelkeep lineage add {self.info.prefix} {shlex.quote(self.version.address)}"
        return " \\\n  ".join((head, *told))

    def choices_of(self, row: ItemField) -> tuple[tuple[str, str], ...]:
        """What a control offers, with words; nothing where one types."""
        return CHOICES.get(row.control, ())

    def is_open(self, row: ItemField) -> bool:
        """Whether nothing is chosen beforehand: only a first dataset is most likely what the version learned from."""
        return row.control is Control.ROLE and DATASET in self.version.metadata


@dataclass(frozen=True, kw_only=True)
class FindLineageContext(Context):
    """
    GET /lineage. Controls: q, which finds nodes, and node, the one in the middle. `found` are those that q finds,
    `common` the most used things, where nothing is asked.
    """

    template: ClassVar[str] = "lineage/find.html"
    picture: Picture | None = None
    text: str = ""
    found: Sequence[Node] = ()
    common: Sequence[tuple[Node, int]] = ()
    fault: str = ""

    def href_of(self, node: Node) -> str:
        """The graph around a node."""
        return href_of_lineage(node.id)

    def name_of(self, node: Node) -> str:
        """What a node is called."""
        return name_of(node)

    def describe(self, node: Node) -> str:
        """What stands under its name."""
        return describe(node)

    def icon_of_node(self, node: Node) -> str:
        """Its icon."""
        return icon_of_node(node)


@dataclass(frozen=True, kw_only=True)
class ModelLineageContext(FormContext):
    """GET /models/{group}/{name}/lineage?version=. `versions` are those to choose from, newest first."""

    template: ClassVar[str] = "lineage/model.html"
    model: Model
    version_count: int
    relations: frozenset[Relation] = frozenset()
    standing: Standing = field(default_factory=Standing)
    tab: str = "lineage"
    versions: Sequence[Version] = ()
    version: Version | None = None
    picture: Picture | None = None


def _name_option(key: str) -> str:
    """The option of the command for a field: `--commit-sha` for commitSha."""
    return "--" + _CAPITAL.sub(r"-\1", key).lower()


def _is_same(one: Item, other: Item) -> bool:
    return (one.node, one.facts.get("role")) == (other.node, other.facts.get("role"))


def list_rows(items: Sequence[Item]) -> tuple[ItemRow, ...]:
    """The items of a version as lines, each with what the others are called that it took in, and that took it in."""
    rows = [to_row(item) for item in items]
    labels = {row.item.node: row.label for row in rows}
    taken_by: dict[str, list[str]] = {}
    for row in rows:
        for node in row.item.inputs:
            taken_by.setdefault(node, []).append(row.label)
    return tuple(_tell_ways(row, labels, tuple(taken_by.get(row.item.node, ()))) for row in rows)


def _tell_ways(row: ItemRow, labels: Mapping[str, str], taken_by: tuple[str, ...]) -> ItemRow:
    facts = [
        replace(fact, values=tuple(labels[node] for node in fact.values)) if fact.control is Control.ITEMS else fact
        for fact in row.facts
    ]
    if taken_by:
        facts.append(Fact(TAKEN_IN.capitalize(), taken_by, Control.LINE))
    return replace(row, facts=tuple(facts), taken_by=taken_by)


def to_row(item: Item) -> ItemRow:
    """An item as a line."""
    info = KINDS[item.kind]
    href = href_of_version(item.facts["model"], item.facts["version"]) if item.facts.get("model") else ""
    label = f"{item.facts['model']} {item.facts['version']}" if href else label_node(item.kind, item.facts)
    facts = {key: value for key, value in item.facts.items() if key not in NAMING}
    return ItemRow(item, info, label, list_facts(info, facts), href)
