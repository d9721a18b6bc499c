"""
The doorway: who is asking, and the one transaction they get.

`reads` and `writes` turn a plain handler `def handler(work, actor, ...)` into a route that makes one thread hop:
there the work is opened, the actor found, the handler run, the answer drawn and the transaction committed, all before
the first byte is sent. No FastAPI dependency holds a connection, and no more threads work than there are connections.
`glances` does the same on the event loop itself, for reads of a few rows where the database never waits.
`streams` gives the handler a `Desk` instead, which opens one short transaction at a time while bytes move.

Every route made here declares the act it is for; `find_undeclared` lists those that do not, and start-up refuses them.
"""

import hmac
import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from anyio import CapacityLimiter
from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router

from modelkeep_server.db.contention import do_again
from modelkeep_server.db.work import Circumstances, Parts, Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.door import Asking, Door, asking_of
from modelkeep_server.interfaces.repeats import IdempotencyKey, answer_once, attempt_of, attempt_of_form
from modelkeep_server.rules.errors import (
    ConfirmNeeded,
    ForgedRequest,
    IntegrityBroken,
    Malformed,
    NotSignedIn,
    Refused,
    RegistryError,
    StateForbids,
    TooLarge,
    TooMany,
)
from modelkeep_server.rules.events import ACTIONS
from modelkeep_server.rules.permissions import PERMISSIONS, Grant

T = TypeVar("T")
U = TypeVar("U")

OPEN = "open"
KEY_PARAMETER = "idempotency_key"

#: What was understood and refused leaves an event; bad input, what is not there and name conflicts do not.
RECORDED = (Refused, StateForbids, IntegrityBroken, TooMany)
#: What is asked of a person before anything of the form matters; it comes back to the form by itself.
_ASKED_FIRST = (NotSignedIn, ConfirmNeeded)


class UndeclaredAct(AssertionError):
    """A handler wrote under a declared act without asking for it: a fault of the program, so nothing is committed."""


class Face(Protocol):
    """How one interface draws an answer. Runs inside the worker thread."""

    def draw(self, result: Any, asking: "Asking", work: Work | None) -> Response:
        """The response for what a handler gave back, in the work that it ran in; None where none is open."""


@dataclass(frozen=True)
class Desk:
    """For handlers that stream or take long: one short transaction at a time, none open in between."""

    door: Door
    request: Request
    act: str

    async def read(self, job: Callable[[Work, Actor], T], *, among: CapacityLimiter | None = None) -> T:
        """Run a job in a work that reads: in a turn of whoever asks, or `among` few of everybody."""
        if among is None:
            return await self.make(lambda: self._done(job, writes=False))
        # Nobody waits for a turn of theirs in the place that others wait for.
        async with among:
            return await self.door.hop(lambda: self._done(job, writes=False))

    async def make(self, job: Callable[[], T], *, among: CapacityLimiter | None = None) -> T:
        """Run a job in a turn of whoever asks, and once in it `among` few of everybody."""
        return await self.door.hop_for(self.request, job, among=among)

    async def read_on(self, job: Callable[[Work, Actor], T], then: Callable[[T], U]) -> U:
        """
        Run a job in a work that reads, and take what it gives on by `then`, which may read a stored file: in the same
        thread, outside the work.
        """
        return await self.make(lambda: then(self._done(job, writes=False)), among=self.door.reading_files)

    async def write(self, job: Callable[[Work, Actor], T]) -> T:
        """Run a job in a work that writes; committed when this returns."""
        return await self.make(lambda: self._done(job, writes=True))

    async def look(self, job: Callable[[Work], T]) -> T:
        """Run a job of the registry itself that reads: for answers that need nobody's leave."""

        def looked() -> T:
            with self.door.database.reading(self.door.parts, asking_of(self.request).circumstances) as work:
                return job(work)

        return await self.door.hop(looked)

    async def note(self, job: Callable[[Work], T]) -> T:
        """
        Run a job of the registry itself: what must be on record however the visitor's own session or token stands by
        now. It is done again where it lost a race, since nobody is there to come back with it.
        """

        def noted() -> T:
            with self.door.database.writing(self.door.parts, asking_of(self.request).circumstances) as work:
                return job(work)

        return await self.door.hop(lambda: do_again(noted))

    def _done(self, job: Callable[[Work, Actor], T], *, writes: bool) -> T:
        result = _in_work(self.door, self.request, self.act, writes, lambda w, a, _: job(w, a))
        self.door.note_seen(asking_of(self.request).actor)
        return result


