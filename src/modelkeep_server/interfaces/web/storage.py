"""The file store as a page."""

from fastapi import Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.status.views import Component
from modelkeep_server.features.storage import queries, service
from modelkeep_server.interfaces.web.contexts.storage import StorageContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.render import Page

router = make_router()


@router.get("/admin/storage")
@door.reads("storage.read")
def show_storage(work: Work, actor: Actor, request: Request) -> Page:
    """Where are the files, who uses how much, and are they whole?"""
    last = request.app.state.door.last_health
    health = next((one for one in last.components if one.component is Component.STORAGE), None) if last else None
    return Page.of(StorageContext(storage=queries.get_storage(work, actor), health=health))


@router.post("/admin/storage/checks")
@door.posts("storage.check")
def check_storage(work: Work, actor: Actor, form: FormData) -> Redirect:
    """Have every stored file read through."""
    began = service.check_all(work, actor)
    return Redirect(f"/admin/storage?done={'check-began' if began else 'check-runs'}")
