"""The formats that files may have, as a page."""

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.judging import formats
from modelkeep_server.features.artifacts.judging.formats import NewFormat
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.web.contexts.formats import FormatsContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import FieldError, Invalid, NameTaken
from modelkeep_server.rules.formats import FORMATS, ArtifactType

router = make_router()

FIELDS = ("name", "label", "ending", "magic", "magicOffset")


@router.get("/admin/formats")
@door.reads("format.read")
def show_formats(work: Work, actor: Actor) -> Page:
    """Which formats are taken, and which of them did Admins list?"""
    access.require(work, actor, "format.read")
    return _draw(work, {}, (), ())


@router.post("/admin/formats")
@door.posts("format.add")
def add_format(work: Work, actor: Actor, form: FormData) -> Page | Redirect:
    """List a further format."""
    values = {name: text_of(form, name) for name in FIELDS}
    types = tuple(str(kind) for kind in form.getlist("types"))
    offset = values["magicOffset"].strip() or "0"
    magic = "".join(values["magic"].split()) or None
    where = int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 6 else -1
    new = NewFormat(values["name"].strip(), values["label"], types, values["ending"].strip(), magic, where)
    try:
        formats.add_format(work, actor, new)
    except Invalid as error:
        return _draw(work, values, types, error.errors)
    except NameTaken as error:
        return _draw(work, values, types, [FieldError("name", error.detail)])
    return Redirect("/admin/formats?done=format-listed")


@router.post("/admin/formats/{format_name}/end")
@door.posts("format.end")
def end_format(work: Work, actor: Actor, format_name: str, form: FormData) -> Redirect:
    """Take a format off the list."""
    formats.end_format(work, actor, format_name)
    return Redirect("/admin/formats?done=format-ended")


def _draw(
    work: Work, values: dict[str, str], chosen: tuple[str, ...], faults: tuple[FieldError, ...] | list[FieldError]
) -> Page:
    context = FormatsContext(
        listed=formats.list_listed(work),
        known=tuple(FORMATS.values()),
        types=tuple(ArtifactType),
        chosen=chosen,
        values=values,
        errors=errors_by_field(faults),
    )
    return Page.of(context, 422 if faults else 200)
