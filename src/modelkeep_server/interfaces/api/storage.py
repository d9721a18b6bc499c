"""The file store: how it stands, and having all stored files checked."""

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.storage import queries, service
from modelkeep_server.interfaces.api.face import door, make_router
from modelkeep_server.interfaces.api.shapes.storage import CheckOut, ChecksOut, StorageOut

router = make_router("storage")


@router.get("/storage", response_model=StorageOut)
@door.reads("storage.read")
def show_storage(work: Work, actor: Actor) -> StorageOut:
    """Where files are kept, how much, by whom, how far they were checked, and what was found damaged."""
    return StorageOut.model_validate(queries.get_storage(work, actor))


@router.post("/storage/checks", response_model=CheckOut)
@door.writes("storage.check")
def check_storage(work: Work, actor: Actor) -> CheckOut:
    """Have every stored file read through from now on. While that is under way, asking again begins no other."""
    began = service.check_all(work, actor)
    checks = queries.get_storage(work, actor).checks
    return CheckOut(began=began, checks=ChecksOut.model_validate(checks))
