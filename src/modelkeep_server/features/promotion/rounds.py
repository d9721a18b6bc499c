"""Rounds of review beside one another: what changed in a version between two, and what came after a decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ScalarSelect, Text, and_, bindparam, func, select, type_coerce

from modelkeep_server.db.tables import (
    artifacts,
    blobs,
    card_revisions,
    evaluation_runs,
    people,
    scans,
    suite_revisions,
    version_contents,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.conditions import is_current_scan
from modelkeep_server.features.comparison.comparing import content_of
from modelkeep_server.features.comparison.contents import Content, compare_contents
from modelkeep_server.features.comparison.views import Comparison, VersionComparison
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.promotion.views import CardSeen, Promotion, Review, RoundChanges, Unseen
from modelkeep_server.features.versions.seen import hide_in
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.card_documents import HEAD_CHARS, find_content_digest
from modelkeep_server.rules.errors import NotFound

#: So many evaluations and card revisions that came after a decision are named with it; the others are counted.
UNSEEN_MAX = 20

#: Published revisions of a version's card, the newest first, each with how many there are.
_CARDS = (
    select(
        card_revisions.c.revision,
        card_revisions.c.coverage,
        card_revisions.c.published_at,
        people.c.email,
        func.count().over().label("total"),
        func.substr(type_coerce(card_revisions.c.document, Text), 1, HEAD_CHARS).label("head"),
    )
    .join(people, people.c.id == card_revisions.c.published_by)
    .where(card_revisions.c.version_id == bindparam("version_id"), card_revisions.c.status == "PUBLISHED")
    .order_by(card_revisions.c.revision.desc())
)


def get_changes(
    work: Work, actor: Actor, version: Version, rounds: Sequence[Promotion], public_id: str
) -> RoundChanges:
    """
    What changed in the content of a version from the round before to this one, as the actor sees it. Three statements
    at most.

    Args:
        rounds: All of them, the newest first.
    Raises:
        NotFound: None of them has this id.
    """
    place = next((place for place, one in enumerate(rounds) if one.id == public_id), None)
    if place is None:
        raise NotFound(f"{version.address} has no such request.")
    now, before = rounds[place], rounds[place + 1] if place + 1 < len(rounds) else None
    if before is None:
        return RoundChanges(None, now, None)
    kept = _read_contents(work, version, before.digest, now.digest)
    compared = compare_contents(*hide_in(work, actor, [kept[before.digest], kept[now.digest]]))
    # Both are one version, so that no number promises anything.
    schemas = tuple(replace(schema, is_flagged=False) for schema in compared.schemas)
    named = replace(compared, before=f"Round {before.round}", now=f"Round {now.round}", schemas=schemas)
    return RoundChanges(before, now, named)


def compare_submitted(work: Work, actor: Actor, found: VersionComparison, promotion: Promotion) -> Comparison:
    """
    A comparison with another version as it stood in a round, whatever was changed since. Four statements, or none
    where the version holds that still.
    """
    if found.now.content_digest == promotion.digest:
        return found.comparison
    kept = _read_contents(work, found.now, promotion.digest)[promotion.digest]
    compared = compare_contents(*hide_in(work, actor, [content_of(work, found.before), kept]))
    told = [flag for flag in found.comparison.flags if flag.section == "metrics"]
    return replace(compared, metrics=found.comparison.metrics, flags=(*compared.flags, *told))


def _read_contents(work: Work, version: Version, *digests: str) -> dict[str, Content]:
    """What was frozen under digests, its files with their verdicts of now. Two statements."""
    rows = work.all(
        select(version_contents.c.digest, version_contents.c.content)
        .where(version_contents.c.version_id == version.key)
        .where(version_contents.c.digest.in_(digests))
    )
    said = work.all(
        select(blobs.c.sha256, scans.c.verdict)
        .join(artifacts, artifacts.c.blob_id == blobs.c.id)
        .join(scans, is_current_scan(blobs.c.id))
        .where(artifacts.c.version_id == version.key)
        .distinct()
    )
    verdicts = {row.sha256: row.verdict for row in said}
    return {row.digest: _with_verdicts(row.content, verdicts) for row in rows}


def _with_verdicts(content: Content, verdicts: Mapping[str, str]) -> Content:
    files = [{**file, "verdict": verdicts.get(file["sha256"], "PENDING")} for file in content["artifacts"]]
    return {**content, "artifacts": files}


def mark_unseen(work: Work, version: Version, rounds: Sequence[Promotion]) -> tuple[Promotion, ...]:
    """
    The same rounds, each decision with the newest 20 evaluations and the newest 20 revisions of the model card that
    were recorded after it, oldest first, and how many these are in all: no reviewer saw them when they decided
    (product R3). Two statements.
    """
    if not any(one.reviews for one in rounds):
        return tuple(rounds)
    runs, cards = _read_runs(work, version), _read_cards(work, version)
    return tuple(replace(one, reviews=tuple(_mark(review, runs, cards) for review in one.reviews)) for one in rounds)


def find_card(work: Work, version: Version) -> CardSeen | None:
    """The newest published revision of a version's card, or None. One statement."""
    row = work.first(_CARDS.limit(1), {"version_id": version.key})
    if row is None:
        return None
    digests = {find_content_digest(row.head), version.content_digest} - {None}
    return CardSeen(row.revision, row.coverage / 10_000, row.published_at, row.email, len(digests) > 1)


