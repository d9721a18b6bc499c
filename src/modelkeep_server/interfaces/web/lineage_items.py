"""Telling where a version comes from and who uses it, and taking that off again."""

from typing import Annotated, Any

from fastapi import Query, Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage import service
from modelkeep_server.features.lineage.views import NewItem, Source
from modelkeep_server.interfaces.web.contexts.lineage import AddItemContext
from modelkeep_server.interfaces.web.contexts.versions import VersionContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import href_of_version, text_of
from modelkeep_server.interfaces.web.lineage import BASE, find_context
from modelkeep_server.interfaces.web.refusals import FormOf
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.versions import facts_of
from modelkeep_server.rules.errors import FieldError, Invalid, RegistryError
from modelkeep_server.rules.lineage import KINDS, Control, ItemKind, KindInfo

router = make_router()

_REMOVE = FormOf("remove", {})

Kind = Annotated[str, Query(max_length=40)]


@router.get(BASE + "/new")
@door.reads("model.read")
def show_add(
    work: Work, actor: Actor, request: Request, group: str, name: str, version: str, kind: Kind = "DATASET"
) -> Page:
    """How do I say where it comes from?"""
    info = _kind_of(kind)
    values = {row.key: request.query_params.get(row.key, "")[:4000] for row in info.fields}
    return Page.of(_form_context(work, actor, group, name, version, info, values))


def _show_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, **named: Any) -> Page:
    info = _kind_of(named.get("kind", "DATASET"))
    faults = [FieldError(one.field.removeprefix("facts."), one.message) for one in error.errors]
    refused = FormOf("", {row.key: row.label for row in info.fields}).refuse(form, error, faults)
    context = _form_context(
        work, actor, named["group"], named["name"], named["version"], info, dict(refused.typed), refused=refused
    )  # fmt: skip
    return Page.of(context, error.status)


@router.post(BASE + "/new")
@door.posts("lineage.add", "version.update", again=_show_again)
def add_item(
    work: Work, actor: Actor, group: str, name: str, version: str, form: FormData, kind: Kind = "DATASET"
) -> Redirect:
    """Tell one thing more. Controls: the fields of the kind."""
    info = _kind_of(kind)
    typed = {row.key: text_of(form, row.key).strip() for row in info.fields}
    facts: dict[str, Any] = {key: text for key, text in typed.items() if text}
    for row in info.fields:
        # What is no whole number is judged, and told of, with the rest.
        if row.control is Control.BYTES and facts.get(row.key, "").isascii() and facts.get(row.key, "").isdigit():
            facts[row.key] = int(facts[row.key])
    service.add_item(work, actor, group, name, version, NewItem(info.kind, facts, Source.FORM))
    base = href_of_version(f"{group}/{name}", version)
    return Redirect(f"{base}/lineage?done=lineage-{info.kind.value.lower().replace('_', '-')}")


def _tab_again(
    work: Work, actor: Actor, *, error: RegistryError, request: Request, form: FormData, **named: Any
) -> Page:
    context = find_context(
        work, actor, request.query_params, named["group"], named["name"], named["version"], _REMOVE.refuse(form, error)
    )  # fmt: skip
    return Page.of(context, error.status)


@router.post(BASE + "/{id}/remove")
@door.posts("lineage.remove", "version.update", again=_tab_again)
def remove_item(
    work: Work, actor: Actor, request: Request, group: str, name: str, version: str, id: str, form: FormData
) -> Redirect:
    """Take one thing off; the log keeps that it was told."""
    service.remove_item(work, actor, group, name, version, id)
    return Redirect(f"{href_of_version(f'{group}/{name}', version)}/lineage?done=lineage-removed")


def _kind_of(text: str) -> KindInfo:
    """The kind that an address names. Raises Invalid."""
    wanted = text.strip().upper().replace("-", "_")
    if wanted not in list(ItemKind):
        raise Invalid.of([FieldError("kind", f"Choose one of {', '.join(ItemKind)}.")])
    return KINDS[ItemKind(wanted)]


def _form_context(
    work: Work, actor: Actor, group: str, name: str, version: str, info: KindInfo, values: dict[str, str], **more: Any
) -> AddItemContext:
    facts = facts_of(work, actor, group, name, version) | {"tab": "lineage"}
    refused = more.get("refused")
    errors = dict(refused.errors) if refused else {}
    return AddItemContext(version=VersionContext(**facts), info=info, values=values, errors=errors, **more)
