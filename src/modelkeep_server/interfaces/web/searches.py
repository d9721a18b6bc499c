"""Saved searches as pages: a list of one's own and of what others share, and forms that save and change one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search.saved import alerts, queries, service
from modelkeep_server.features.search.saved.views import NewSearch, SavedSearch
from modelkeep_server.interfaces.web.contexts.searches import (
    EditSearchContext,
    NewSearchContext,
    SavedMenu,
    SearchesContext,
    href_of_search,
)
from modelkeep_server.interfaces.web.editing import Base, FormState, read_edit, redraw
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, href_of, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid, NameTaken, Stale, StateForbids
from modelkeep_server.rules.saved_searches import QUERY_CHARS, SEARCHES_MAX, Sharing

router = make_router()

PAGE_ROWS = 30
CONTROLS = ("name", "query", "sort", "sharing")

Typed = Annotated[str, Query(max_length=2 * QUERY_CHARS)]


def read_menu(work: Work, actor: Actor, query: str, sort: str) -> SavedMenu:
    """What the catalogue shows of saved searches beside a query. One statement."""
    return SavedMenu(queries.list_first(work, actor, limit=SavedMenu.SHOWN), query, sort)


@router.get("/searches")
@door.reads("search.read")
def show_searches(work: Work, actor: Actor, cursor: Cursor = "", deleted: Typed = "") -> Page:
    """Which searches did I save, and which do others share?"""
    return Page.of(_read_list(work, actor, cursor=cursor, deleted=deleted))


def _read_list(work: Work, actor: Actor, *, cursor: str = "", deleted: str = "") -> SearchesContext:
    mine = queries.list_searches(work, actor, whose="mine", limit=SEARCHES_MAX)
    shared = queries.list_searches(work, actor, whose="shared", limit=PAGE_ROWS, cursor=cursor or None)
    gone = queries.find_deleted(work, actor, deleted) if deleted else None
    down = queries.list_taken_down(work, actor, limit=PAGE_ROWS) if access.may(actor, "search.allow") else ()
    return SearchesContext(mine=mine.items, shared=shared, deleted=gone, taken_down=down, cursor=cursor or None)


@router.get("/searches/new")
@door.reads("search.read")
def start_search(work: Work, actor: Actor, q: Typed = "", sort: Typed = "") -> Page:
    """What do I save, under which name?"""
    return Page.of(NewSearchContext(values={"query": q, "sort": sort}))


@router.post("/searches")
@door.posts("search.save", "search.alert")
def save_search(work: Work, actor: Actor, form: FormData) -> Page | Redirect:
    """Save a search, and go on with it. Controls: name, query, sort, sharing (SHARED or none), alert (`yes`)."""
    typed = {name: text_of(form, name) for name in (*CONTROLS, "alert")}
    new = NewSearch(
        typed["name"], typed["query"], typed["sort"], typed["sharing"] or Sharing.PRIVATE, bool(typed["alert"])
    )
    try:
        made = service.save_search(work, actor, new)
    except NameTaken as error:
        taken = queries.find_named(work, actor, typed["name"])
        errors = errors_by_field(error.errors)
        return Page.of(
            NewSearchContext(
                values=typed, errors=errors, taken=taken, shown=_open_form(taken).shown if taken else None
            ),
            error.status,
        )
    except Invalid as error:
        return Page.of(NewSearchContext(values=typed, errors=errors_by_field(error.errors)), error.status)
    except StateForbids as error:
        errors = {"name": f"{error.detail} {error.remedy}"}
        return Page.of(NewSearchContext(values=typed, errors=errors), error.status)
    return Redirect(href_of_search(made, done="search-saved"))


@router.get("/searches/{id}")
@door.reads("search.read")
def run_search(work: Work, actor: Actor, id: str, sort: Typed = "") -> Redirect:
    """Run it, with the rights of whoever opens this."""
    return Redirect(href_of_search(queries.get_search(work, actor, id), sort=sort))


@router.get("/searches/{id}/edit")
@door.reads("search.read")
def show_search(work: Work, actor: Actor, id: str) -> Page:
    """What does it ask, and who finds it?"""
    return _edit_page(queries.get_search(work, actor, id))


@router.post("/searches/{id}")
@door.posts("search.update")
def update_search(work: Work, actor: Actor, id: str, form: FormData) -> Page | Redirect:
    """Change it, or show the form again: with what is wrong, or with what changed since. Controls: those of save."""
    form = FormData([*form.multi_items(), *([] if "sharing" in form else [("sharing", Sharing.PRIVATE.value)])])
    edit = read_edit(form, CONTROLS)
    changes = {control: edit.typed[control] for control in edit.changed}
    try:
        service.update_search(work, actor, id, changes, expected={edit.revision})
    except (Invalid, NameTaken, Stale, StateForbids) as error:
        search = queries.get_search(work, actor, id)
        return _edit_page(search, redraw(form, edit, _open_form(search), error), status=error.status)
    return Redirect("/searches?done=search-changed")


@router.post("/searches/{id}/share")
@door.posts("search.update")
def share_search(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Let everybody find it, or oneself alone again. Control: sharing."""
    sharing = text_of(form, "sharing")
    service.update_search(work, actor, id, {"sharing": sharing}, expected=None)
    return Redirect(f"/searches?done={'search-shared' if sharing == Sharing.SHARED else 'search-unshared'}")


