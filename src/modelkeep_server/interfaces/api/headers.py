"""What the files of a version say of themselves, and what of it the metadata lacks."""

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import headers, queries, suggestions
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.inspection.report import Header
from modelkeep_server.interfaces.api.artifacts import BASE, VERSION, FilePath
from modelkeep_server.interfaces.api.face import door, make_router
from modelkeep_server.interfaces.api.shapes.base import PageOut
from modelkeep_server.interfaces.api.shapes.headers import FactOut, HeaderOut, SuggestionOut, TensorOut

router = make_router("artifacts")


@router.get(BASE + "/{path:path}/header", response_model=HeaderOut)
@door.reads("model.read")
def show_header(work: Work, actor: Actor, group: str, name: str, version: str, path: FilePath) -> HeaderOut:
    """What a file says of itself: framework, tensors, inputs and outputs, licence. Nobody has checked it."""
    found = version_queries.get_version(work, actor, group, name, version)
    artifact = queries.get_artifact(work, found, path)
    header = headers.find_header(work, artifact)
    return _draw(artifact.path, header or Header(), is_read=header is not None)


@router.get(VERSION + "/suggestions", response_model=PageOut[SuggestionOut])
@door.reads("model.read")
def list_suggestions(work: Work, actor: Actor, group: str, name: str, version: str) -> PageOut[SuggestionOut]:
    """
    What the files of a version tell of it, where its metadata does not say the same already. To take a value over, edit
    the version.
    """
    found = version_queries.get_version(work, actor, group, name, version)
    told = suggestions.suggest_metadata(work, actor, found)
    return PageOut[SuggestionOut](items=[SuggestionOut.model_validate(one) for one in told], total=len(told))


def _draw(path: str, header: Header, *, is_read: bool) -> HeaderOut:
    plain = {name: value for name, value in vars(header).items() if name not in ("facts", "tensors")}
    facts = [FactOut(label=label, value=value) for label, value in header.facts]
    tensors = [TensorOut.model_validate(tensor) for tensor in header.tensors]
    return HeaderOut(path=path, is_read=is_read, facts=facts, tensors=tensors, **plain)
