"""Exceptions as pages: owners ask, MRC and Security Architects decide."""

from datetime import timedelta
from typing import Annotated

from fastapi import Query, Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.policies import exception_queries, exceptions, queries
from modelkeep_server.features.policies.exception_queries import ExceptionFilter
from modelkeep_server.features.policies.exception_views import DAYS_MAX
from modelkeep_server.features.policies.exceptions import NewException
from modelkeep_server.interfaces.policy_forms import read_version_address
from modelkeep_server.interfaces.query_strings import read_moment
from modelkeep_server.interfaces.web.contexts.exceptions import (
    ExceptionContext,
    ExceptionsContext,
    NewExceptionContext,
)
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import ask_what_can_be, errors_by_field, read_filters, text_of
from modelkeep_server.interfaces.web.refusals import FormOf, Refusal
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Conflict, FieldError, Invalid, NotFound, RegistryError
from modelkeep_server.rules.permissions import Relation

router = make_router()

PAGE_ROWS = 50
POLICIES_OFFERED = 200
DECIDE = FormOf("decide", {"comment": "Comment"}, {"as": "Grant as"})
END = FormOf("end", {"reason": "Reason"})
CONTROLS = ("version", "policy", "justification", "risk", "mitigation", "expiresAt")
Preset = Annotated[str, Query(max_length=400)]


@router.get("/exceptions")
@door.reads("exception.read")
def show_exceptions(work: Work, actor: Actor, request: Request, cursor: Cursor = "") -> Page:
    """Which policies are lifted, for what, and until when?"""
    filters = read_filters(request.query_params, ("status", "policy"))
    rows, errors = ask_what_can_be(
        filters,
        lambda asked: exception_queries.list_exceptions(
            work,
            actor,
            ExceptionFilter(asked.get("status", ""), asked.get("policy", "")),
            limit=PAGE_ROWS,
            cursor=cursor or None,
        ),
    )
    policies = queries.list_policies(work, limit=POLICIES_OFFERED).items
    return Page.of(
        ExceptionsContext(exceptions=rows, policies=policies, filters=filters, errors=errors, cursor=cursor or None)
    )


@router.get("/exceptions/new")
@door.reads("exception.read")
def start_exception(work: Work, actor: Actor, version: Preset = "", policy: Preset = "") -> Page:
    """How do I ask for one? `policy` is the id or the name of a policy."""
    return _form(work, {"version": version, "policy": policy})


@router.post("/exceptions")
@door.posts("exception.ask")
def ask_exception(work: Work, actor: Actor, form: FormData) -> Page | Redirect:
    """Ask, or show the form again with what is wrong."""
    # Whoever may ask for none of their own models hears so before what is wrong with the form.
    access.require(work, actor, "exception.ask", (Relation.OWNER,))
    typed = {name: text_of(form, name) for name in CONTROLS}
    try:
        group, name, version = read_version_address(typed["version"])
        until = read_moment("expiresAt", typed["expiresAt"], end=True) if typed["expiresAt"].strip() else None
        new = NewException(typed["policy"], typed["justification"], typed["risk"], typed["mitigation"], until)
        made = exceptions.ask_exception(work, actor, group, name, version, new)
    except Invalid as error:
        return _form(work, typed, errors_by_field(error.errors), error.status)
    except Conflict as error:
        return _form(work, typed, {"policy": f"{error.detail} {error.remedy}"}, error.status)
    except NotFound as error:
        field = "policy" if "policy" in error.detail else "version"
        return _form(work, typed, {field: error.detail}, error.status)
    return Redirect(f"/exceptions/{made.id}?done=exception-asked")


@router.get("/exceptions/{id}")
@door.reads("exception.read")
def show_exception(work: Work, actor: Actor, id: str) -> Page:
    """What is lifted, why, until when, and who granted it?"""
    return _show(work, actor, id)


def _again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, id: str) -> Page:
    return _show(work, actor, id, DECIDE.refuse(form, error))


def _refused_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, id: str) -> Page:
    # What the API calls the reason is the comment on this page.
    named = [FieldError("comment" if one.field == "reason" else one.field, one.message) for one in error.errors]
    return _show(work, actor, id, DECIDE.refuse(form, error, named))


def _end_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, id: str) -> Page:
    return _show(work, actor, id, END.refuse(form, error))


@router.post("/exceptions/{id}/grant")
@door.posts("exception.grant", again=_again)
def grant_exception(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Grant it. Controls: as, comment."""
    role, comment = text_of(form, "as") or None, text_of(form, "comment") or None
    exceptions.grant_exception(work, actor, id, role=role, comment=comment)
    return Redirect(f"/exceptions/{id}?done=exception-granted")


@router.post("/exceptions/{id}/refuse")
@door.posts("exception.refuse", again=_refused_again)
def refuse_exception(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Refuse it; the comment is the reason."""
    exceptions.refuse_exception(work, actor, id, reason=text_of(form, "comment"))
    return Redirect(f"/exceptions/{id}?done=exception-refused")


@router.post("/exceptions/{id}/withdraw")
@door.posts("exception.withdraw", again=_end_again)
def withdraw_exception(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Take it back. Control: reason."""
    exceptions.withdraw_exception(work, actor, id, reason=text_of(form, "reason") or None)
    return Redirect(f"/exceptions/{id}?done=exception-withdrawn")


@router.post("/exceptions/{id}/end")
@door.posts("exception.end", again=_end_again)
def end_exception(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """End it before its time. Control: reason."""
    exceptions.end_exception(work, actor, id, reason=text_of(form, "reason"))
    return Redirect(f"/exceptions/{id}?done=exception-ended")


def _show(work: Work, actor: Actor, public_id: str, refused: Refusal | None = None) -> Page:
    exception = exception_queries.get_exception(work, actor, public_id)
    group, _, name = exception.model.partition("/")
    relations = model_queries.relations_of(actor, model_queries.get_model(work, actor, group, name))
    context = ExceptionContext(exception=exception, relations=relations, refused=refused)
    return Page.of(context, refused.status if refused else 200)


def _form(work: Work, values: dict[str, str], errors: dict[str, str] | None = None, status: int = 200) -> Page:
    listed = queries.list_policies(work, limit=POLICIES_OFFERED).items
    named = {policy.wording.name.lower(): policy.id for policy in listed}
    chosen = named.get(values.get("policy", "").strip().lower(), values.get("policy", ""))
    latest = (work.now + timedelta(days=DAYS_MAX)).date().isoformat()
    context = NewExceptionContext(
        policies=tuple(policy for policy in listed if policy.wording.enabled),
        latest_day=latest,
        values={**values, "policy": chosen},
        errors=errors or {},
    )
    return Page.of(context, status)
