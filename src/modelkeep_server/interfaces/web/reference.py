"""The API reference as a page. It stands under the API's own address, and is as open as the description it shows."""

import json
from functools import lru_cache

from fastapi import FastAPI, Request

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.doorway import OPEN
from modelkeep_server.interfaces.reference.reading import Reference, read_reference
from modelkeep_server.interfaces.reference.samples import PROBLEM
from modelkeep_server.interfaces.web.contexts.reference import ReferenceContext
from modelkeep_server.interfaces.web.face import door, make_router
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.error_table import list_kinds

router = make_router()


@router.get("/api/v1/docs")
@door.reads(OPEN)
def show_reference(work: Work, actor: Actor, request: Request) -> Page:
    """What can a program ask of this registry?"""
    return Page.of(
        ReferenceContext(
            reference=_read(request.app, work.parts.public_url),
            refusals=tuple(sorted(list_kinds(), key=lambda kind: (kind.status, kind.code))),
            example=json.dumps(PROBLEM, indent=2),
        )
    )


@lru_cache(maxsize=1)
def _read(app: FastAPI, base_url: str) -> Reference:
    return read_reference(app.openapi(), base_url)
