"""The first page after signing in."""

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search import queries as search
from modelkeep_server.interfaces.web.contexts.home import DashboardContext
from modelkeep_server.interfaces.web.face import door, make_router
from modelkeep_server.interfaces.web.render import Page

router = make_router()

MY_MODELS_SHOWN = 20


@router.get("/")
@door.reads("model.read")
def show_home(work: Work, actor: Actor) -> Page:
    """My models, with the state of each one's newest versions."""
    mine = search.list_my_models(work, actor, limit=MY_MODELS_SHOWN)
    tiers = search.count_tiers(work, actor)
    return Page.of(
        DashboardContext(
            my_models=mine,
            my_total=search.count_my_models(work, actor),
            registry_total=sum(tiers.values()),
            states=search.count_states(work, actor),
            tiers=tiers,
        )
    )
