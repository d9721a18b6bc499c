"""
The two flags that stand beside a version's state, which does not change: closed, and on hold. What each means, and who
sets and lifts it, stands in rules/lifecycle.py: `FLAGS`; the acts are closing.py here and features/promotion/holds.py.
"""

from sqlalchemy import ColumnElement, select

from modelkeep_server.db.edits import REVISION
from modelkeep_server.db.tables import models, version_flags, versions
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.errors import Conflict
from modelkeep_server.rules.lifecycle import FLAGS, Flag

#: What the events of a flag call it.
_NAMES = {Flag.CLOSED: "closed", Flag.HOLD: "hold"}


def set_flag(work: Work, actor: Actor, version: Version, flag: Flag, *, reason: str) -> None:
    """Set a flag beside a version that the caller has locked and that does not bear it, and record that."""
    work.insert(
        version_flags,
        {
            "public_id": ids.uuid7(clock.to_us(work.now)),
            "version_id": version.key,
            "kind": flag.value,
            "set_by": actor.user_id,
            "set_at": work.now,
            "reason": reason,
        },
    )
    _finish(work, actor, version, flag, FLAGS[flag].set_act, stands=True, reason=reason)


def find_setter(work: Work, version: Version, flag: Flag) -> int | None:
    """The inside id of who set a flag that stands beside a version, or None. One statement."""
    setter = work.scalar(select(version_flags.c.set_by).where(*_stands(version, flag)))
    return None if setter is None else int(setter)


def lift_flag(work: Work, actor: Actor, version: Version, flag: Flag, *, reason: str) -> None:
    """Take a flag away from a version that the caller has locked, and record that. Raises Conflict: it is gone."""
    key = work.scalar(select(version_flags.c.id).where(*_stands(version, flag)))
    lifted = {"lifted_by": actor.user_id, "lifted_at": work.now, "lift_reason": reason}
    try:
        work.change(version_flags, int(key or 0), lifted, expect={"lifted_at": None})
    except NoSuchRow as error:
        raise Conflict("Somebody lifted it a moment ago.", remedy="Load it again.") from error
    _finish(work, actor, version, flag, FLAGS[flag].lift_act, stands=False, reason=reason)


def _stands(version: Version, flag: Flag) -> tuple[ColumnElement[bool], ...]:
    return (
        version_flags.c.version_id == version.key,
        version_flags.c.kind == flag.value,
        version_flags.c.lifted_at.is_(None),
    )


def _finish(work: Work, actor: Actor, version: Version, flag: Flag, act: str, *, stands: bool, reason: str) -> None:
    after, name = version.revision + 1, _NAMES[flag]
    changed = {"updated_at": work.now, "revision": after}
    work.change(versions, version.key, changed, expect={"revision": version.revision})
    work.change(models, version.model_key, {"updated_at": work.now})
    access.record(
        work, actor, act, object_id=version.id, object_label=version.address,
        before={REVISION: version.revision, name: not stands}, after={REVISION: after, name: stands}, reason=reason,
    )  # fmt: skip
