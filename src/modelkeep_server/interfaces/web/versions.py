"""The page of a version."""

from collections.abc import Mapping
from typing import Any

from modelkeep_server.db.work import Work
from modelkeep_server.features.activity import queries as activity
from modelkeep_server.features.artifacts import queries as artifact_queries
from modelkeep_server.features.artifacts import suggestions
from modelkeep_server.features.artifacts.downloading import rights
from modelkeep_server.features.cards import queries as card_queries
from modelkeep_server.features.deployments import live as live_queries
from modelkeep_server.features.deployments.views import Spot
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.policies import exception_queries
from modelkeep_server.features.policies.views import Target
from modelkeep_server.features.promotion import moves
from modelkeep_server.features.promotion import queries as promotion_queries
from modelkeep_server.features.promotion.approval_rules import additions
from modelkeep_server.features.promotion.next_reviews import attesting
from modelkeep_server.features.versions import queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.web.contexts.activity import Timeline
from modelkeep_server.interfaces.web.contexts.versions import (
    VersionActivityContext,
    VersionContext,
)
from modelkeep_server.interfaces.web.face import Cursor, door, make_router
from modelkeep_server.interfaces.web.filling import count_fillable
from modelkeep_server.interfaces.web.forms import href_of_version
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.standing import find_standing
from modelkeep_server.rules.lifecycle import State

router = make_router()

BASE = "/models/{group}/{name}/versions"
FILES_SHOWN = 200
_LIVE_IN = (State.STAGING, State.APPROVED_PROD, State.PRODUCTION, State.DEPRECATED)
ACTIVITY_ROWS = 50


@router.get(BASE + "/{version}")
@door.reads("model.read")
def show_version(work: Work, actor: Actor, group: str, name: str, version: str) -> Page:
    """Where does it stand, and what next?"""
    facts = facts_of(work, actor, group, name, version)
    fillable, spots = count_fillable_fields(work, actor, facts), list_spots(work, actor, facts["version"])
    added, looks = list_added(work, actor, facts), find_looks(work, actor, facts)
    cards = card_queries.list_revisions(work, facts["version"])
    return Page.of(VersionContext(**facts, **looks, fillable=fillable, spots=spots, added=added, cards=cards))


@router.get(BASE + "/{version}/activity")
@door.reads("model.read")
def show_activity(work: Work, actor: Actor, group: str, name: str, version: str, cursor: Cursor = "") -> Page:
    """Who did what to the version and its files, newest first."""
    facts = facts_of(work, actor, group, name, version) | {"tab": "activity"}
    found: Version = facts["version"]
    rows = activity.list_activity_of_version(work, actor, found, limit=ACTIVITY_ROWS, cursor=cursor or None)
    href = f"{href_of_version(found.model, found.version)}/activity"
    return Page.of(VersionActivityContext(**facts, timeline=Timeline(rows, href, cursor or None)))


def facts_of(
    work: Work, actor: Actor, group: str, name: str, version: str, *, cursor: str = "", tells_moves: bool = True
) -> dict[str, Any]:
    """
    What every page of a version is drawn from, with one page of its files; where a page tells nothing of its moves,
    without them and the latest request. Raises NotFound.
    """
    model = model_queries.get_model(work, actor, group, name)
    found = queries.get_version(work, actor, group, name, version)
    relations = model_queries.relations_of(actor, model)
    download = rights.judge(work, actor, model, found)
    latest = promotion_queries.find_latest(work, found) if tells_moves else None
    files = artifact_queries.list_artifacts(work, actor, found, limit=FILES_SHOWN, cursor=cursor or None)
    return {
        "model": model,
        "version": found,
        "files": files,
        "moves": moves.list_moves(work, actor, model, found, latest) if tells_moves else (),
        "latest": latest,
        "relations": relations,
        "standing": find_standing(work, actor, model, relations, may_download=not download.asks_access),
        "download": download,
        "tab": "overview",
    }


def list_spots(work: Work, actor: Actor, version: Version) -> tuple[Spot, ...]:
    """
    The environments, with where a version is live. One statement; none before it could be live, but for who can move
    it to staging and may tell where.
    """
    if version.state in _LIVE_IN or (version.state is State.APPROVED_STAGING and access.may(actor, "version.stage")):
        return live_queries.list_spots(work, version.key)
    return ()


def list_added(work: Work, actor: Actor, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """The approvals in words that Admins added to the floor, for whoever may ask for them. One statement."""
    found: Version = facts["version"]
    target = Target.STAGING if found.is_editable else Target.PRODUCTION
    if not (found.is_editable or found.state is State.STAGING):
        return ()
    if access.why_not(actor, "promotion.request", facts["relations"]) is not None:
        return ()
    tier = facts["model"].risk_tier
    return tuple(one.words for one in additions.list_additions(work) if (one.risk_tier, one.target) == (tier, target))


def find_looks(work: Work, actor: Actor, facts: Mapping[str, Any]) -> dict[str, Any]:
    """
    Who looked last at a version in production, whether it is time again, and why this person cannot now; and what of it
    is excepted. At most three statements.
    """
    found: Version = facts["version"]
    lifting = exception_queries.list_lifting(work, actor, found.key) if found.state is State.PRODUCTION else ()
    if found.next_review_at is None:
        return {"lifting": lifting}
    last = attesting.find_last(work, found)
    return {
        "last_look": last,
        "look_refusal": attesting.why_not(work, actor, facts["model"], found, last),
        "is_look_overdue": found.next_review_at < work.now,
        "lifting": lifting,
    }


def count_fillable_fields(work: Work, actor: Actor, facts: Mapping[str, Any]) -> int:
    """How many fields could be filled from the files, by somebody who may edit the version now."""
    found: Version = facts["version"]
    if not found.is_editable or not facts["files"].items:
        return 0
    if access.why_not(actor, "version.update", facts["relations"]) is not None:
        return 0
    return count_fillable(suggestions.suggest_metadata(work, actor, found))