@dataclass(frozen=True)
class _Recorded:
    """The newest of one kind that was recorded of a version, oldest first, and how many there are."""

    newest: tuple[Unseen, ...]
    total: int


def _read_runs(work: Work, version: Version) -> _Recorded:
    rows = work.all(
        select(
            evaluation_runs.c.public_id,
            evaluation_runs.c.recorded_at,
            evaluation_runs.c.dataset_name,
            suite_revisions.c.name.label("suite_name"),
            people.c.email,
            _count_runs(version).label("total"),
        )
        .join(people, people.c.id == evaluation_runs.c.recorded_by)
        .outerjoin(
            suite_revisions,
            and_(
                suite_revisions.c.suite_id == evaluation_runs.c.suite_id,
                suite_revisions.c.revision == evaluation_runs.c.suite_revision,
            ),
        )
        .where(evaluation_runs.c.version_id == version.key)
        .order_by(evaluation_runs.c.id.desc())
        .limit(UNSEEN_MAX)
    )
    runs = [
        Unseen("EVALUATION", row.public_id, row.suite_name or row.dataset_name, row.email, row.recorded_at)
        for row in reversed(rows)
    ]
    return _Recorded(tuple(runs), rows[0].total if rows else 0)


def _count_runs(version: Version) -> ScalarSelect[int]:
    here = evaluation_runs.c.version_id == version.key
    return select(func.count()).select_from(evaluation_runs).where(here).scalar_subquery()


def _read_cards(work: Work, version: Version) -> _Recorded:
    rows = work.all(_CARDS.limit(UNSEEN_MAX), {"version_id": version.key})
    cards = [
        Unseen("CARD", str(row.revision), f"Revision {row.revision}", row.email, row.published_at)
        for row in reversed(rows)
    ]
    return _Recorded(tuple(cards), rows[0].total if rows else 0)


def _mark(review: Review, runs: _Recorded, cards: _Recorded) -> Review:
    """Nothing of these is ever removed: whatever is there beyond what was seen was recorded later."""
    seen, revision = set(review.saw.get("evaluations", ())), review.saw.get("cardRevision") or 0
    later_runs = [run for run in runs.newest if run.id not in seen]
    later_cards = [card for card in cards.newest if int(card.id) > revision]
    # Revisions count from 1, and only the last can be a draft.
    card_count = max(len(later_cards), cards.total - revision)
    return replace(
        review,
        not_seen=tuple(sorted((*later_runs, *later_cards), key=lambda one: one.at)),
        not_seen_count=max(len(later_runs), runs.total - len(seen)) + card_count,
        later_cards=card_count,
    )
