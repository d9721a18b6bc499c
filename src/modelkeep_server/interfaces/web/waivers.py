"""Forms of the page of a file: answering for it, ending that, and having it looked through again."""

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.judging import rescanning, waivers
from modelkeep_server.features.artifacts.views import WaiverKind
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import href_of_file, text_of
from modelkeep_server.rules.errors import FieldError, Invalid

router = make_router()

BASE = "/models/{group}/{name}/versions/{version}/artifacts/{path:path}"


@router.post(BASE + "/waivers")
@door.posts("artifact.release", "artifact.waive")
def create_waiver(work: Work, actor: Actor, group: str, name: str, version: str, path: str, form: FormData) -> Redirect:
    """Answer for a file for so many days. The form has `reason`, `days` and, where it is chosen, `kind`."""
    made = waivers.create_waiver(
        work, actor, group, name, version, path,
        kind=text_of(form, "kind") or None, reason=text_of(form, "reason").strip(), days=_read_days(form),
    )  # fmt: skip
    done = "released" if made.kind is WaiverKind.RELEASE else "waived"
    return Redirect(f"{href_of_file(f'{group}/{name}', version, path)}?done={done}")


@router.post(BASE + "/waivers/{id}/end")
@door.posts("artifact.end_waiver")
def end_waiver(
    work: Work, actor: Actor, group: str, name: str, version: str, path: str, id: str, form: FormData
) -> Redirect:
    """End a release or waiver before its time."""
    waivers.end_waiver(work, actor, group, name, version, path, id)
    return Redirect(f"{href_of_file(f'{group}/{name}', version, path)}?done=waiver-ended")


@router.post(BASE + "/scans")
@door.posts("artifact.rescan")
def rescan(work: Work, actor: Actor, group: str, name: str, version: str, path: str, form: FormData) -> Redirect:
    """Have a file looked through again."""
    rescanning.ask_for_scan(work, actor, group, name, version, path)
    return Redirect(f"{href_of_file(f'{group}/{name}', version, path)}?done=rescan")


def _read_days(form: FormData) -> int | None:
    text = text_of(form, "days").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise Invalid.of([FieldError("days", f"Between 1 and {waivers.DAYS_MAX} days.")])
    return int(text)
