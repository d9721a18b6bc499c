"""Reading cards. One is visible where its model is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Literal

from sqlalchemy import Row, Select, Text, and_, bindparam, case, func, select, type_coerce

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import card_annotations, card_revisions, people, row_writers
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import head
from modelkeep_server.features.cards.bases import without_hidden
from modelkeep_server.features.cards.comparing import compare_cards
from modelkeep_server.features.cards.documents import digest_of_text, from_document
from modelkeep_server.features.cards.gathering.facts import digest_content, read_facts
from modelkeep_server.features.cards.gathering.sections import build_sections, measure_coverage, with_places
from modelkeep_server.features.cards.views import (
    Annotation,
    Card,
    CardChanges,
    CardState,
    CardStatus,
    Checkpoint,
    Revision,
)
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import canonical
from modelkeep_server.kit.merkle import root_of
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import IntegrityBroken, NotFound

#: Which revision is asked for: a number, the draft, or what readers are to see: the newest published, else the draft.
Asked = int | Literal["draft"] | None

REVISIONS_SHOWN = 200
#: The status of a row whose draft was thrown away, and that the next one takes: to readers there is no such card.
DISCARDED = "DISCARDED"
_IS_THERE = card_revisions.c.status != DISCARDED

_generators, _publishers = people.alias("generators"), people.alias("publishers")


@dataclass(frozen=True)
class Stored:
    """
    A row of a card, with the sequence of the event that wrote it last. A draft is without its annotations here, and a
    published card without its checkpoint.
    """

    key: int
    card: Card
    sequence: int | None


@dataclass(frozen=True)
class Last:
    """
    How far the cards of a version have come. `published` is the newest revision, 0 where there is none, and `read` the
    edition that its readers have; `edition` is the highest that anything had. `discarded` is the row of a draft that
    was thrown away after that revision, or None.
    """

    published: int
    read: int
    edition: int
    discarded: int | None


@cache
def _select_rows() -> Select[Any]:
    written = and_(row_writers.c.table_name == card_revisions.name, row_writers.c.row_key == card_revisions.c.id)
    columns = card_revisions.c
    return (
        select(
            columns.id,
            columns.digest,
            columns.edition,
            columns.revision,
            row_writers.c.sequence,
            type_coerce(columns.document, Text).label("text"),
        )
        .outerjoin(row_writers, written)
        .where(card_revisions.c.version_id == bindparam("version_id"), _IS_THERE)
    )


def get_card(work: Work, actor: Actor, group: str, name: str, version: str, revision: Asked = None) -> Card:
    """
    A card of a version: the newest published, or else the draft, where `revision` does not say which.

    Raises NotFound, which says how to get one. At most five statements, and one where this process has not read all
    leaves of the log before.
    """
    found = version_queries.get_version(work, actor, group, name, version)
    card = find_card(work, found, revision)
    if card is None:
        raise NotFound(_say_missing(found, revision), remedy=_REMEDY)
    return card


_REMEDY = "Generate the model card first, or choose one of its revisions."


def _say_missing(version: Version, revision: Asked) -> str:
    if revision is None:
        return f"{version.address} has no model card yet."
    which = "draft" if revision == "draft" else f"revision {revision}"
    return f"{version.address} has no {which} of its model card."


def find_card(work: Work, version: Version, revision: Asked = None) -> Card | None:
    """The same of a version that the reader was let to, or None. Four statements at most."""
    stored = find_stored(work, version, revision)
    return None if stored is None else _complete(work, version, stored)


def find_stored(work: Work, version: Version, revision: Asked = None) -> Stored | None:
    """The row of a card, or None. One statement."""
    statement = _select_rows()
    if revision == "draft":
        statement = statement.where(card_revisions.c.status == CardStatus.DRAFT.value)
    elif revision is not None:
        statement = statement.where(card_revisions.c.revision == revision)
    # PUBLISHED comes after DRAFT in the alphabet, so that it is the first here.
    newest = statement.order_by(card_revisions.c.status.desc(), card_revisions.c.revision.desc()).limit(1)
    row = work.first(newest, {"version_id": version.key})
    return None if row is None else _to_stored(row)


def _to_stored(row: Row[Any]) -> Stored:
    """Raises IntegrityBroken where the document is not the one that was written."""
    if row.digest is not None and digest_of_text(row.text) != row.digest:
        raise _changed_by_hand(row)
    try:
        card = from_document(canonical.loads(row.text))
    except (KeyError, TypeError, ValueError) as error:
        raise _changed_by_hand(row) from error
    return Stored(row.id, replace(card, digest=row.digest, edition=row.edition), row.sequence)


def _changed_by_hand(row: Row[Any]) -> IntegrityBroken:
    return IntegrityBroken(
        f"Revision {row.revision} of this model card is not what was written: it was changed by hand.",
        remedy="Tell an Admin and an Auditor, and have the log verified; another revision can be read meanwhile.",
    )


def _complete(work: Work, version: Version, stored: Stored) -> Card:
    """The card with what is told beside it: of a draft the annotations as they stand, of a published one its head."""
    if stored.card.status is CardStatus.DRAFT:
        return complete_draft(work, version, stored.card)
    return replace(stored.card, checkpoint=_find_checkpoint(work, stored))


def complete_draft(work: Work, version: Version, card: Card) -> Card:
    """
    A draft as it is read: with the annotations as they stand, and without what it said of base models that were hidden
    since. Two statements at most.
    """
    return without_hidden(work, version, with_annotations(card, list_annotations(work, version)))


def _find_checkpoint(work: Work, stored: Stored) -> Checkpoint | None:
    """The head of the log right after the card was published. None where the log lacks hashes. Two statements."""
    if stored.sequence is None:
        return None
    size = stored.sequence + 1
    try:
        root = root_of(partial(head.read_leaves, work), 0, size, work.parts.witness.blocks)
    except ValueError:
        return None
    return Checkpoint(head.origin_of(work, size), size, root.hex())


def list_annotations(work: Work, version: Version) -> dict[str, tuple[Annotation, ...]]:
    """What people say of the sections now, the first to be written first. One statement."""
    rows = work.all(
        select(card_annotations, people.c.email, people.c.name)
        .join(people, people.c.id == card_annotations.c.person_id)
        .where(card_annotations.c.version_id == version.key, card_annotations.c.ended_at.is_(None))
        .order_by(card_annotations.c.id)
    )
    found: dict[str, tuple[Annotation, ...]] = {}
    for row in rows:
        note = Annotation(row.email, row.name or row.email, row.at.replace(microsecond=0), row.markdown)
        found[row.section] = (*found.get(row.section, ()), note)
    return found


def with_annotations(card: Card, notes: Mapping[str, tuple[Annotation, ...]]) -> Card:
    """The card with these annotations, and no others."""
    return replace(
        card, sections=tuple(replace(section, annotations=notes.get(section.id, ())) for section in card.sections)
    )


def list_revisions(work: Work, version: Version) -> tuple[Revision, ...]:
    """The cards of a version that the reader was let to, newest first, at most 200. One statement."""
    return _list_with_discarded(work, version)[0]


def _list_with_discarded(work: Work, version: Version) -> tuple[tuple[Revision, ...], bool]:
    """The same, and whether a draft after them was thrown away. One statement."""
    rows = work.all(_of_version(version).order_by(card_revisions.c.revision.desc()).limit(REVISIONS_SHOWN))
    there = tuple(_to_revision(row) for row in rows if row.status != DISCARDED)
    return there, len(there) < len(rows)


def page_revisions(
    work: Work, version: Version, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Revision]:
    """One page of the same. Two statements. Raises CursorRefused."""
    rows, following = read_rows(
        work, _of_version(version).where(_IS_THERE), card_revisions.c.revision, filters={"cards_of": version.id},
        limit=limit, cursor=cursor, descending=True,
    )  # fmt: skip
    total = work.scalar(
        select(func.count()).select_from(card_revisions).where(card_revisions.c.version_id == version.key, _IS_THERE)
    )
    return Page(tuple(map(_to_revision, rows)), following, int(total))


def _of_version(version: Version) -> Select[Any]:
    """The cards of a version without what they say, and the row of a draft that was thrown away."""
    columns = card_revisions.c
    return (
        select(
            columns.revision, columns.status, columns.coverage, columns.generated_at, columns.published_at,
            columns.digest, _generators.c.email.label("generator"), _publishers.c.email.label("publisher"),
        )
        .join(_generators, _generators.c.id == columns.generated_by)
        .outerjoin(_publishers, _publishers.c.id == columns.published_by)
        .where(columns.version_id == version.key)
    )  # fmt: skip


def _to_revision(row: Row[Any]) -> Revision:
    return Revision(
        revision=row.revision,
        status=CardStatus(row.status),
        coverage=row.coverage / 10_000,
        generated_at=row.generated_at,
        generated_by=row.generator,
        published_at=row.published_at,
        published_by=row.publisher,
        digest=row.digest,
    )


@cache
def _select_last() -> Select[Any]:
    columns = card_revisions.c
    is_published = columns.status == CardStatus.PUBLISHED.value
    return select(
        func.max(case((is_published, columns.revision))).label("published"),
        func.max(case((is_published, columns.edition))).label("read"),
        func.max(columns.edition).label("edition"),
        func.max(case((columns.status == DISCARDED, columns.id))).label("discarded"),
    ).where(columns.version_id == bindparam("version_id"))


def find_last(work: Work, version: Version) -> Last:
    """How far the cards of a version have come. One statement."""
    row = work.first(_select_last(), {"version_id": version.key})
    assert row is not None
    return Last(row.published or 0, row.read or 0, row.edition or 0, row.discarded)


def gather_card(
    work: Work, actor: Actor, model: Model, version: Version, *, revision: int = 1, edition: int = 1
) -> Card:
    """A draft as it would be generated now, without annotations. At most twelve statements."""
    facts = read_facts(work, actor, model, version)
    sections = build_sections(facts)
    return Card(
        model=version.model,
        version=version.version,
        revision=revision,
        status=CardStatus.DRAFT,
        coverage=measure_coverage(sections),
        summary=model.description,
        state=version.state.value,
        risk_tier=model.risk_tier.value,
        sections=sections,
        generated_at=work.now.replace(microsecond=0),
        generated_by=actor.email or "",
        edition=edition,
        content_digest=digest_content(work, facts),
    )


def find_changes(work: Work, actor: Actor, model: Model, version: Version, card: Card) -> CardChanges:
    """What generating anew would bring to a card. Twelve statements."""
    now = with_annotations(
        gather_card(work, actor, model, version), {section.id: section.annotations for section in card.sections}
    )
    return compare_cards(card, now)


def compare(work: Work, actor: Actor, group: str, name: str, version: str, *, before: Asked, now: Asked) -> CardChanges:
    """What differs between two cards of a version. Raises NotFound. At most eight statements."""
    found = version_queries.get_version(work, actor, group, name, version)
    return compare_cards(_demand(work, found, before), _demand(work, found, now))


def _demand(work: Work, version: Version, revision: Asked) -> Card:
    stored = find_stored(work, version, revision)
    if stored is None:
        raise NotFound(_say_missing(version, revision), remedy=_REMEDY)
    return complete_draft(work, version, stored.card) if stored.card.status is CardStatus.DRAFT else stored.card


def find_state(work: Work, actor: Actor, model: Model, version: Version, revision: Asked = None) -> CardState:
    """
    What the page of a version's card shows: the card that is asked for, with where to provide now what it lacks, None
    where there is none; all revisions; and of the newest what generating anew would bring, and which annotations wait
    for the next draft since one was thrown away. At most 18 statements.
    """
    revisions, is_discarded = _list_with_discarded(work, version)
    card = find_card(work, version, revision) if revisions else None
    is_newest = card is not None and card.revision == revisions[0].revision
    waiting = list_annotations(work, version) if is_discarded and (is_newest or not revisions) else {}
    if card is None:
        return CardState(None, revisions, CardChanges(), waiting)
    changes = find_changes(work, actor, model, version, card) if is_newest else CardChanges()
    said = {(section.id, note) for section in card.sections for note in section.annotations}
    unsaid = {
        section: tuple(note for note in notes if (section, note) not in said) for section, notes in waiting.items()
    }
    return CardState(with_places(model, version, card), revisions, changes, unsaid)
