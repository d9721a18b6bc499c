"""
What of an event's before and after is told in activity lists: owners, the risk tier, what a collaborator may do, and
which kind of lineage was told.

Whoever sees a model sees its owners, and not who collaborates on it: that stays out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.tables import audit_people
from modelkeep_server.db.work import Work
from modelkeep_server.rules.lineage import KINDS, ItemKind


def name_people(work: Work, bodies: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The e-mails behind the pseudonyms of owners that these events name. One statement, none where they name none."""
    named = {
        pseudonym
        for body in bodies
        if body["action"] == "model.transfer"
        for side in ("before", "after")
        for pseudonym in _owners_of(body.get(side) or {})
    }
    if not named:
        return {}
    rows = work.all(
        select(audit_people.c.pseudonym, audit_people.c.email).where(audit_people.c.pseudonym.in_(sorted(named)))
    )
    return {row.pseudonym: row.email for row in rows if row.email is not None}


def tell(action: str, side: Mapping[str, Any] | None, people: Mapping[str, str]) -> tuple[str, ...]:
    """One side of an event in words; empty where there is nothing to tell."""
    side = side or {}
    if action == "model.transfer":
        return tuple(people.get(pseudonym, pseudonym) for pseudonym in _owners_of(side))
    if action in ("model.update", "model.lower_tier") and "riskTier" in side:
        return (str(side["riskTier"]),)
    if action.startswith("collaborator.") and "access" in side:
        return (str(side["access"]),)
    if action.startswith("lineage.") and side.get("lineageKind"):
        return (KINDS[ItemKind(side["lineageKind"])].label.lower(),)
    return ()


def _owners_of(side: Mapping[str, Any]) -> tuple[str, ...]:
    registrar = side.get("registrar")
    owners = side.get("owners")
    # A list too long for an event stands in it as a digest.
    listed = owners if isinstance(owners, list) else []
    return tuple(dict.fromkeys([*listed, *([registrar] if registrar else [])]))
