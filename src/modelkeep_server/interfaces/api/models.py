"""Models and the catalogue."""

from operator import attrgetter
from typing import Annotated

from fastapi import Query

from modelkeep_server.db.work import Work
from modelkeep_server.features.cards.views import NamedBy
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import ownership, queries, service
from modelkeep_server.features.models.checks import NewModel
from modelkeep_server.features.models.views import Model, Visibility
from modelkeep_server.features.promotion.ending import retiring
from modelkeep_server.features.promotion.findings import tier_raises
from modelkeep_server.features.search import queries as search
from modelkeep_server.features.search.likening.meant import find_meant_instead
from modelkeep_server.features.search.views import CatalogueRow
from modelkeep_server.interfaces.api.catalogue_filters import Asked
from modelkeep_server.interfaces.api.face import Answer, Cursor, IfMatch, Limit, door, make_router, read_if_match
from modelkeep_server.interfaces.api.shapes.base import ReasonIn, etag_of
from modelkeep_server.interfaces.api.shapes.models import (
    CatalogueOut,
    CataloguePageOut,
    EditedModelOut,
    ModelIn,
    ModelOut,
    ModelPatch,
    WarningOut,
)
from modelkeep_server.interfaces.api.shapes.sharing import TransferIn
from modelkeep_server.interfaces.hiding import find_naming, say_naming
from modelkeep_server.interfaces.query_strings import read_catalogue_filter

router = make_router("models")

_FACTS = tuple(ModelOut.model_fields)
_read_facts = attrgetter(*_FACTS)

Facets = Annotated[bool, Query(description="Whether to count what the models found have, field by field.")]
AskedMeant = Annotated[
    bool, Query(alias="meant", description="Whether to say what may have been meant if nothing fits.")
]


@router.post("/models", status_code=201, response_model=ModelOut)
@door.writes("model.create")
def create_model(work: Work, actor: Actor, body: ModelIn) -> Answer:
    """Register a model. Whoever registers it owns it too, beside the owners named."""
    model = service.create_model(work, actor, NewModel(**body.model_dump()))
    return _with_etag(model, status=201, headers={"Location": f"/api/v1/models/{model.address}"})


@router.get("/models", response_model=CataloguePageOut)
@door.reads("model.read")
def list_models(
    work: Work,
    actor: Actor,
    asked: Asked,
    facets: Facets = False,
    with_meant: AskedMeant = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CataloguePageOut:
    """
    The catalogue: models that fit the query and every filter given, and that the caller may see. Counts end at 10,000,
    and `totalCapped` says that there are more. A query that cannot be read is answered with where it is at fault.
    """
    wanted = read_catalogue_filter(asked)
    found = search.list_models(work, actor, wanted, limit=limit, cursor=cursor, facets=facets)
    meant = find_meant_instead(work, actor, wanted) if with_meant and not found.items and cursor is None else None
    return CataloguePageOut.found(found, _row, with_facets=facets, meant=meant)


@router.get("/models/{group}/{name}", response_model=ModelOut)
@door.glances("model.read")
def show_model(work: Work, actor: Actor, group: str, name: str) -> Answer:
    """One model, by its address in any case."""
    return _with_etag(queries.get_model(work, actor, group, name))


@router.patch("/models/{group}/{name}", response_model=EditedModelOut)
@door.writes("model.update", "model.lower_tier")
def update_model(work: Work, actor: Actor, group: str, name: str, body: ModelPatch, if_match: IfMatch = None) -> Answer:
    """
    Edit a model: a JSON Merge Patch (RFC 7396). An `If-Match` that is stale is told who changed what since.

    Once a version was submitted, owners raise the risk tier with a reason; an MRC who never owned the model and touched
    none of its versions lowers it, by `riskTier` and `reason` alone.
    """
    changes = body.model_dump(exclude_unset=True, exclude={"reason"})
    hides = changes.get("visibility") == Visibility.RESTRICTED
    named_by = find_naming(work, actor, queries.get_model(work, actor, group, name)) if hides else None
    model = tier_raises.update_model(
        work, actor, group, name, changes, expected=read_if_match(if_match), reason=body.reason
    )
    facts = dict(zip(_FACTS, _read_facts(model), strict=True))
    return _answer(EditedModelOut(**facts, warnings=[_warn(named_by)] if named_by else []))


@router.post("/models/{group}/{name}/transfer", response_model=ModelOut)
@door.writes("model.transfer")
def transfer_model(
    work: Work, actor: Actor, group: str, name: str, body: TransferIn, if_match: IfMatch = None
) -> Answer:
    """Give a model to other owners, all at once. Who registered it owns it no more, unless named."""
    expected = read_if_match(if_match)
    model = ownership.transfer_model(work, actor, group, name, body.owners, reason=body.reason, expected=expected)
    return _with_etag(model)


@router.post("/models/{group}/{name}/retire", response_model=ModelOut)
@door.writes("model.retire")
def retire_model(work: Work, actor: Actor, group: str, name: str, body: ReasonIn, if_match: IfMatch = None) -> Answer:
    """
    Retire a model for good, where none of its versions is in PRODUCTION: all of them become RETIRED, requests,
    collaborations and links end, and it is read-only.
    """
    expected = read_if_match(if_match)
    return _with_etag(retiring.retire_model(work, actor, group, name, reason=body.reason, expected=expected))


def _warn(found: NamedBy) -> WarningOut:
    return WarningOut(code="named_elsewhere", message=say_naming(found), versions=list(found.first))


def _with_etag(model: Model, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return _answer(ModelOut.model_validate(model), status=status, headers=headers)


def _answer(told: ModelOut, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(told, status, {"ETag": etag_of(told.revision), **(headers or {})})


def _row(row: CatalogueRow) -> CatalogueOut:
    told = dict(zip(_FACTS, _read_facts(row.model), strict=True))
    newest = [{"version": mark.version, "state": mark.state.value, "closed": mark.closed} for mark in row.newest]
    return CatalogueOut.model_validate({**told, "newest": newest, "version_count": row.version_count})
