"""Having all stored files checked now."""

from modelkeep_server.db.queueing import enqueue
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.storage import queries


def check_all(work: Work, actor: Actor) -> bool:
    """
    Have every stored file read through from now on, damaged ones too. False where such a check is under way already.

    Raises NotPermitted: The actor is neither SRE nor Admin.
    """
    access.require(work, actor, "storage.check")
    if queries.find_pass(work) is not None:
        return False
    since = work.now.isoformat()
    enqueue(work, queries.KIND, {"since": since}, key=f"{queries.ALL_FILES}{since}/1")
    access.record(work, actor, "storage.check", object_id=work.parts.keys.registry_id)
    return True
