"""How the log stands, for those who watch over it."""

from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import head
from modelkeep_server.features.audit.views import LogState
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor


def get_log_state(work: Work, actor: Actor) -> LogState:
    """How many events the log has, and its newest signed head. Two statements. Raises NotPermitted."""
    access.require(work, actor, "audit.read")
    return LogState(head.read_frontier(work).size, head.find_newest(work))
