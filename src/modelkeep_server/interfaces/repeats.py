"""
Requests that come twice: a program's retry under one `Idempotency-Key`, and a form that was sent by two clicks.

The answers are kept by features/identity/replay.py. Rights over a model end without a change of roles (a transfer, a
collaboration that is over), so whoever asks again is judged again, before they are given what was kept. A form names
itself by the value that `once` got when its page was drawn, together with what was typed: the same form with other
content is another request.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Header, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access, replay
from modelkeep_server.features.identity.replay import KEPT_FOR, LINK_KEPT_FOR, Attempt, Kept
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.rules.errors import Conflict
from modelkeep_server.rules.permissions import Relation

#: The hidden control that tells one drawing of a form from another.
ONCE = "once"
REPLAYED = "Idempotency-Replayed"
_KEPT_HEADERS = ("content-type", "location", "etag")
#: What of a request's headers makes it another request.
_SAID_HEADERS = ("content-type", "if-match")
#: Acts whose answer holds a secret that is shown once: it is not kept, and not made twice either.
_SHOWN_ONCE = frozenset({"token.create", "invitation.create", "user.reset", "webhook.create", "webhook.rotate"})
_SEE_OTHER = 303

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="Any text of your own, new for each request: sent again with it, the request is not done twice, "
        "and its first answer comes back, for 24 hours (a link for five minutes, a secret never).",
    ),
]


async def attempt_of(request: Request, act: str, key: str | None) -> Attempt | None:
    """What a request of the API says of itself, or None where it sent no key."""
    if key is None:
        return None
    route = f"{request.method} {request.url.path}?{request.url.query}"
    said = json.dumps([request.headers.get(name) for name in _SAID_HEADERS]).encode()
    digest = hashlib.sha256(said + await request.body()).hexdigest()
    kept_for = LINK_KEPT_FOR if act == "artifact.link" else KEPT_FOR
    return Attempt(route, key, digest, kept_for, _model_of(request))


def attempt_of_form(request: Request, form: FormData) -> Attempt | None:
    """What a posted form says of itself, or None where its page gave it no `once`."""
    once = form.get(ONCE)
    if not isinstance(once, str) or not once:
        return None
    typed = [(name, value) for name, value in form.multi_items() if name not in (ONCE, "csrf_token")]
    digest = hashlib.sha256(json.dumps(typed, default=str).encode()).hexdigest()
    route = f"{request.method} {request.url.path}"
    return Attempt(route, f"form:{once[:100]}:{digest}", digest, model=_model_of(request))


def _model_of(request: Request) -> tuple[str, str] | None:
    group, name = request.path_params.get("group"), request.path_params.get("name")
    return (group, name) if group and name else None


def answer_once(work: Work, actor: Actor, act: str, attempt: Attempt, answer: Callable[[], Response]) -> Response:
    """
    The answer, made now or kept from the first time.

    Raises:
        Invalid: The key was used for another body.
        NotFound, NotPermitted: It was done, and the actor may by now see or do no such thing.
        Conflict: It was done, and its answer held a secret that is shown once.
        What `answer` raises; nothing is kept then.
    """
    kept = replay.find_or_claim(work, actor, attempt)
    if kept is not None and kept.body:
        _demand_still(work, actor, attempt, kept)
    if kept is not None and act in _SHOWN_ONCE:
        raise Conflict(
            "This was done already, and its secret was shown once.",
            remedy="Revoke what was made and make it anew, under a new Idempotency-Key.",
        )
    if kept is not None:
        # Where it tells nothing, it was asked for and allowed when the answer was made, under the same roles.
        work.granted.setdefault(act, None)
        return Response(kept.body, kept.status, {**kept.headers, REPLAYED: "true"})
    response = answer()
    if work.has_recorded and (act in _SHOWN_ONCE or _is_kept(response)):
        body = b"" if act in _SHOWN_ONCE else bytes(response.body)
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        replay.keep(work, actor, attempt, Kept(response.status_code, headers, body, tuple(work.granted)))
    else:
        replay.release(work, actor, attempt)
    return response


def _demand_still(work: Work, actor: Actor, attempt: Attempt, kept: Kept) -> None:
    relations: frozenset[Relation] = frozenset()
    address = attempt.model or _model_told(kept.body)
    if address is not None:
        relations = model_queries.relations_of(actor, model_queries.get_model(work, actor, *address))
    for act in kept.acts:
        access.require(work, actor, act, relations)


def _model_told(body: bytes) -> tuple[str, str] | None:
    """The group and name of the model that an answer tells of, or None."""
    told = json.loads(body)
    if "group" in told and "name" in told:
        return told["group"], told["name"]
    group, slash, name = str(told.get("model", "")).partition("/")
    return (group, name) if slash else None


def _is_kept(response: Response) -> bool:
    """JSON of an act that was done, and the way on after a form. A page, or a cookie, is never given twice."""
    headers: Any = response.headers
    is_page = headers.get("content-type", "").startswith("text/html")
    return "set-cookie" not in headers and (response.status_code == _SEE_OTHER or not is_page)