@router.post("/searches/{id}/alert")
@door.posts("search.alert")
def set_alert(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Be told by it of new models, or no more. Control: alert (`yes` or nothing)."""
    if text_of(form, "alert"):
        alerts.turn_on(work, actor, id)
        return Redirect("/searches?done=alert-on")
    alerts.turn_off(work, actor, id)
    return Redirect("/searches?done=alert-off")


@router.post("/searches/{id}/copy")
@door.posts("search.save")
def copy_search(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Save it as one's own."""
    made = service.copy_search(work, actor, id)
    return Redirect(f"/searches/{made.id}/edit?done=search-copied")


@router.post("/searches/{id}/delete")
@door.posts("search.delete")
def delete_search(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Delete it. The page that follows offers to put it back."""
    service.delete_search(work, actor, id)
    return Redirect(href_of("/searches", {"deleted": id}))


@router.post("/searches/{id}/restore")
@door.posts("search.restore")
def restore_search(work: Work, actor: Actor, id: str, form: FormData) -> Page | Redirect:
    """Put it back, or say whose name is in its way."""
    try:
        service.restore_search(work, actor, id)
    except NameTaken as error:
        problem = "Another search of yours has this name now. Rename or delete that one, then press Undo again."
        return Page.of(replace(_read_list(work, actor, deleted=id), failed_id=id, problem=problem), error.status)
    return Redirect("/searches?done=search-restored")


@router.post("/searches/{id}/take-down")
@door.posts("search.take_down")
def take_down_search(work: Work, actor: Actor, id: str, form: FormData) -> Page | Redirect:
    """Let nobody but whoever saved it find it. Control: reason."""
    try:
        service.take_down_search(work, actor, id, reason=text_of(form, "reason").strip())
    except Invalid as error:
        problem = f"Say why you take it down. {error.errors[0].message}"
        return Page.of(replace(_read_list(work, actor), failed_id=id, problem=problem), error.status)
    return Redirect("/searches?done=search-taken-down")


@router.post("/searches/{id}/allow")
@door.posts("search.allow")
def allow_search(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Let whoever saved it share it again."""
    service.allow_search(work, actor, id)
    return Redirect("/searches?done=search-allowed")


def _open_form(search: SavedSearch) -> FormState:
    values: Mapping[str, str] = {
        "name": search.name, "query": search.query, "sort": search.sort, "sharing": search.sharing.value,
    }  # fmt: skip
    return FormState(values, Base.of(values, CONTROLS, search.revision))


def _edit_page(search: SavedSearch, state: FormState | None = None, *, status: int = 200) -> Page:
    form: Any = state or _open_form(search)
    context = EditSearchContext(
        search=search, values=form.values, shown=form.shown, errors=form.errors, notes=form.notes,
        is_stale=form.is_stale,
    )  # fmt: skip
    return Page.of(context, status)
