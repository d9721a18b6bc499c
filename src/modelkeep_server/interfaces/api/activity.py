"""What happened lately to a model or a version."""

from modelkeep_server.db.work import Work
from modelkeep_server.features.activity import queries as activity
from modelkeep_server.features.activity.views import Activity
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.api.face import Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.activity import ActivityObjectOut, ActivityOut
from modelkeep_server.interfaces.api.shapes.base import PageOut
from modelkeep_server.kit.paging import Page
from modelkeep_server.rules.events import ACTIONS

router = make_router("activity")

BASE = "/models/{group}/{name}"


@router.get("/activity", response_model=PageOut[ActivityOut])
@door.reads("model.read")
def list_activity(work: Work, actor: Actor, limit: Limit = 50, cursor: Cursor = None) -> PageOut[ActivityOut]:
    """What happened to any model that the caller may see, newest first."""
    return _page(activity.list_activity(work, actor, limit=limit, cursor=cursor))


@router.get(BASE + "/activity", response_model=PageOut[ActivityOut])
@door.reads("model.read")
def list_activity_of_model(
    work: Work, actor: Actor, group: str, name: str, limit: Limit = 50, cursor: Cursor = None
) -> PageOut[ActivityOut]:
    """What happened to a model and its versions, newest first."""
    model = model_queries.get_model(work, actor, group, name)
    return _page(activity.list_activity_of_model(work, actor, model, limit=limit, cursor=cursor))


@router.get(BASE + "/versions/{version}/activity", response_model=PageOut[ActivityOut])
@door.reads("model.read")
def list_activity_of_version(
    work: Work, actor: Actor, group: str, name: str, version: str, limit: Limit = 50, cursor: Cursor = None
) -> PageOut[ActivityOut]:
    """What happened to a version, newest first."""
    found = version_queries.get_version(work, actor, group, name, version)
    return _page(activity.list_activity_of_version(work, actor, found, limit=limit, cursor=cursor))


def _page(page: Page[Activity]) -> PageOut[ActivityOut]:
    return PageOut[ActivityOut].of(page, _draw)


def _draw(item: Activity) -> ActivityOut:
    return ActivityOut(
        sequence=item.sequence,
        id=item.id,
        at=item.at,
        action=item.action,
        says=ACTIONS[item.action].says,
        by=item.by,
        name=item.name,
        object=ActivityObjectOut(kind=item.kind, id=item.object_id, address=item.address),
        changed=list(item.changed),
        was=list(item.was),
        became=list(item.became),
        reason=item.reason,
    )
