"""The door that all requests come through: who is asking, threads and connections for them, and what is noted."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TypeVar

import anyio
import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import Request

from modelkeep_server.db.contention import do_again
from modelkeep_server.db.engine import Database
from modelkeep_server.db.work import Circumstances, Parts, Work
from modelkeep_server.features.artifacts.downloading.tallies import Tallies
from modelkeep_server.features.artifacts.uploading.running_hashes import RunningHashes
from modelkeep_server.features.audit.views import Verified
from modelkeep_server.features.identity import access, actors
from modelkeep_server.features.identity.people import lookups
from modelkeep_server.features.identity.sign_in import sessions, throttle
from modelkeep_server.features.identity.views import NOBODY, Actor
from modelkeep_server.features.inbox import queries as inbox_queries
from modelkeep_server.features.keys import queries as key_queries
from modelkeep_server.features.promotion.approval_rules import additions
from modelkeep_server.features.status import queries as status_queries
from modelkeep_server.features.status.board import Board
from modelkeep_server.features.status.monitor import Monitor, list_probes
from modelkeep_server.features.status.views import Health
from modelkeep_server.interfaces.directory import Directory
from modelkeep_server.interfaces.meters import Meters
from modelkeep_server.interfaces.turns import Turns
from modelkeep_server.kit.timings import Timings
from modelkeep_server.rules.errors import (
    RegistryError,
    TokenRefused,
    Unavailable,
)
from modelkeep_server.rules.events import ACTIONS, Outcome
from modelkeep_server.rules.fields import NAME_PATTERN

T = TypeVar("T")

SEEN_EVERY_SECONDS = 60.0
SEEN_KEPT = 10_000
SLOW_JOBS = 2
INSPECTIONS_AT_ONCE = 4
#: Each takes a processor and memory of its own.
PRINTING_AT_ONCE = 2
#: Exports of models for which all that fits is looked for at once: it may take a minute each.
EXPORTING_AT_ONCE = 2

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ADDRESS = re.compile(rf"{NAME_PATTERN}/{NAME_PATTERN}(:[0-9A-Za-z.+-]{{1,100}})?")


@dataclass(frozen=True)
class Asking:
    """One request as the doorway knows it. `granted` is as what the acts that it asked for were allowed so far."""

    request: Request
    actor: Actor
    circumstances: Circumstances
    csrf: str
    granted: Mapping[str, str | None] = field(default_factory=dict)


class Door:
    """What the doorway needs to open works; made once by app.py and kept at `app.state.door`."""

    def __init__(self, database: Database, parts: Parts, *, mail_health: Callable[[], None] | None = None) -> None:
        self.database = database
        self.parts = parts
        self.limiter = CapacityLimiter(database.connections)
        self._turns = Turns(max(1, database.connections // 2))
        # A file store that hangs takes no more than these of the threads that pages need.
        self.reading_files = CapacityLimiter(max(1, database.connections // 2))
        self.whole_log = CapacityLimiter(1)
        self.verified: Verified | None = None
        self._slow = CapacityLimiter(SLOW_JOBS)
        self.inspecting = CapacityLimiter(INSPECTIONS_AT_ONCE)
        self.printing = CapacityLimiter(PRINTING_AT_ONCE)
        self.prints: Counter[str] = Counter()
        self.exporting = CapacityLimiter(EXPORTING_AT_ONCE)
        # Of the places of exports one person has one.
        self.export_turns = Turns(1)
        self.exports: Counter[str] = Counter()
        self.uploads: Counter[str] = Counter()
        self.hashes = RunningHashes()
        self.taking: dict[str, list[anyio.Event]] = {}
        self.tallies = Tallies()
        self.adding_up: dict[str, asyncio.Task[None]] = {}
        self.meters = Meters()
        self._seen: dict[tuple[str, int], float] = {}
        self.board = Board()
        self.directory = Directory()
        self.timings = Timings()
        self._monitor = Monitor(list_probes(database, parts, mail_health))
        self._measuring = CapacityLimiter(1)

    async def hop(self, job: Callable[[], T]) -> T:
        """Run a job in a worker thread, waiting for one to come free."""
        return await anyio.to_thread.run_sync(job, limiter=self.limiter)

    async def hop_for(self, request: Request, job: Callable[[], T], *, among: CapacityLimiter | None = None) -> T:
        """
        The same for whoever asks, once it is their turn, and then that of the job `among` few at a time: nobody has all
        threads to themselves. Raises TooMany.
        """
        credential = _credential_of(request)
        if credential is not None and self._turns.is_stranger(credential):
            self._learn(credential, await self.hop(lambda: self._introduce(request)))
        async with self._turns.taken(credential), among or nullcontext():
            done = await self.hop(job)
        self._learn(credential, asking_of(request).actor)
        return done

    def _introduce(self, request: Request) -> Actor:
        """Find out whose a token or a session is before anything is done. What is wrong with it is said then."""
        try:
            with self.database.reading(self.parts, asking_of(request).circumstances) as work:
                return self.find_actor(work, request)
        except RegistryError:
            return NOBODY

    def _learn(self, credential: str | None, actor: Actor) -> None:
        if credential is not None and actor.is_known:
            self._turns.learn(credential, actor.pseudonym)

    async def take_time(self, job: Callable[[], T]) -> T:
        """Run a job that needs no connection and is slow on purpose, where it keeps no request from its thread."""
        return await anyio.to_thread.run_sync(job, limiter=self._slow)

    async def ask_components(self) -> Health:
        """Whether the components answer, as of the last five seconds. One asks them, whoever comes meanwhile waits."""
        known = self._monitor.recent()
        if known is not None:
            return known
        return await anyio.to_thread.run_sync(self._monitor.measure, limiter=self._measuring)

    @property
    def last_health(self) -> Health | None:
        """What the components last answered, however long ago; None where nobody asked yet."""
        return self._monitor.last

    def read_board(self) -> None:
        """
        Read which incidents are open, whether a copy of the keys is kept, who is Admin, and which approvals Admins
        added, which another process may have changed. Where the database does not answer, what was known stays. Four
        statements.
        """
        self.parts.keys.follow()
        fingerprint = self.parts.keys.fingerprint()
        try:
            with self.database.reading(self.parts, Circumstances.of_the_house()) as work:
                kept = key_queries.find_escrow(work, fingerprint) is not None
                added: dict[str, tuple[str, ...]] = {}
                for one in additions.list_additions(work):
                    added[one.risk_tier] = (*added.get(one.risk_tier, ()), one.words_with_target)
                self.board.show(
                    status_queries.list_open(work),
                    kept=fingerprint if kept else None,
                    admins=lookups.list_admins(work),
                    added=added,
                )
        except Unavailable:
            return

    def find_actor(self, work: Work, request: Request) -> Actor:
        """
        Who is asking: by token where one is sent (cookies are then ignored), else by session. NOBODY for no
        credential.
        """
        sent = request.headers.get("authorization")
        if sent is not None:
            token = _token_of(sent)
            actor = None if token is None else actors.find_actor_by_token(work, token)
            if actor is None:
                raise TokenRefused("This token is not known, has expired or was revoked.")
            return actor
        secret = request.cookies.get(request.app.state.cookie_name)
        if secret is None:
            return NOBODY
        found = actors.find_actor_by_session(work, secret)
        return NOBODY if found is None else inbox_queries.with_seen(work, found)

    def learn_actor(self, request: Request) -> None:
        """Find out who is asking for what no route answers, so that the page about it keeps their navigation."""
        asking = asking_of(request)
        if asking.actor.is_known or request.app.state.cookie_name not in request.cookies:
            return
        try:
            with self.database.reading(self.parts, asking.circumstances) as work:
                request.state.asking = replace(asking, actor=self.find_actor(work, request))
        except RegistryError:
            return

    def is_seen_due(self, actor: Actor) -> bool:
        """Whether `note_seen` would write: a minute has gone since it did for this session or token."""
        last = self._seen.get((actor.method, actor.credential_id or 0), -SEEN_EVERY_SECONDS)
        return actor.credential_id is not None and time.monotonic() - last >= SEEN_EVERY_SECONDS

    def note_seen(self, actor: Actor) -> None:
        """Keep when a session or token was last used, at most once a minute. Never fails the request."""
        if actor.credential_id is None:
            return
        key = (actor.method, actor.credential_id)
        now = time.monotonic()
        if now - self._seen.get(key, -SEEN_EVERY_SECONDS) < SEEN_EVERY_SECONDS:
            return
        if len(self._seen) >= SEEN_KEPT:
            # One more write for each of them costs less than remembering everyone who ever came.
            self._seen.clear()
        self._seen[key] = now
        try:
            with self.database.writing(self.parts, Circumstances.of_the_house()) as work:
                sessions.note_seen(work, actor)
        except Unavailable:
            self._seen.pop(key, None)

    def record_refusal(self, asking: Asking, act: str, error: RegistryError) -> None:
        """
        Note a refused act in a transaction of its own, at most 60 a minute for one person; done again where it lost a
        race, so that what is answered stays the refusal.
        """
        do_again(lambda: self._record_refusal(asking, act, error))

    def _record_refusal(self, asking: Asking, act: str, error: RegistryError) -> None:
        limit = self.parts.limits.refusals_recorded_per_minute
        with self.database.writing(self.parts, asking.circumstances) as work:
            if throttle.count(work, f"refused:{asking.actor.pseudonym}", window_seconds=60) <= limit:
                # What refused it came after the permission: the event says as what it was tried.
                work.granted[act] = asking.granted.get(act)
                access.record(
                    work, asking.actor, act, object_id=_object_of(asking.request, act),
                    outcome=Outcome.REFUSED, rule=error.rule,
                )  # fmt: skip


def asking_of(request: Request) -> Asking:
    """The request as the doorway knows it so far; the actor is NOBODY until one was found."""
    known = getattr(request.state, "asking", None)
    return known or Asking(request, NOBODY, request.state.circumstances, request.state.csrf)


def _token_of(sent: str) -> str | None:
    """The token of an `Authorization`, however its scheme and blanks are written; None for another scheme."""
    scheme, _, token = sent.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _credential_of(request: Request) -> str | None:
    """What `find_actor` goes by, as it reads it: the token where an `Authorization` is sent, else the session."""
    sent = request.headers.get("authorization")
    return request.cookies.get(request.app.state.cookie_name) if sent is None else _token_of(sent)


def _object_of(request: Request, act: str) -> str:
    """What a refused act was about, as far as the address says it without free text."""
    named = request.path_params
    model = "/".join(named[key] for key in ("group", "name") if key in named)
    address = ":".join(part for part in (model, named.get("version", "")) if part)
    if _ADDRESS.fullmatch(address):
        return address
    if _ID.fullmatch(named.get("id", "")):
        return str(named["id"]).lower()
    return ACTIONS[act].object_kind if act in ACTIONS else "registry"