class Doorway:
    """
    The decorators of one interface. `face` draws what its handlers give back; `takes_keys`: its writes take an
    `Idempotency-Key`.
    """

    def __init__(self, face: Face, *, takes_keys: bool = False) -> None:
        self._face = face
        self._takes_keys = takes_keys

    def reads(self, act: str) -> Callable[[Callable[..., Any]], Callable[..., Awaitable[Response]]]:
        """A route that reads, for the act named (a row of rules/permissions.py), or OPEN to everyone."""
        return lambda handler: self._wrap(handler, act, writes=False)

    def glances(self, act: str) -> Callable[[Callable[..., Any]], Callable[..., Awaitable[Response]]]:
        """
        A route that reads a few rows by index, and no more however much there is: on the event loop itself, where
        reading never waits (`Database.can_glance`), since handing it to a thread would cost more than the read.
        """

        def decorate(handler: Callable[..., Any]) -> Callable[..., Awaitable[Response]]:
            in_thread = self._wrap(handler, act, writes=False)

            async def endpoint(request: Request, **sent: Any) -> Response:
                door: Door = request.app.state.door
                if not door.database.can_glance:
                    return await in_thread(request=request, **sent)

                def act_out(work: Work, actor: Actor, asking: Asking) -> Response:
                    return self._face.draw(handler(work, actor, **sent), asking, work)

                try:
                    response = _in_open_work(door.database.glancing, door, request, act, act_out)
                except RECORDED as error:
                    refused = error
                    await door.hop(lambda: door.record_refusal(asking_of(request), _action_of(act), refused))
                    raise
                actor = asking_of(request).actor
                if door.is_seen_due(actor):
                    await door.hop(lambda: door.note_seen(actor))
                return response

            return _dress(endpoint, handler, act, hidden=("work", "actor"))

        return decorate

    def writes(self, act: str, *others: str) -> Callable[[Callable[..., Any]], Callable[..., Awaitable[Response]]]:
        """
        A route that writes under the act named, or one of the others; leaving without having asked for any raises.
        """
        return lambda handler: self._wrap(handler, act, writes=True, others=others)

    def posts(
        self, act: str, *others: str, again: Callable[..., Any] | None = None
    ) -> Callable[[Callable[..., Any]], Callable[..., Awaitable[Response]]]:
        """
        A route that takes a form, checked to come from a page of this session, as the handler's argument `form`.

        Args:
            again: Draws the page of the form once more where anything refuses it, so that nothing typed is lost. It
                takes what the handler takes, and the refusal as `error`; it reads in a work of its own, after all that
                the handler did is undone.
        """
        return lambda handler: self._wrap(handler, act, writes=True, takes_form=True, others=others, again=again)

    def streams(self, act: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """An async route whose handler takes a `desk` and gives back what the face draws, or a Response."""

        def decorate(handler: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
            takes_request = _takes_request(handler)

            async def endpoint(request: Request, **sent: Any) -> Response:
                desk = Desk(request.app.state.door, request, act)
                if takes_request:
                    sent["request"] = request
                result = await handler(desk, **sent)
                return result if isinstance(result, Response) else self._face.draw(result, asking_of(request), None)

            return _dress(endpoint, handler, act, hidden=("desk",))

        return decorate

    def _wrap(
        self,
        handler: Callable[..., Any],
        act: str,
        *,
        writes: bool,
        takes_form: bool = False,
        others: tuple[str, ...] = (),
        again: Callable[..., Any] | None = None,
    ) -> Callable[..., Any]:
        takes_key = writes and self._takes_keys
        takes_request = _takes_request(handler)

        async def endpoint(request: Request, **sent: Any) -> Response:
            door: Door = request.app.state.door
            attempt = None
            if takes_form:
                form = sent["form"] = await read_form(request)
                attempt = attempt_of_form(request, form)
            elif takes_key:
                attempt = await attempt_of(request, act, sent.pop(KEY_PARAMETER))
            if takes_request:
                sent["request"] = request

            def job() -> Response:
                def act_out(work: Work, actor: Actor, asking: Asking) -> Response:
                    def answer() -> Response:
                        result = handler(work, actor, **sent)
                        return result if isinstance(result, Response) else self._face.draw(result, asking, work)

                    if attempt is None or not actor.is_known:
                        return answer()
                    return answer_once(work, actor, act, attempt, answer)

                try:
                    response = _in_work(door, request, act, writes, act_out, others)
                except RegistryError as error:
                    if again is None or isinstance(error, _ASKED_FIRST):
                        raise
                    response = self._draw_again(door, request, act, again, error, sent)
                door.note_seen(asking_of(request).actor)
                if door.board.is_stale:
                    door.read_board()
                return response

            return await door.hop_for(request, job)

        hidden = ("work", "actor", "form") if takes_form else ("work", "actor")
        return _dress(endpoint, handler, act, hidden=hidden, takes_key=takes_key)

    def _draw_again(
        self,
        door: Door,
        request: Request,
        act: str,
        again: Callable[..., Any],
        error: RegistryError,
        sent: dict[str, Any],
    ) -> Response:
        """The page of a refused form; where that cannot be drawn either, raises what refused it."""

        def draw(work: Work, actor: Actor, asking: Asking) -> Response:
            return self._face.draw(again(work, actor, error=error, **sent), asking, work)

        try:
            return _in_open_work(door.database.reading, door, request, act, draw)
        except RegistryError:
            raise error from None


async def read_form(request: Request) -> FormData:
    """The posted form, once its `csrf_token` is that of the session. Raises Malformed, ForgedRequest."""
    try:
        form = await request.form(max_fields=300, max_files=0)
    except UnicodeDecodeError as error:
        raise Malformed("The form is not well-formed UTF-8.") from error
    except HTTPException as error:
        if error.status_code == TooLarge.status:
            raise TooLarge(str(error.detail)) from error
        raise Malformed(str(error.detail), remedy="Open the page again and send its form.") from error
    sent = form.get("csrf_token")
    if isinstance(sent, str) and hmac.compare_digest(sent.encode(), request.state.csrf.encode()):
        # Whoever is asked to confirm that it is them goes on with what they sent.
        request.state.sent_form = form
        return form
    forged = ForgedRequest("The form's own token is missing or of another session.")
    door: Door = request.app.state.door
    await door.hop(lambda: door.record_refusal(asking_of(request), "request.refuse", forged))
    raise forged


def _in_work(
    door: Door,
    request: Request,
    act: str,
    writes: bool,
    job: Callable[[Work, Actor, Asking], T],
    others: tuple[str, ...] = (),
) -> T:
    """
    What a job gives in a work of its own, which is done again where it lost a race: handlers do nothing outside their
    works that counts, and what is drawn of them is sent after the commit.
    """
    open_work = door.database.writing if writes else door.database.reading
    try:
        return do_again(lambda: _in_open_work(open_work, door, request, act, job, others))
    except RECORDED as error:
        door.record_refusal(asking_of(request), _action_of(act), error)
        raise


def _in_open_work(
    open_work: Callable[[Parts, Circumstances], AbstractContextManager[Work]],
    door: Door,
    request: Request,
    act: str,
    job: Callable[[Work, Actor, Asking], T],
    others: tuple[str, ...] = (),
) -> T:
    with open_work(door.parts, asking_of(request).circumstances) as work:
        actor = door.find_actor(work, request)
        asking = request.state.asking = replace(asking_of(request), actor=actor, granted=work.granted)
        if act != OPEN and not actor.is_known:
            raise NotSignedIn("You are not signed in.")
        if act != OPEN and _is_for_everyone(act):
            access.require(work, actor, act)
        result = job(work, actor, asking)
        if act != OPEN and work.writes and not work.granted.keys() & {act, *others}:
            raise UndeclaredAct(f"The handler of {act} never asked whether the actor may.")
        return result


def _action_of(act: str) -> str:
    return act if act in ACTIONS else "request.refuse"


def _is_for_everyone(act: str) -> bool:
    return PERMISSIONS[act].grants == (Grant(),)


def _takes_request(handler: Callable[..., Any]) -> bool:
    return "request" in inspect.signature(handler).parameters


def _dress(
    endpoint: Callable[..., Any],
    handler: Callable[..., Any],
    act: str,
    *,
    hidden: Sequence[str],
    takes_key: bool = False,
) -> Callable[..., Any]:
    """Give the endpoint the handler's name, text and parameters, so that OpenAPI describes the handler."""
    shown = [p for p in inspect.signature(handler).parameters.values() if p.name not in (*hidden, "request")]
    asked = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    keyword_only = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in shown]
    if takes_key:
        keyword_only.append(
            inspect.Parameter(KEY_PARAMETER, inspect.Parameter.KEYWORD_ONLY, annotation=IdempotencyKey, default=None)
        )
    endpoint.__signature__ = inspect.Signature([asked, *keyword_only])  # type: ignore[attr-defined]
    endpoint.__name__, endpoint.__doc__ = handler.__name__, handler.__doc__
    endpoint.__module__ = handler.__module__
    endpoint.__annotations__ = {p.name: p.annotation for p in [asked, *keyword_only]}
    endpoint.__act__ = act  # type: ignore[attr-defined]
    return endpoint


def find_undeclared(routes: Sequence[BaseRoute]) -> list[str]:
    """The paths of routes that declare no act, or one without a row in rules/permissions.py. Static files are open."""
    faulty = []
    for route in routes:
        # FastAPI keeps an included router as one entry of its own kind.
        inner = getattr(route, "original_router", route)
        if isinstance(route, Route):
            act = getattr(route.endpoint, "__act__", None)
            if act != OPEN and act not in PERMISSIONS:
                faulty.append(route.path)
        elif isinstance(inner, (Mount, Router)):
            if getattr(inner, "name", None) != "static":
                faulty.extend(find_undeclared(inner.routes))
        else:
            faulty.append(getattr(route, "path", repr(route)))
    return faulty


def declare_open(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a route that answers without the database, to anyone."""
    endpoint.__act__ = OPEN  # type: ignore[attr-defined]
    return endpoint
