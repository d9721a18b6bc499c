"""
Generating, annotating, publishing and discarding model cards. Source: product R7.

A version has one draft at most, and it is the last of its cards. Generating replaces what the draft says of the version
and leaves the annotations; publishing freezes both under a digest; discarding throws the draft away, and the
annotations wait for the next. All of it is done with the version locked, so that of two who come at once the second
sees what the first did. A card stays open in every state of the version.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, func, literal, select, union

from modelkeep_server.db.edits import demand_fresh, find_last_change
from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import card_annotations, card_revisions, row_writers
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import integrity
from modelkeep_server.features.cards import documents, queries
from modelkeep_server.features.cards.comparing import compare_cards
from modelkeep_server.features.cards.queries import Last, Stored
from modelkeep_server.features.cards.views import Card, CardChanges, CardStatus
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.service import demand_active
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.promotion.telling import tell_of
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import texts
from modelkeep_server.rules.card_sections import ANNOTATION_CHARS, ANNOTATIONS_MAX, SECTION_IDS
from modelkeep_server.rules.errors import Conflict, FieldError, Invalid, NotFound

#: What makes a new edition of a version's cards, and the key under which its event says which.
EDITS = ("card.generate", "card.annotate", "card.publish", "card.discard")
EDITION = "edition"


def generate_card(work: Work, actor: Actor, group: str, name: str, version: str) -> Card:
    """
    Draw the card from what the registry holds now: into the draft, or a new one after the last publication.

    Nothing is written where the draft says all of it already.

    Raises:
        NotFound, NotPermitted; StateForbids: the model is retired.
    """
    model, found = _begin(work, actor, group, name, version, "card.generate")
    draft = queries.find_stored(work, found, "draft")
    if draft is None:
        card = _make_draft(work, actor, model, found)
        access.record(work, actor, "card.generate", object_id=found.id, object_label=found.address, after=_tell(card))
        return _with_notes(work, found, card)
    edition = draft.card.edition + 1
    card = queries.gather_card(work, actor, model, found, revision=draft.card.revision, edition=edition)
    if _facts_of(card) == _facts_of(draft.card):
        return _with_notes(work, found, draft.card)
    changed = compare_cards(draft.card, card)
    _change_draft(work, draft, {**_columns(card), "generated_by": actor.user_id, "generated_at": work.now})
    access.record(
        work, actor, "card.generate", object_id=found.id, object_label=found.address,
        before=_tell(draft.card), after={**_tell(card), **_name_changes(changed)},
    )  # fmt: skip
    return _with_notes(work, found, card)


def annotate(
    work: Work, actor: Actor, group: str, name: str, version: str, section: str, markdown: str, *,
    expected: Collection[int] | None = None,
) -> Card:  # fmt: skip
    """
    Say something of a section, in Markdown: the one annotation of this person. Empty text takes it back.

    Where no draft stands, one is generated for it.

    Args:
        expected: The editions that it was written on, or None for whatever is there.
    Raises:
        NotFound: There is no such version that the actor can see, or no such section.
        NotPermitted; StateForbids: the model is retired. Stale: the card was changed since; says what.
        Invalid: The text is too long, holds what no text may, or the section has as many annotations as it can.
    """
    model, found = _begin(work, actor, group, name, version, "card.annotate")
    if section not in SECTION_IDS:
        raise NotFound(
            f"A model card has no section {section[:100]!r}.", remedy=f"Its sections are {', '.join(SECTION_IDS)}."
        )
    draft, present, is_discarded = _find_draft(work, found)
    _demand_fresh(work, found, expected, present)
    markdown = markdown.replace("\r\n", "\n").strip()
    standing = work.first(_standing_of(found, section, actor))
    before = None if standing is None else str(standing.markdown)
    _demand_sound(work, found, section, markdown, is_new=standing is None)
    # What waits since a draft was discarded is said again only with a new one.
    if markdown == (before or "") and not (markdown and is_discarded):
        return queries.get_card(work, actor, group, name, version, "draft" if draft else None)
    if draft is None:
        card = _make_draft(work, actor, model, found)
    else:
        card = replace(draft.card, edition=draft.card.edition + 1)
        _change_draft(work, draft, {"edition": card.edition})
    if markdown != before:
        _say(work, actor, found, section, markdown, instead_of=None if standing is None else standing.id)
    key = f"annotations.{section}"
    access.record(
        work, actor, "card.annotate", object_id=found.id, object_label=found.address,
        before={EDITION: card.edition - 1, key: None if before is None else Veiled(before)},
        after={**({} if draft else _tell(card)), EDITION: card.edition, key: Veiled(markdown) if markdown else None},
    )  # fmt: skip
    return queries.complete_draft(work, found, card)


def _standing_of(version: Version, section: str, actor: Actor) -> Select[Any]:
    """What this person says of a section now."""
    columns = card_annotations.c
    return select(columns.id, columns.markdown).where(
        columns.version_id == version.key,
        columns.section == section,
        columns.person_id == actor.user_id,
        columns.ended_at.is_(None),
    )


def _say(
    work: Work, actor: Actor, version: Version, section: str, markdown: str, *, instead_of: int | None
) -> None:  # fmt: skip
    if instead_of is not None:
        work.change(card_annotations, instead_of, {"ended_at": work.now}, expect={"ended_at": None})
    if markdown:
        row = {"public_id": ids.uuid7(clock.to_us(work.now)), "version_id": version.key, "section": section}
        work.insert(card_annotations, {**row, "person_id": actor.user_id, "markdown": markdown, "at": work.now})


def publish_card(
    work: Work, actor: Actor, group: str, name: str, version: str, *, expected: Collection[int] | None
) -> Card:
    """
    Freeze the draft as it was generated, with the annotations as they stand, as a revision that never changes.

    Args:
        expected: The editions that were read before, or None for whatever is there.
    Raises:
        NotFound; NotPermitted: the actor is no owner of the model with the role Model Owner.
        StateForbids: the model is retired. Conflict: there is no draft. Stale: it was changed since; says what.
    """
    model, found = _begin(work, actor, group, name, version, "card.publish")
    draft = queries.find_stored(work, found, "draft")
    if draft is None:
        last = queries.find_last(work, found)
        if last.discarded is None:
            _demand_fresh(work, found, expected, last.read)
        raise _nothing_to_publish(work, found, last)
    _demand_fresh(work, found, expected, draft.card.edition)
    card = replace(
        queries.complete_draft(work, found, draft.card),
        status=CardStatus.PUBLISHED, published_at=work.now.replace(microsecond=0), published_by=actor.email or "",
        edition=draft.card.edition + 1,
    )  # fmt: skip
    body = documents.to_body(card)
    digest = documents.digest_of(body)
    _change_draft(
        work, draft,
        {"status": card.status.value, "document": body, "digest": digest, "published_by": actor.user_id,
         "published_at": work.now, "edition": card.edition},
    )  # fmt: skip
    access.record(
        work, actor, "card.publish", object_id=found.id, object_label=found.address,
        before={"status": draft.card.status.value, EDITION: draft.card.edition},
        after={"status": card.status.value, **_tell(card), "digest": digest},
    )  # fmt: skip
    tell_of(work, actor, "card.published", model, found, place="/card", revision=str(card.revision))
    return replace(card, digest=digest)


def discard_draft(
    work: Work, actor: Actor, group: str, name: str, version: str, *, expected: Collection[int] | None = None
) -> None:
    """
    Throw the draft away: what is published is again what readers get. Annotations stay, and stand in the next draft.

    Args:
        expected: The editions that were read before, or None for whatever is there.
    Raises:
        NotFound, NotPermitted; StateForbids: the model is retired. Conflict: there is no draft, and who threw it away.
        Stale: it was changed since; says what.
    """
    _, found = _begin(work, actor, group, name, version, "card.discard")
    draft = queries.find_stored(work, found, "draft")
    if draft is None:
        raise _nothing_to_discard(work, found)
    _demand_fresh(work, found, expected, draft.card.edition)
    edition = draft.card.edition + 1
    _change_draft(work, draft, {"status": queries.DISCARDED, "document": {}, "edition": edition})
    access.record(
        work, actor, "card.discard", object_id=found.id, object_label=found.address,
        before={"status": draft.card.status.value, EDITION: draft.card.edition},
        after={"status": queries.DISCARDED, "revision": draft.card.revision, EDITION: edition},
    )  # fmt: skip


def _begin(work: Work, actor: Actor, group: str, name: str, version: str, act: str) -> tuple[Model, Version]:
    model = model_queries.get_model(work, actor, group, name)
    found = version_queries.lock_version(work, actor, group, name, version)
    access.require(work, actor, act, model_queries.relations_of(actor, model), owners=model.owners)
    demand_active(model)
    _demand_unchanged(work, found)
    return model, found


def _demand_unchanged(work: Work, version: Version) -> None:
    """
    Go on only where cards and annotations are as the log has them: whatever is written next would be recorded with what
    was changed by hand in it. Raises IntegrityBroken.
    """
    present = (
        select(literal(table.name).label("table_name"), table.c.id).where(table.c.version_id == version.key)
        for table in (card_revisions, card_annotations)
    )
    # Those that an event wrote and that are gone are asked for as well.
    written = select(row_writers.c.table_name, row_writers.c.row_key).where(
        row_writers.c.object_id == version.id,
        row_writers.c.table_name.in_([card_revisions.name, card_annotations.name]),
    )
    rows: dict[str, list[int]] = {}
    for row in work.all(union(*present, written)):
        rows.setdefault(row.table_name, []).append(row.id)
    if rows:
        integrity.demand_sound(work, (), rows)


def _find_draft(work: Work, version: Version) -> tuple[Stored | None, int, bool]:
    """The draft, the edition that readers have of it or without it, and whether the last one was thrown away."""
    draft = queries.find_stored(work, version, "draft")
    if draft is not None:
        return draft, draft.card.edition, False
    last = queries.find_last(work, version)
    return None, last.read, last.discarded is not None


def _make_draft(work: Work, actor: Actor, model: Model, version: Version) -> Card:
    """A new draft after the last publication; the caller records it."""
    last = queries.find_last(work, version)
    card = queries.gather_card(work, actor, model, version, revision=last.published + 1, edition=last.edition + 1)
    values = {
        "status": card.status.value, **_columns(card), "generated_by": actor.user_id, "generated_at": work.now
    }  # fmt: skip
    if last.discarded is not None:
        work.change(card_revisions, last.discarded, values, expect={"status": queries.DISCARDED})
        return card
    row = {"public_id": ids.uuid7(clock.to_us(work.now)), "version_id": version.key, "revision": card.revision}
    work.insert(card_revisions, {**row, **values})
    return card


def _change_draft(work: Work, draft: Stored, values: dict[str, Any]) -> None:
    work.change(card_revisions, draft.key, values, expect={"edition": draft.card.edition, "status": "DRAFT"})


def _columns(card: Card) -> dict[str, Any]:
    return {
        "document": documents.to_body(card), "coverage": round(card.coverage * 10_000), "edition": card.edition
    }  # fmt: skip


def _with_notes(work: Work, version: Version, card: Card) -> Card:
    """A card that was generated just now, as it is read."""
    return queries.with_annotations(card, queries.list_annotations(work, version))


def _facts_of(card: Card) -> object:
    """What a card says, whoever generated it and when."""
    bare = queries.with_annotations(card, {})
    return bare.model, bare.version, bare.summary, bare.state, bare.risk_tier, bare.sections, bare.content_digest


def _tell(card: Card) -> dict[str, Any]:
    return {"revision": card.revision, "coverage": card.coverage, EDITION: card.edition}


def _name_changes(changes: CardChanges) -> dict[str, Any]:
    """The items that a new draft says otherwise, by section and id, never what they say."""
    return {"facts": [f"{change.section}.{change.id}" for change in changes.items]} if changes.items else {}


def _demand_fresh(work: Work, version: Version, expected: Collection[int] | None, present: int) -> None:
    what = f"The model card of {version.address}"
    demand_fresh(work, what, version.id, EDITS, expected=expected, present=present, key=EDITION)


def _demand_sound(work: Work, version: Version, section: str, markdown: str, *, is_new: bool) -> None:
    fault = texts.find_text_fault(markdown, max_chars=ANNOTATION_CHARS, lines=True)
    if fault:
        raise Invalid.of([FieldError("markdown", fault)])
    if not is_new or not markdown:
        return
    columns = card_annotations.c
    here = (columns.version_id == version.key, columns.section == section, columns.ended_at.is_(None))
    if int(work.scalar(select(func.count()).select_from(card_annotations).where(*here))) >= ANNOTATIONS_MAX:
        why = f"A section has at most {ANNOTATIONS_MAX} annotations, and this one has them. One is to go first."
        raise Invalid.of([FieldError("markdown", why)])


def _nothing_to_publish(work: Work, version: Version, last: Last) -> Conflict:
    remedy = "Generate it anew where facts have changed, or annotate it; then publish that."
    if last.discarded is not None:
        return Conflict(_say_discarded(work, version), remedy=remedy)
    if not last.published:
        return Conflict(f"{version.address} has no model card yet.", remedy="Generate it first, and look through it.")
    return Conflict(
        f"Revision {last.published} of the model card of {version.address} is published, and nothing came after it.",
        remedy=remedy,
    )


def _nothing_to_discard(work: Work, version: Version) -> Conflict:
    last = queries.find_last(work, version)
    told = f"There is no draft of the model card of {version.address}."
    if last.published:
        remedy = f"Revision {last.published} is published and stays: what is published never changes."
    else:
        remedy = "There is nothing to throw away. Generate a card where one is wanted."
    return Conflict(told if last.discarded is None else _say_discarded(work, version), remedy=remedy)


def _say_discarded(work: Work, version: Version) -> str:
    change = find_last_change(work, version.id, EDITS)
    by = f" by {change.by} on {clock.say_moment(change.at)}" if change is not None else ""
    return f"The draft of the model card of {version.address} was discarded{by}."
