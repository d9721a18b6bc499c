"""The model card of a version as pages: the card, what is done with it, and what differs between two revisions."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.cards import queries, service
from modelkeep_server.features.cards.views import CardStatus, Revision
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.interfaces.web.contexts.cards import CardCompareContext, CardContext, Writing
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import href_of_version, text_of
from modelkeep_server.interfaces.web.refusals import FormOf, Refusal
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.versions import BASE, facts_of
from modelkeep_server.rules import texts
from modelkeep_server.rules.card_sections import ANNOTATION_CHARS
from modelkeep_server.rules.errors import FieldError, Invalid, NotFound, RegistryError

router = make_router()

CARD = BASE + "/{version}/card"
Which = Annotated[str, Query(alias="revision", max_length=20)]
Whole = Annotated[str, Query(alias="all", max_length=60)]
Draw = Annotated[str, Query(max_length=60)]
GENERATE = FormOf("generate", {})
ANNOTATE = FormOf("annotate", {"markdown": "Annotation"})
PUBLISH = FormOf("publish", {})
DISCARD = FormOf("discard", {})
REVISION_MAX = 10**9


@router.get(CARD)
@door.reads("model.read")
def show_card(
    work: Work, actor: Actor, group: str, name: str, version: str, which: Which = "", whole: Whole = "",
    annotate: Draw = "",
) -> Page:  # fmt: skip
    """What is it, what is it for, how good is it, and what is missing? `all` names an item to show in full."""
    writing = Writing(annotate, "") if annotate else None
    return _card_page(work, actor, group, name, version, which=which, whole=whole, writing=writing)


def _again(work: Work, actor: Actor, sent: FormOf, error: RegistryError, form: FormData, named: Any) -> Page:
    """The card once more with a form of it that was refused. Of a draft, where one stands: acts are about that."""
    refused = sent.refuse(form, error)
    writing = Writing(named["section"], text_of(form, "markdown")) if "section" in named else None
    return _card_page(
        work, actor, named["group"], named["name"], named["version"], which="newest", writing=writing,
        refused=refused, status=error.status,
    )  # fmt: skip


def _generate_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, **named: Any) -> Page:
    return _again(work, actor, GENERATE, error, form, named)


def _annotate_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, **named: Any) -> Page:
    return _again(work, actor, replace(ANNOTATE, name=f"annotate-{named['section']}"), error, form, named)


def _publish_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, **named: Any) -> Page:
    return _again(work, actor, PUBLISH, error, form, named)


def _discard_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, **named: Any) -> Page:
    return _again(work, actor, DISCARD, error, form, named)


@router.post(CARD)
@door.posts("card.generate", again=_generate_again)
def generate_card(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Generate the card, or take in what has changed since."""
    service.generate_card(work, actor, group, name, version)
    return Redirect(f"{_href(group, name, version)}?revision=draft&done=card")


@router.post(CARD + "/annotations/{section}")
@door.posts("card.annotate", again=_annotate_again)
def annotate_card(
    work: Work, actor: Actor, group: str, name: str, version: str, section: str, form: FormData
) -> Redirect:
    """Say something of a section, or take back what one said. Controls: markdown, act (`save` or `remove`)."""
    is_removal = text_of(form, "act") == "remove"
    markdown = "" if is_removal else text_of(form, "markdown")
    card = service.annotate(work, actor, group, name, version, section, markdown)
    which = "draft" if card.status is CardStatus.DRAFT else card.revision
    done = "annotated" if markdown.strip() else "annotation-ended"
    return Redirect(f"{_href(group, name, version)}?revision={which}&done={done}#{section}")


