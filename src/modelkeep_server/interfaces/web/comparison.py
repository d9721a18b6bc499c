"""What changed between two versions, side by side."""

from typing import Annotated

from fastapi import Query

from modelkeep_server.db.work import Work
from modelkeep_server.features.comparison import comparing
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries
from modelkeep_server.interfaces.query_strings import read_version
from modelkeep_server.interfaces.web.contexts.comparison import ComparisonContext
from modelkeep_server.interfaces.web.face import door, make_router
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid

router = make_router()

Other = Annotated[str, Query(alias="with", max_length=200)]


@router.get("/models/{group}/{name}/versions/{version}/compare")
@door.reads("model.read")
def show_comparison(work: Work, actor: Actor, group: str, name: str, version: str, other: Other = "") -> Page:
    """What changed in it, since which version?"""
    model = model_queries.get_model(work, actor, group, name)
    relations = model_queries.relations_of(actor, model)
    try:
        found = comparing.compare_versions(work, actor, group, name, version, other=read_version(other))
    except Invalid as error:
        now = queries.get_version(work, actor, group, name, version)
        offered = comparing.list_offered(work, now)
        return Page.of(
            ComparisonContext(
                model=model, version=now, offered=offered, relations=relations, fault=error.errors[0].message
            )
        )
    return Page.of(
        ComparisonContext(
            model=model,
            version=found.now,
            before=found.before,
            compared=found.comparison,
            offered=comparing.list_offered(work, found.now),
            relations=relations,
        )
    )
