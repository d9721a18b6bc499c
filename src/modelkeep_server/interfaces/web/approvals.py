"""Which approvals promotions take, as a page: the floor, and what Admins add to it."""

from dataclasses import replace
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.policies.views import Target
from modelkeep_server.features.promotion.approval_rules import additions
from modelkeep_server.features.promotion.approval_rules.additions import NewAddition
from modelkeep_server.interfaces.web.contexts.approvals import ApprovalsContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import text_of
from modelkeep_server.interfaces.web.refusals import FormOf
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.approvals import COUNT_MAX, DECIDERS
from modelkeep_server.rules.errors import RegistryError

router = make_router()

PAGE = "/admin/approvals"
ADD = FormOf(
    "add",
    {"reason": "Why"},
    {"riskTier": "Risk tier", "target": "For the promotion to", "roles": "By whom", "count": "How many more"},
)
ANSWER = FormOf("answer", {"reason": "Reason"})


@router.get(PAGE)
@door.reads("approval.read")
def show_approvals(work: Work, actor: Actor) -> Page:
    """Whose approvals does a promotion take, and which of them did Admins add?"""
    access.require(work, actor, "approval.read")
    return Page.of(_context(work, actor))


def _add_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, **_: Any) -> Page:
    chosen = tuple(str(role) for role in form.getlist("roles"))
    context = replace(_context(work, actor), refused=ADD.refuse(form, error), chosen=chosen)
    return Page.of(context, error.status)


def _answer_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, id: str, **_: Any) -> Page:
    refused = replace(ANSWER, name=f"answer-{id}").refuse(form, error)
    return Page.of(replace(_context(work, actor), refused=refused), error.status)


@router.post(PAGE)
@door.posts("approval.add", again=_add_again)
def add_approvals(work: Work, actor: Actor, form: FormData, request: Request) -> Redirect:
    """Ask for more approvals. Controls: riskTier, target, roles, count, reason."""
    count = text_of(form, "count").strip()
    new = NewAddition(
        text_of(form, "riskTier"),
        text_of(form, "target"),
        tuple(str(role) for role in form.getlist("roles")),
        int(count) if count.isascii() and count.isdigit() and len(count) < 4 else 0,
        text_of(form, "reason"),
    )
    additions.add(work, actor, new)
    request.app.state.door.board.doubt()
    return Redirect(f"{PAGE}?done=approvals-added")


@router.post(PAGE + "/{id}/end")
@door.posts("approval.end", again=_answer_again)
def end_approvals(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Wish that fewer are asked for. Control: reason."""
    additions.ask_to_end(work, actor, id, reason=text_of(form, "reason"))
    return Redirect(f"{PAGE}?done=approvals-ending")


@router.post(PAGE + "/{id}/confirm")
@door.posts("approval.confirm", again=_answer_again)
def confirm_end(work: Work, actor: Actor, id: str, form: FormData, request: Request) -> Redirect:
    """End what was added. Control: reason."""
    additions.confirm_end(work, actor, id, reason=text_of(form, "reason"))
    request.app.state.door.board.doubt()
    return Redirect(f"{PAGE}?done=approvals-ended")


@router.post(PAGE + "/{id}/decline")
@door.posts("approval.decline", again=_answer_again)
def decline_end(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Let what was added stand. Control: reason."""
    additions.decline_end(work, actor, id, reason=text_of(form, "reason"))
    return Redirect(f"{PAGE}?done=approvals-stand")


def _context(work: Work, actor: Actor) -> ApprovalsContext:
    return ApprovalsContext(
        additions=additions.list_additions(work),
        targets=tuple(Target),
        roles=DECIDERS,
        count_max=COUNT_MAX,
        me=actor.user_id,
    )
