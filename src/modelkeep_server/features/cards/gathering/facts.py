"""
What a card is drawn from, read at once: only what everybody who sees the model may see, since one person generates the
card and others read it. Files, evaluations, lineage, reviews and exceptions are seen where the model is; only a base
model can be one that fewer people see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.tables import models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import queries as artifact_queries
from modelkeep_server.features.artifacts.headers import list_headers
from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.features.evaluations import queries as evaluation_queries
from modelkeep_server.features.evaluations.views import Run, Standing
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.gathering import Told, gather_told
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.models.visibility import seen_with
from modelkeep_server.features.policies import exception_queries
from modelkeep_server.features.policies.exception_views import PolicyException
from modelkeep_server.features.promotion import queries as promotion_queries
from modelkeep_server.features.promotion.contents import read_content
from modelkeep_server.features.promotion.views import Promotion
from modelkeep_server.features.versions.content import compose, digest_of
from modelkeep_server.features.versions.views import Version
from modelkeep_server.inspection.report import Header
from modelkeep_server.rules.card_sections import ROWS_MAX
from modelkeep_server.rules.fields import FIELDS, find_value
from modelkeep_server.rules.formats import ArtifactType
from modelkeep_server.rules.lineage import ItemKind, key_of_base

_BY_PATH = {row.path: row for row in FIELDS}


@dataclass(frozen=True)
class Base:
    """
    A base model. `address` is `group/name:version` of one that every reader of this card may see, with what it says of
    its limits by the label of the field; `uri` is one from outside. Neither: one that not everybody may see.
    """

    address: str | None = None
    uri: str | None = None
    limits: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Facts:
    """Everything that a card of one version is drawn from. `files` are the first of `file_count`; `runs` the
    newest of each suite, and of none, on each dataset."""

    model: Model
    version: Version
    files: tuple[Artifact, ...]
    file_count: int
    headers: tuple[tuple[str, Header], ...]
    standing: Standing
    runs: tuple[Run, ...]
    told: Told
    bases: tuple[Base, ...]
    rounds: tuple[Promotion, ...]
    exceptions: tuple[PolicyException, ...]

    def value_of(self, path: str) -> Any:
        """The value of a metadata field by its path in rules/fields.py, None where it is not provided."""
        return find_value(self.version.metadata, _BY_PATH[path])

    def items_of(self, *kinds: ItemKind) -> list[Mapping[str, Any]]:
        """What the lineage items of these kinds say, in order."""
        return [facts for kind in kinds for facts in self.told.of(kind)]


def read_facts(work: Work, actor: Actor, model: Model, version: Version) -> Facts:
    """Everything of a version that the actor may see. At most twelve statements."""
    files = artifact_queries.list_artifacts(work, actor, version, limit=ROWS_MAX)
    (told,) = gather_told(work, [(model, version)])
    return Facts(
        model=model,
        version=version,
        files=files.items,
        file_count=files.total or len(files.items),
        headers=tuple(list_headers(work, actor, version, [ArtifactType.WEIGHTS])) if files.items else (),
        standing=evaluation_queries.find_standing(work, model, version),
        runs=evaluation_queries.list_newest_runs(work, version),
        told=told,
        bases=_read_bases(work, model, told.of(ItemKind.BASE_MODEL)),
        rounds=promotion_queries.list_promotions(work, version),
        exceptions=exception_queries.list_of_version(work, actor, version.key),
    )


def digest_content(work: Work, facts: Facts) -> str:
    """The digest of what the version holds, frozen or not. No statement, two where it has very many files."""
    if facts.version.content_digest is not None:
        return facts.version.content_digest
    if facts.file_count > len(facts.files):
        return digest_of(read_content(work, facts.version))
    files = [
        {"path": file.path, "type": file.type.value, "sha256": file.sha256, "sizeBytes": file.size_bytes}
        for file in facts.files
    ]
    return digest_of(compose(facts.model.address, facts.version, files, facts.told.content))


def _read_bases(work: Work, model: Model, told: Sequence[Mapping[str, Any]]) -> tuple[Base, ...]:
    """
    The base models, each as far as every reader of `model` may see it: an INTERNAL one, or a version of the same model.
    One statement, none where there are no registered ones.
    """
    wanted = {key for one in told if (key := key_of_base(one)) is not None}
    if not wanted:
        return tuple(Base(uri=one["uri"]) for one in told)
    rows = work.all(
        select(models.c.path_key, models.c.group_name, models.c.name, versions.c.version,
               versions.c.metadata, seen_with(model.address.lower()).label("is_seen"))
        .join(models, models.c.id == versions.c.model_id)
        .where(models.c.path_key.in_({path for path, _ in wanted}), versions.c.version.in_({it for _, it in wanted}))
    )  # fmt: skip
    seen = {
        (row.path_key, row.version): Base(f"{row.group_name}/{row.name}:{row.version}", None, _limits_of(row.metadata))
        for row in rows
        if row.is_seen
    }
    return tuple(Base(uri=one["uri"]) if (key := key_of_base(one)) is None else seen.get(key, Base()) for one in told)


def _limits_of(metadata: Mapping[str, Any]) -> dict[str, str]:
    rows = (_BY_PATH["limitations"], _BY_PATH["card.knownBiases"])
    found = {row.label: find_value(metadata, row) for row in rows}
    return {label: str(text) for label, text in found.items() if text is not None}
