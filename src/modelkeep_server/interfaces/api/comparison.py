"""What differs between two versions of a model."""

from typing import Annotated

from fastapi import Query

from modelkeep_server.db.work import Work
from modelkeep_server.features.comparison import comparing
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.api.face import door, make_router
from modelkeep_server.interfaces.api.shapes.comparison import ComparisonOut
from modelkeep_server.interfaces.query_strings import read_version

router = make_router("versions")

Other = Annotated[
    str | None,
    Query(
        alias="with",
        max_length=200,
        description="The version to compare with. Without it: of those before this one, the last that was approved, "
        "else the last; a closed one only where there is no other.",
        examples=["1.1.0"],
    ),
]


@router.get("/models/{group}/{name}/versions/{version}/compare", response_model=ComparisonOut)
@door.reads("model.read")
def compare_versions(
    work: Work, actor: Actor, group: str, name: str, version: str, other: Other = None
) -> ComparisonOut:
    """
    What changed in a version since another one of its model: facts, metadata, schemas and files. A change of a schema
    that breaks callers or consumers is flagged where the version number says that nothing breaks.
    """
    compared = comparing.compare_versions(work, actor, group, name, version, other=read_version(other))
    return ComparisonOut.of(compared)
