"""The first page after signing in, and what happened lately."""

from modelkeep_server.db.work import Work
from modelkeep_server.features.activity import queries as activity
from modelkeep_server.features.audit import queries as audit
from modelkeep_server.features.home import queries as home
from modelkeep_server.features.identity.people import queries as people_queries
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import request_queries
from modelkeep_server.features.search.saved import queries as searches
from modelkeep_server.features.storage import queries as storage
from modelkeep_server.interfaces import todo
from modelkeep_server.interfaces.web.contexts.activity import Timeline
from modelkeep_server.interfaces.web.contexts.home import ActivityContext, DashboardContext
from modelkeep_server.interfaces.web.face import Cursor, door, make_router
from modelkeep_server.interfaces.web.render import Page

router = make_router()

MODELS_SHOWN = 20
LATEST_SHOWN = 8
#: More than the dashboard has lines for, since files sent one after another become one line.
ACTIVITY_READ = 30
ACTIVITY_ROWS = 50
ANSWERS_DAYS = 7
NEWS_DAYS = 7
SEARCHES_SHOWN = 5


@router.get("/")
@door.reads("model.read")
def show_home(work: Work, actor: Actor) -> Page:
    """What waits for me, my models with the states of their versions, and what happened lately."""
    mine = home.list_my_models(work, actor, limit=MODELS_SHOWN)
    latest = () if mine else home.list_latest_models(work, actor, limit=LATEST_SHOWN)
    tiers = home.count_tiers(work, actor)
    states, flagged = home.count_standing(work, actor)
    return Page.of(
        DashboardContext(
            my_models=mine,
            my_total=home.count_my_models(work, actor) if mine else 0,
            registry_total=sum(tiers.values()),
            states=states,
            tiers=tiers,
            latest=latest,
            states_of=home.count_states_of(work, actor, [row.model.key for row in mine or latest]),
            flagged=flagged,
            todo=todo.list_todo(work, actor),
            followed=searches.list_followed(work, actor, days=NEWS_DAYS, limit=SEARCHES_SHOWN),
            now=work.now,
            answers=request_queries.list_latest_answers(work, actor, days=ANSWERS_DAYS),
            damaged=storage.count_damaged_for(work, actor),
            granted=people_queries.list_recent_grants(work, actor),
            log=audit.find_log_state(work, actor),
            activity=Timeline(activity.list_activity(work, actor, limit=ACTIVITY_READ), "/activity"),
        )
    )


@router.get("/activity")
@door.reads("model.read")
def show_activity(work: Work, actor: Actor, cursor: Cursor = "") -> Page:
    """What happened to models, newest first."""
    rows = activity.list_activity(work, actor, limit=ACTIVITY_ROWS, cursor=cursor or None)
    return Page.of(ActivityContext(timeline=Timeline(rows, "/activity", cursor or None)))
