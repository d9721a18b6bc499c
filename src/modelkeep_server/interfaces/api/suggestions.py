"""Metadata that the files of a version tell: offered, and taken over."""

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import suggestions
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.versions import queries
from modelkeep_server.interfaces.api.face import Answer, IfMatch, door, make_router, read_if_match
from modelkeep_server.interfaces.api.shapes.base import PageOut, etag_of
from modelkeep_server.interfaces.api.shapes.suggestions import SuggestionOut, SuggestionsIn
from modelkeep_server.interfaces.api.shapes.versions import VersionOut

router = make_router("versions")

PATH = "/models/{group}/{name}/versions/{version}/suggestions"


@router.get(PATH, response_model=PageOut[SuggestionOut])
@door.reads("model.read")
def list_suggestions(work: Work, actor: Actor, group: str, name: str, version: str) -> PageOut[SuggestionOut]:
    """What the headers of the files tell of a version, where its metadata does not say the same already."""
    found = queries.get_version(work, actor, group, name, version)
    told = suggestions.suggest_metadata(work, actor, found)
    return PageOut[SuggestionOut](items=[SuggestionOut.model_validate(one) for one in told], total=len(told))


@router.post(PATH, response_model=VersionOut)
@door.writes("version.update")
def use_suggestions(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    version: str,
    body: SuggestionsIn | None = None,
    if_match: IfMatch = None,
) -> Answer:
    """
    Write what the files tell into metadata fields that are empty. What somebody wrote stays as it is.
    """
    wanted = body.fields if body is not None else None
    expected = read_if_match(if_match)
    found = suggestions.use_suggestions(work, actor, group, name, version, wanted, expected=expected)
    return Answer(VersionOut.model_validate(found), 200, {"ETag": etag_of(found.revision)})
