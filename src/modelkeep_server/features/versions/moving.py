"""
Moving a version from one state to the next: a compare-and-set, with its entry in the history.

Who may, and what it takes, is judged by features/promotion; here is only the arrow of rules/lifecycle.py itself.
"""

from collections.abc import Mapping
from typing import Any

from modelkeep_server.db.edits import REVISION
from modelkeep_server.db.tables import models, version_passages, versions
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules import wording
from modelkeep_server.rules.errors import Conflict, StateForbids
from modelkeep_server.rules.lifecycle import State, find_move


def move(
    work: Work,
    actor: Actor,
    version: Version,
    target: State,
    act: str,
    *,
    more: Mapping[str, Any] | None = None,
    columns: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """
    Bring a version that the caller has locked into another state, and record it as `act`.

    Args:
        more: What the event says beside the state. `columns`: what else of the version changes.
    Raises:
        StateForbids: The diagram has no such arrow. Conflict: somebody moved it a moment ago.
    """
    if find_move(version.state, target) is None:
        raise StateForbids(wording.say_no_move(version.address, version.state, target))
    after = version.revision + 1
    changed = {"state": target.value, "updated_at": work.now, "revision": after, **(columns or {})}
    try:
        work.change(versions, version.key, changed, expect={"state": version.state.value, "revision": version.revision})
    except NoSuchRow as error:
        raise Conflict(f"Somebody moved {version.address} a moment ago.", remedy="Load it again.") from error
    passage = {"version_id": version.key, "state": target.value, "at": work.now, "person_id": actor.user_id}
    work.insert(version_passages, passage)
    work.change(models, version.model_key, {"updated_at": work.now})
    access.record(
        work, actor, act, object_id=version.id, object_label=version.address,
        before={REVISION: version.revision, "state": version.state.value},
        after={REVISION: after, "state": target.value, **(more or {})},
        reason=reason or None,
    )  # fmt: skip
