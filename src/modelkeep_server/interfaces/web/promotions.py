"""Forms of the page of a version that bring it on, hold or close it, or take a request back."""

from collections.abc import Callable
from typing import Any

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.deployments import service as deploying
from modelkeep_server.features.deployments.views import Asked, NewPart
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.promotion import holds, moves, requesting
from modelkeep_server.features.versions import closing
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.web.contexts.versions import VersionContext
from modelkeep_server.interfaces.web.deployments import read_share
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import href_of_version, text_of
from modelkeep_server.interfaces.web.refusals import FormOf
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.versions import (
    BASE,
    count_fillable_fields,
    facts_of,
    find_looks,
    list_added,
    list_spots,
)
from modelkeep_server.rules.errors import FieldError, Invalid, RegistryError
from modelkeep_server.rules.lifecycle import State

router = make_router()

V = BASE + "/{version}"
_MOVED = {"STAGING": "staged", "PRODUCTION": "in-production", "DEPRECATED": "deprecated", "RETIRED": "version-retired"}
_REASON = {"reason": "Reason"}
_LIVE = {"environment": "Live in", "share": "Share", "endpointUrl": "Endpoint"}


def draw_again(name: str, texts: dict[str, str], choices: dict[str, str] | None = None) -> Callable[..., Page]:
    """Draws the page of a version once more, with what was typed into a form of it that was refused."""
    sent = FormOf(name, texts, choices or {})

    def again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, **named: Any) -> Page:
        facts = facts_of(work, actor, named["group"], named["name"], named["version"])
        fillable = count_fillable_fields(work, actor, facts)
        spots, refused = list_spots(work, actor, facts["version"]), sent.refuse(form, error)
        looks, added = find_looks(work, actor, facts), list_added(work, actor, facts)
        drawn = VersionContext(**facts, **looks, fillable=fillable, spots=spots, added=added, refused=refused)
        return Page.of(drawn, error.status)

    return again


@router.post(V + "/promotions")
@door.posts("promotion.request", again=draw_again("request", {"justification": "Justification"}))
def request_promotion(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Ask for a promotion. Controls: target, justification, urgent."""
    made = requesting.request_promotion(
        work, actor, group, name, version,
        target=text_of(form, "target"), justification=text_of(form, "justification").strip(),
        urgent=bool(text_of(form, "urgent")),
    )  # fmt: skip
    return Redirect(href_of_version(made.model, made.version) + "?done=requested")


@router.post(V + "/promotions/{id}/withdraw")
@door.posts("promotion.withdraw", again=draw_again("withdraw", _REASON))
def withdraw_promotion(
    work: Work, actor: Actor, group: str, name: str, version: str, id: str, form: FormData
) -> Redirect:
    """Take a request for production back. Control: reason."""
    made = requesting.withdraw(work, actor, group, name, version, id, reason=text_of(form, "reason").strip())
    return Redirect(href_of_version(made.model, made.version) + "?done=withdrawn")


@router.post(V + "/moves")
@door.posts(
    "version.stage", "version.release", "version.deprecate", "version.retire",
    again=draw_again("move", {"comment": "Comment", "sure": "There is no way back"}, _LIVE),
)  # fmt: skip
def move_version(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """
    Bring a version on. Controls: to, comment, sure where there is no way back; and environment, share, endpointUrl:
    what is live then.
    """
    to = text_of(form, "to")
    comment = text_of(form, "comment").strip() or None
    told = _read_live(work, actor, group, name, version, form)
    try:
        found = moves.move_version(work, actor, group, name, version, to=to, comment=comment, deployment=told)
    except Invalid as error:
        # The version that moves is the first of what is live.
        faults = [FieldError(one.field.removeprefix("live.0."), one.message) for one in error.errors]
        raise Invalid.of(faults) from error
    # After all else that could refuse it: the transaction takes the move back.
    if found.state in (State.DEPRECATED, State.RETIRED) and not text_of(form, "sure"):
        raise Invalid.of([FieldError("sure", "Tick this if you are sure: there is no way back.")])
    return Redirect(f"{href_of_version(found.model, found.version)}?done={_MOVED[found.state]}")


def _read_live(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Asked | None:
    """What is live from now on, where the form names an environment. Raises NotFound, Invalid."""
    environment = text_of(form, "environment").strip()
    if not environment:
        return None
    share = read_share(text_of(form, "share") or "100")
    if share is None:
        raise Invalid.of([FieldError("share", "A share is a number of percent, for instance 12.5.")])
    found = version_queries.get_version(work, actor, group, name, version)
    part = NewPart(found.address, share, text_of(form, "endpointUrl").strip() or None)
    return deploying.join_live(work, actor, found, environment, part)


@router.post(V + "/hold")
@door.posts("version.hold", again=draw_again("hold", _REASON))
def hold_version(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Stop all moves of a version and all new download links. Control: reason."""
    found = holds.set_hold(work, actor, group, name, version, reason=text_of(form, "reason").strip())
    return Redirect(href_of_version(found.model, found.version) + "?done=held")


@router.post(V + "/lift")
@door.posts("version.lift", again=draw_again("lift", _REASON))
def lift_hold(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Let a held version go on. Control: reason."""
    found = holds.lift_hold(work, actor, group, name, version, reason=text_of(form, "reason").strip())
    return Redirect(href_of_version(found.model, found.version) + "?done=lifted")


@router.post(V + "/close")
@door.posts("version.close", again=draw_again("close", _REASON))
def close_version(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """End a version that goes no further. Control: reason."""
    found = closing.close_version(work, actor, group, name, version, reason=text_of(form, "reason").strip())
    return Redirect(href_of_version(found.model, found.version) + "?done=closed")


@router.post(V + "/reopen")
@door.posts("version.reopen", again=draw_again("reopen", _REASON))
def reopen_version(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Let a closed version go on. Control: reason."""
    found = closing.reopen_version(work, actor, group, name, version, reason=text_of(form, "reason").strip())
    return Redirect(href_of_version(found.model, found.version) + "?done=reopened")