@router.post(CARD + "/annotations/{section}/preview")
@door.posts("card.annotate", again=_annotate_again)
def preview_annotation(
    work: Work, actor: Actor, group: str, name: str, version: str, section: str, form: FormData
) -> Page:
    """How will it look? Nothing is saved. Control: markdown."""
    model = model_queries.get_model(work, actor, group, name)
    access.require(work, actor, "card.annotate", model_queries.relations_of(actor, model), owners=model.owners)
    markdown = text_of(form, "markdown")
    fault = texts.find_text_fault(markdown, max_chars=ANNOTATION_CHARS, lines=True)
    if fault:
        raise Invalid.of([FieldError("markdown", fault)])
    writing = Writing(section, markdown, is_preview=True)
    return _card_page(work, actor, group, name, version, which="newest", writing=writing)


@router.post(CARD + "/publish")
@door.posts("card.publish", again=_publish_again)
def publish_card(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Publish the draft that the page showed. Control: edition."""
    card = service.publish_card(work, actor, group, name, version, expected=_edition_of(form))
    return Redirect(f"{_href(group, name, version)}?revision={card.revision}&done=card-published")


@router.post(CARD + "/discard")
@door.posts("card.discard", again=_discard_again)
def discard_draft(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Throw the draft away that the page showed. Control: edition."""
    service.discard_draft(work, actor, group, name, version, expected=_edition_of(form))
    return Redirect(f"{_href(group, name, version)}?done=card-discarded")


@router.get(CARD + "/compare")
@door.reads("model.read")
def compare_cards(
    work: Work, actor: Actor, group: str, name: str, version: str, before: Draw = "", now: Draw = ""
) -> Page:
    """What differs between two revisions? The last two, where the address does not say which."""
    facts = facts_of(work, actor, group, name, version) | {"tab": "card"}
    revisions = queries.list_revisions(work, facts["version"])
    if not revisions:
        raise NotFound(f"{version} has no model card yet.", remedy="Generate it first.")
    newer = _find(revisions, now) or revisions[0]
    older = _find(revisions, before) or next((one for one in revisions if one.revision < newer.revision), newer)
    found = queries.compare(work, actor, group, name, version, before=older.revision, now=newer.revision)
    return Page.of(CardCompareContext(**facts, before=older, now=newer, found=found, revisions=revisions))


def _find(revisions: tuple[Revision, ...], told: str) -> Revision | None:
    if not told:
        return None
    for one in revisions:
        if told == str(one.revision) or (told == "draft" and one.status is CardStatus.DRAFT):
            return one
    raise NotFound(
        f"There is no revision {told!r} of this model card.", remedy="Choose one of those that its page lists."
    )


def _card_page(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    version: str,
    *,
    which: str = "",
    whole: str = "",
    writing: Writing | None = None,
    refused: Refusal | None = None,
    status: int = 200,
) -> Page:
    facts: Mapping[str, Any] = facts_of(work, actor, group, name, version) | {"tab": "card"}
    state = queries.find_state(work, actor, facts["model"], facts["version"], _read_which(which))
    if which == "newest" and state.card is None and state.revisions:
        state = queries.find_state(work, actor, facts["model"], facts["version"])
    if which not in ("", "newest") and state.card is None:
        raise NotFound(
            f"{facts['version'].address} has no revision {which!r} of its model card.",
            remedy="Open its card without a revision, which lists those there are.",
        )
    context = CardContext(**facts, card_state=state, whole=whole, writing=writing, refused=refused)
    return Page.of(context, status)


def _edition_of(form: FormData) -> tuple[int, ...]:
    """The edition of the draft that the page showed; none that there is where somebody wrote another thing."""
    edition = text_of(form, "edition")
    return (int(edition),) if edition.isascii() and edition.isdigit() and len(edition) < 10 else ()


def _read_which(told: str) -> queries.Asked:
    if told in ("draft", "newest"):
        return "draft"
    if told and not (told.isascii() and told.isdigit() and 0 < int(told) < REVISION_MAX):
        raise NotFound(f"{told!r} is no revision of a model card.", remedy="Open the card without a revision.")
    return int(told) if told else None


def _href(group: str, name: str, version: str) -> str:
    return f"{href_of_version(f'{group}/{name}', version)}/card"
