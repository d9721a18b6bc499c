"""Exceptions: asking that a policy be lifted for a version, and deciding on it."""

from typing import Annotated

from fastapi import Path, Query

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.policies import exception_queries, exceptions
from modelkeep_server.features.policies.exception_queries import ExceptionFilter
from modelkeep_server.features.policies.exceptions import NewException
from modelkeep_server.interfaces.api.face import Answer, Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.base import OptionalReasonIn, PageOut, ReasonIn
from modelkeep_server.interfaces.api.shapes.exceptions import ExceptionGrantIn, ExceptionIn, ExceptionOut
from modelkeep_server.interfaces.policy_forms import read_version_address
from modelkeep_server.interfaces.query_strings import read_moment

router = make_router("policies")

ExceptionId = Annotated[str, Path(description="As the list of exceptions has it.")]
Status = Annotated[
    str, Query(max_length=20, description="OPEN, GRANTED, REFUSED, WITHDRAWN, ENDED or EXPIRED; any without it.")
]
PolicyId = Annotated[str, Query(max_length=100, description="The id of a policy.")]
VersionAddress = Annotated[str, Query(max_length=400, description="`GROUP/NAME:VERSION`.")]


@router.get("/exceptions", response_model=PageOut[ExceptionOut])
@door.reads("exception.read")
def list_exceptions(
    work: Work,
    actor: Actor,
    status: Status = "",
    policy: PolicyId = "",
    version: VersionAddress = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOut[ExceptionOut]:
    """Exceptions of the versions that you see, newest first."""
    asked = ExceptionFilter(status.upper(), policy, version)
    found = exception_queries.list_exceptions(work, actor, asked, limit=limit, cursor=cursor)
    return PageOut[ExceptionOut].of(found, ExceptionOut.model_validate)


@router.post("/exceptions", status_code=201, response_model=ExceptionOut)
@door.writes("exception.ask")
def ask_exception(work: Work, actor: Actor, body: ExceptionIn) -> Answer:
    """Ask, as an owner of the model, that a policy be lifted for a version until a day."""
    group, name, version = read_version_address(body.version)
    until = read_moment("expiresAt", body.expires_at, end=True)
    new = NewException(body.policy, body.justification, body.risk, body.mitigation, until)
    made = exceptions.ask_exception(work, actor, group, name, version, new)
    return Answer(ExceptionOut.model_validate(made), 201, {"Location": f"/api/v1/exceptions/{made.id}"})


@router.get("/exceptions/{id}", response_model=ExceptionOut)
@door.reads("exception.read")
def show_exception(work: Work, actor: Actor, id: ExceptionId) -> ExceptionOut:
    """One exception, with who granted it and who has still to."""
    return ExceptionOut.model_validate(exception_queries.get_exception(work, actor, id))


@router.post("/exceptions/{id}/grant", response_model=ExceptionOut)
@door.writes("exception.grant")
def grant_exception(work: Work, actor: Actor, id: ExceptionId, body: ExceptionGrantIn) -> ExceptionOut:
    """
    Grant an exception: an MRC where the risk is LOW, an MRC and a Security Architect otherwise. Two different people,
    who neither owned the model nor worked on the version.
    """
    granted = exceptions.grant_exception(work, actor, id, role=body.role, comment=body.comment)
    return ExceptionOut.model_validate(granted)


@router.post("/exceptions/{id}/refuse", response_model=ExceptionOut)
@door.writes("exception.refuse")
def refuse_exception(work: Work, actor: Actor, id: ExceptionId, body: ReasonIn) -> ExceptionOut:
    """Refuse an exception that is open."""
    return ExceptionOut.model_validate(exceptions.refuse_exception(work, actor, id, reason=body.reason))


@router.post("/exceptions/{id}/withdraw", response_model=ExceptionOut)
@door.writes("exception.withdraw")
def withdraw_exception(work: Work, actor: Actor, id: ExceptionId, body: OptionalReasonIn) -> ExceptionOut:
    """Take back a request, as an owner of the model."""
    return ExceptionOut.model_validate(exceptions.withdraw_exception(work, actor, id, reason=body.reason))


@router.post("/exceptions/{id}/end", response_model=ExceptionOut)
@door.writes("exception.end")
def end_exception(work: Work, actor: Actor, id: ExceptionId, body: ReasonIn) -> ExceptionOut:
    """End an exception that was granted, before its time."""
    return ExceptionOut.model_validate(exceptions.end_exception(work, actor, id, reason=body.reason))
