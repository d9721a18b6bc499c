"""Model cards of versions."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Path, Query
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.cards import queries, schema, service
from modelkeep_server.features.cards.views import Card, CardChanges
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.api.face import Answer, Cursor, IfMatch, Limit, door, make_router, read_if_match
from modelkeep_server.interfaces.api.shapes.base import PageOut, etag_of
from modelkeep_server.interfaces.api.shapes.cards import (
    AnnotationIn,
    CardChangesOut,
    CardOut,
    CardRevisionOut,
    tell_card,
)
from modelkeep_server.interfaces.card_files import FORMATS, Format, make_file, name_file
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.printing import print_file
from modelkeep_server.kit import canonical
from modelkeep_server.kit.disposition import attachment

router = make_router("cards")

BASE = "/models/{group}/{name}/versions/{version}/card"
Which = Annotated[
    str,
    Query(
        max_length=20,
        pattern="^(draft|[1-9][0-9]{0,8})?$",
        description="A revision by its number, or `draft`; left out, the newest that is published, or else the draft.",
    ),
]
OneOf = Annotated[
    str, Query(max_length=20, pattern="^(draft|[1-9][0-9]{0,8})$", description="A revision by its number, or `draft`.")
]
As = Annotated[
    Format | None,
    Query(description="A file of the card, of a published one each time the same. Left out, the card as JSON."),
]
Section = Annotated[str, Path(description="The id of a section, as a card has it.")]
_DRAWN: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {row.media_type: {} for row in FORMATS.values() if row.media_type != "application/json"},
        "description": "The card.",
    }
}

_SCHEMA: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/schema+json": {}}, "description": "The schema."}
}


@router.post(BASE, status_code=201, response_model=CardOut)
@door.writes("card.generate")
def generate_card(work: Work, actor: Actor, group: str, name: str, version: str) -> Response:
    """
    Generate the model card from what the registry holds: into the draft, or a new draft after the last publication.
    Annotations stay. Where the draft says all of it already, nothing changes.
    """
    card = service.generate_card(work, actor, group, name, version)
    return _answer(card, 201, {"Location": quote(f"/api/v1/models/{card.model}/versions/{card.version}/card")})


@router.get(BASE, response_model=CardOut, responses=_DRAWN)
@door.streams("model.read")
async def show_card(
    desk: Desk, group: str, name: str, version: str, format: As = None, revision: Which = ""
) -> Response:
    """
    A model card, with the facts that have changed since it was generated; or a file of it, which says no more than the
    card.
    """

    def read(work: Work, actor: Actor) -> tuple[Card, CardChanges | None]:
        card = queries.get_card(work, actor, group, name, version, _read_revision(revision))
        return card, _find_changes(work, actor, group, name, version, card) if format is None else None

    card, changes = await desk.read(read)
    if format is None:
        return _answer(card, changes=changes)
    row = FORMATS[format]

    def make() -> bytes:
        return make_file(card, format, desk.door.parts)

    content = await (print_file(desk, make) if row.is_slow else desk.make(make))
    headers = {"ETag": etag_of(card.edition)}
    if row.media_type != "application/json":
        headers["Content-Disposition"] = attachment(name_file(card, format))
    return Response(content, media_type=row.media_type, headers=headers)


@router.put(BASE + "/annotations/{section}", response_model=CardOut)
@door.writes("card.annotate")
def annotate_card(
    work: Work, actor: Actor, group: str, name: str, version: str, section: Section, body: AnnotationIn,
    if_match: IfMatch = None,
) -> Response:  # fmt: skip
    """
    Say something of a section, in Markdown: your one annotation of it; empty text takes it back. After a publication it
    begins the next draft.
    """
    expected = read_if_match(if_match)
    return _answer(service.annotate(work, actor, group, name, version, section, body.markdown, expected=expected))


@router.post(BASE + "/publish", response_model=CardOut)
@door.writes("card.publish")
def publish_card(work: Work, actor: Actor, group: str, name: str, version: str, if_match: IfMatch = None) -> Response:
    """
    Publish the draft: as it was generated, with the annotations as they stand, it becomes a revision that never
    changes.
    """
    card = service.publish_card(work, actor, group, name, version, expected=read_if_match(if_match))
    return _answer(card)


@router.delete(BASE, status_code=204, response_class=Response)
@door.writes("card.discard")
def discard_card_draft(
    work: Work, actor: Actor, group: str, name: str, version: str, if_match: IfMatch = None
) -> Answer:
    """
    Throw the draft away. What is published stays, and is what readers get; annotations stay, and stand in the next
    draft. Without a draft it is refused with 409.
    """
    service.discard_draft(work, actor, group, name, version, expected=read_if_match(if_match))
    return Answer(None, 204)


@router.get(BASE + "/revisions", response_model=PageOut[CardRevisionOut])
@door.reads("model.read")
def list_card_revisions(
    work: Work, actor: Actor, group: str, name: str, version: str, limit: Limit = 50, cursor: Cursor = None
) -> PageOut[CardRevisionOut]:
    """The cards of a version, newest first, the draft among them."""
    found = version_queries.get_version(work, actor, group, name, version)
    return PageOut[CardRevisionOut].of(
        queries.page_revisions(work, found, limit=limit, cursor=cursor), CardRevisionOut.of
    )


@router.get(BASE + "/compare", response_model=CardChangesOut)
@door.reads("model.read")
def compare_cards(
    work: Work, actor: Actor, group: str, name: str, version: str, before: OneOf, now: OneOf
) -> CardChangesOut:
    """What differs between two revisions of a version's card."""
    older, newer = _read_revision(before), _read_revision(now)
    return CardChangesOut.of(queries.compare(work, actor, group, name, version, before=older, now=newer))


@router.get(BASE + "/changes", response_model=CardChangesOut)
@door.reads("model.read")
def show_card_changes(
    work: Work, actor: Actor, group: str, name: str, version: str, revision: Which = ""
) -> CardChangesOut:
    """What has changed of the facts since a card was generated; generating anew takes it in."""
    card = queries.get_card(work, actor, group, name, version, _read_revision(revision))
    return CardChangesOut.of(_find_changes(work, actor, group, name, version, card))


@router.get("/schemas/model-card/1", response_class=Response, responses=_SCHEMA)
@door.reads("model.read")
def show_card_schema(work: Work, actor: Actor) -> Response:
    """The JSON Schema (2020-12) that the JSON of model cards follows, by the name that its `$schema` has."""
    return Response(schema.read_schema(), media_type="application/schema+json")


def _find_changes(work: Work, actor: Actor, group: str, name: str, version: str, card: Card) -> CardChanges:
    model = model_queries.get_model(work, actor, group, name)
    found = version_queries.get_version(work, actor, group, name, version)
    return queries.find_changes(work, actor, model, found, card)


def _read_revision(told: str) -> queries.Asked:
    if told == "draft":
        return "draft"
    return int(told) if told else None


def _answer(
    card: Card, status: int = 200, headers: dict[str, str] | None = None, *, changes: CardChanges | None = None
) -> Response:
    return Response(
        canonical.dumps(tell_card(card, changes)).encode(), status, {"ETag": etag_of(card.edition), **(headers or {})},
        "application/json",
    )  # fmt: skip
