"""Formats that files may have."""

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.judging import formats
from modelkeep_server.features.artifacts.judging.formats import ListedFormat, NewFormat
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.api.face import Answer, door, make_router
from modelkeep_server.interfaces.api.shapes.formats import FormatIn, FormatOut, FormatsOut
from modelkeep_server.rules.formats import FORMATS, FormatInfo

router = make_router("artifacts")

FormatName = Annotated[str, Path(description="The format's name.", examples=["coreml"])]


@router.get("/formats", response_model=FormatsOut)
@door.reads("format.read")
def list_formats(work: Work, actor: Actor) -> FormatsOut:
    """Every format that files may have, by what a file is."""
    access.require(work, actor, "format.read")
    return FormatsOut(
        items=[*(_own(row) for row in FORMATS.values()), *(_listed(row) for row in formats.list_listed(work))]
    )


@router.post("/formats", status_code=201, response_model=FormatOut)
@door.writes("format.add")
def add_format(work: Work, actor: Actor, body: FormatIn) -> Answer:
    """
    List a further format. Its files count as UNKNOWN: before a promotion a Security Architect answers for each.
    """
    new = NewFormat(body.name, body.label, tuple(body.types), body.ending, body.magic, body.magic_offset)
    listed = formats.add_format(work, actor, new)
    return Answer(_listed(listed), 201, {"Location": f"/api/v1/formats/{listed.name}"})


@router.delete("/formats/{format_name}", status_code=204, response_class=Response)
@door.writes("format.end")
def end_format(work: Work, actor: Actor, format_name: FormatName) -> Answer:
    """Take a listed format off the list. Files that have it stay."""
    formats.end_format(work, actor, format_name)
    return Answer(None, status=204)


def _own(row: FormatInfo) -> FormatOut:
    return FormatOut(
        name=row.format.value,
        label=row.label,
        types=sorted(kind.value for kind in row.types),
        endings=list(row.endings),
        may_carry_code=row.may_carry_code,
    )


def _listed(row: ListedFormat) -> FormatOut:
    return FormatOut(
        name=row.name,
        label=row.label,
        types=[kind.value for kind in row.types],
        endings=[row.ending],
        may_carry_code=True,
        added_by=row.added_by,
        added_at=row.added_at,
    )
