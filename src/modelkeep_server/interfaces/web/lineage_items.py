"""Telling where a version comes from and who uses it, and taking that off again."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage import inputs, queries, restoring, service
from modelkeep_server.features.lineage.graph.suggesting import suggest_nodes
from modelkeep_server.features.lineage.views import NewItem, Source
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.web.contexts.lineage import AddItemContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import href_of_version, text_of
from modelkeep_server.interfaces.web.lineage import BASE, find_context
from modelkeep_server.interfaces.web.refusals import FormOf
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import FieldError, Invalid, NotFound, RegistryError
from modelkeep_server.rules.lineage import INPUTS, ITEMS_MAX, KINDS, Control, ItemKind, KindInfo

router = make_router()

_REMOVE = FormOf("remove", {})
OFFERED_MAX = 100

Kind = Annotated[str, Query(max_length=40)]


@router.get(BASE + "/new")
@door.reads("model.read")
def show_add(
    work: Work, actor: Actor, request: Request, group: str, name: str, version: str, kind: Kind = "DATASET"
) -> Page:
    """How do I say where it comes from?"""
    info = _kind_of(kind)
    query = request.query_params
    values = {row.key: query.get(row.key, "")[:4000] for row in info.fields if row.key != INPUTS}
    ticked = frozenset(query.getlist(INPUTS)[:ITEMS_MAX])
    return Page.of(_form_context(work, actor, group, name, version, info, values, ticked=ticked))


def _show_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, **named: Any) -> Page:
    info = _kind_of(named.get("kind", "DATASET"))
    faults = [FieldError(one.field.removeprefix("facts."), one.message) for one in error.errors]
    refused = FormOf("", {row.key: row.label for row in info.fields}).refuse(form, error, faults)
    context = _form_context(
        work, actor, named["group"], named["name"], named["version"], info, dict(refused.typed), refused=refused,
        ticked=frozenset(_ticks_of(form)),
    )  # fmt: skip
    return Page.of(context, error.status)


def _ticks_of(form: FormData) -> list[str]:
    return [text for text in form.getlist(INPUTS) if isinstance(text, str)][: ITEMS_MAX + 1]


@router.post(BASE + "/new")
@door.posts("lineage.add", again=_show_again)
def add_item(
    work: Work, actor: Actor, group: str, name: str, version: str, form: FormData, kind: Kind = "DATASET"
) -> Redirect:
    """Tell one thing more. Controls: the fields of the kind."""
    info = _kind_of(kind)
    typed = {row.key: text_of(form, row.key).strip() for row in info.fields if row.key != INPUTS}
    facts: dict[str, Any] = {key: text for key, text in typed.items() if text}
    if info.takes_in and (ticked := _ticks_of(form)):
        facts[INPUTS] = ticked
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
@door.posts("lineage.remove", again=_tab_again)
def remove_item(
    work: Work, actor: Actor, request: Request, group: str, name: str, version: str, id: str, form: FormData
) -> Redirect:
    """Take one thing off; the log keeps that it was told."""
    removed = service.remove_item(work, actor, group, name, version, id)
    return Redirect(f"{href_of_version(f'{group}/{name}', version)}/lineage?removed={removed}")


@router.post(BASE + "/removed/{id}/restore")
@door.posts("lineage.add", again=_tab_again)
def restore_item(
    work: Work, actor: Actor, request: Request, group: str, name: str, version: str, id: str, form: FormData
) -> Redirect:
    """Put something back that was taken off."""
    restoring.restore_item(work, actor, group, name, version, id)
    return Redirect(f"{href_of_version(f'{group}/{name}', version)}/lineage?done=lineage-restored")


def _offer(work: Work, actor: Actor, values: Mapping[str, str]) -> tuple[Sequence[str], Sequence[str]]:
    """The models that what is typed may mean, and the versions of the one it names. Three statements at most."""
    typed = values.get("model", "").strip()
    nodes = suggest_nodes(work, actor, f"version:{typed}", limit=OFFERED_MAX)
    models = tuple(dict.fromkeys(node.model for node in nodes if node.model))
    group, _, name = typed.partition("/")
    try:
        found = version_queries.list_versions(work, actor, group, name, limit=OFFERED_MAX) if group and name else None
    except NotFound:
        found = None
    return models, tuple(one.version for one in found.items) if found else ()


def _kind_of(text: str) -> KindInfo:
    """The kind that an address names. Raises Invalid."""
    wanted = text.strip().upper().replace("-", "_")
    if wanted not in list(ItemKind):
        raise Invalid.of([FieldError("kind", f"Choose one of {', '.join(ItemKind)}.")])
    return KINDS[ItemKind(wanted)]


def _form_context(
    work: Work, actor: Actor, group: str, name: str, version: str, info: KindInfo, values: dict[str, str], **more: Any
) -> AddItemContext:
    model = model_queries.get_model(work, actor, group, name)
    found = version_queries.get_version(work, actor, group, name, version)
    refused = more.get("refused")
    errors = dict(refused.errors) if refused else {}
    models, versions = _offer(work, actor, values) if info.kind is ItemKind.BASE_MODEL else ((), ())
    items = queries.leave_hidden(work, actor, queries.list_items(work, found)) if info.takes_in else ()
    return AddItemContext(
        choices=tuple(inputs.list_choices(items).values()),
        models=models,
        versions=versions,
        model=model,
        version=found,
        relations=model_queries.relations_of(actor, model),
        info=info,
        values=values,
        errors=errors,
        **more,
    )
