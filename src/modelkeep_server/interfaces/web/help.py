"""The help: the guide's chapters, the search in them, and "Report a problem". Open to everyone, signed in or not."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache

from fastapi import Request

from modelkeep_server.db.work import Work
from modelkeep_server.features.help import drawn, report
from modelkeep_server.features.help.guide import Guide, open_guide
from modelkeep_server.features.help.report import LINE_CHARS, TEXT_CHARS, Report
from modelkeep_server.features.help.views import Chapter, Drawn, DrawnTable
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.doorway import OPEN, Desk, read_form
from modelkeep_server.interfaces.web.contexts.help import (
    HelpChapterContext,
    HelpContentsContext,
    HelpSearchContext,
    ReportContext,
)
from modelkeep_server.interfaces.web.face import door, make_router
from modelkeep_server.interfaces.web.life_graph import LifeGraph, draw_life
from modelkeep_server.interfaces.web.render import Page

router = make_router()

ASKED_CHARS = 200
_TEXTS = ("description", "steps", "error")
_LINES = ("request_id", "page", "browser", "system")


@router.get("/help")
@door.reads(OPEN)
def show_contents(work: Work, actor: Actor) -> Page:
    """What does the help tell of?"""
    return Page.of(HelpContentsContext(guide=open_guide(), support=work.parts.support))


@router.get("/help/search")
@door.reads(OPEN)
def search_help(work: Work, actor: Actor, q: str = "") -> Page:
    """Where does the help speak of this?"""
    guide, asked = open_guide(), q.strip()[:ASKED_CHARS]
    return Page.of(HelpSearchContext(guide=guide, support=work.parts.support, asked=asked, found=guide.search(asked)))


@router.get("/help/report")
@door.reads(OPEN)
def show_report(work: Work, actor: Actor, request: Request) -> Page:
    """What do the helpers need to know?"""
    asked = request.query_params
    told = {"request_id": asked.get("request", ""), "page": asked.get("page", ""), "error": asked.get("error", "")}
    return _draw_report(work, actor, request, told)


@router.post("/help/report")
@door.streams(OPEN)
async def write_report(desk: Desk, request: Request) -> Page:
    """The report as a text to copy, for who has no script."""
    form = await read_form(request)
    told = {name: value for name, value in form.items() if isinstance(value, str)}
    return await desk.read(lambda work, actor: _draw_report(work, actor, request, told))


@router.get("/help/{chapter}")
@door.reads(OPEN)
def show_chapter(work: Work, actor: Actor, chapter: str) -> Page:
    """One chapter of the guide."""
    guide = open_guide()
    found = guide.get_chapter(chapter)
    before, after = guide.neighbours(found)
    return Page.of(
        HelpChapterContext(
            guide=guide,
            support=work.parts.support,
            chapter=found,
            tables=_tables_of(found),
            life=_life(),
            before=before,
            after=after,
        )
    )


@cache
def _life() -> LifeGraph:
    return draw_life()


def _tables_of(chapter: Chapter) -> dict[str, DrawnTable]:
    named = {part.name: drawn.find_table(part.name) for part in chapter.parts if isinstance(part, Drawn)}
    return {name: table for name, table in named.items() if table is not None}


def _draw_report(work: Work, actor: Actor, request: Request, told: Mapping[str, str]) -> Page:
    known = report.facts_of(actor, request.headers.get("user-agent", ""), request.app.version)
    said = {name: told[name].replace("\r\n", "\n")[:TEXT_CHARS] for name in _TEXTS if told.get(name)}
    said |= {name: " ".join(told[name].split())[:LINE_CHARS] for name in _LINES if told.get(name)}
    filled: Report = replace(known, **said)
    guide: Guide = open_guide()
    return Page.of(
        ReportContext(
            guide=guide,
            support=work.parts.support,
            values=asdict(filled),
            text=filled.write(),
            mail_href=report.mail_href(work.parts.support.email, filled),
        )
    )
