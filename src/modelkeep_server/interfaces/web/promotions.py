"""Forms of the page of a version that bring it on, hold it, or take a request back."""

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.promotion import holds, moves, requesting
from modelkeep_server.interfaces.web.contexts.versions import VersionContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, href_of_version, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.versions import BASE, count_fillable_fields, facts_of
from modelkeep_server.rules.errors import Invalid

router = make_router()

V = BASE + "/{version}"
_MOVED = {"STAGING": "staged", "PRODUCTION": "in-production", "DEPRECATED": "deprecated", "RETIRED": "version-retired"}


@router.post(V + "/promotions")
@door.posts("promotion.request")
def request_promotion(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Page | Redirect:
    """Ask for a promotion, or show the page again with what is wrong. Controls: target, justification, urgent."""
    values = {control: text_of(form, control).strip() for control in ("target", "justification", "urgent")}
    try:
        made = requesting.request_promotion(
            work, actor, group, name, version,
            target=values["target"], justification=values["justification"], urgent=bool(values["urgent"]),
        )  # fmt: skip
    except Invalid as error:
        facts = facts_of(work, actor, group, name, version)
        fillable = count_fillable_fields(work, actor, facts)
        errors = errors_by_field(error.errors)
        return Page.of(VersionContext(**facts, fillable=fillable, values=values, errors=errors), error.status)
    return Redirect(href_of_version(made.model, made.version) + "?done=requested")


@router.post(V + "/promotions/{id}/withdraw")
@door.posts("promotion.withdraw")
def withdraw_promotion(
    work: Work, actor: Actor, group: str, name: str, version: str, id: str, form: FormData
) -> Redirect:
    """Take a request for production back. Control: reason."""
    made = requesting.withdraw(work, actor, group, name, version, id, reason=text_of(form, "reason").strip())
    return Redirect(href_of_version(made.model, made.version) + "?done=withdrawn")


@router.post(V + "/moves")
@door.posts("version.stage", "version.release", "version.deprecate", "version.retire")
def move_version(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Bring a version on. Controls: to, comment."""
    to = text_of(form, "to")
    comment = text_of(form, "comment").strip() or None
    found = moves.move_version(work, actor, group, name, version, to=to, comment=comment)
    return Redirect(f"{href_of_version(found.model, found.version)}?done={_MOVED[found.state]}")


@router.post(V + "/hold")
@door.posts("version.hold")
def hold_version(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Stop all moves of a version and all new download links. Control: reason."""
    found = holds.set_hold(work, actor, group, name, version, reason=text_of(form, "reason").strip())
    return Redirect(href_of_version(found.model, found.version) + "?done=held")


@router.post(V + "/lift")
@door.posts("version.lift")
def lift_hold(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Let a held version go on. Control: reason."""
    found = holds.lift_hold(work, actor, group, name, version, reason=text_of(form, "reason").strip())
    return Redirect(href_of_version(found.model, found.version) + "?done=lifted")
