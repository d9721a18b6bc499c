"""
Signing in by an issuer: the way there and back, connecting and disconnecting, and the way out.

Each issuer has a way back of its own, `/login/{slug}/callback`, so that none can pass for another (RFC 9700, 4.4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from fastapi import Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import secrets
from modelkeep_server.features.identity.issuers import attempts, sso
from modelkeep_server.features.identity.issuers.attempts import Attempt
from modelkeep_server.features.identity.issuers.faults import SignInFault
from modelkeep_server.features.identity.sign_in import throttle
from modelkeep_server.features.identity.views import Actor, IssuerChoice, NewSession
from modelkeep_server.interfaces.doorway import OPEN, Desk, read_form
from modelkeep_server.interfaces.web.contexts.sso import DepartureContext, SignedOutContext
from modelkeep_server.interfaces.web.face import (
    Redirect,
    cookie_headers,
    door,
    issuer_cookie,
    issuer_cookie_name,
    make_router,
    session_cookie,
)
from modelkeep_server.interfaces.web.forms import href_of, inside
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import SignInFailed

router = make_router()

_FAILED_TITLES = {"link": "That did not connect the two", "confirm": "That did not confirm that it is you"}


@dataclass(frozen=True)
class _Leaving:
    """On the way: where to, and the cookie that binds the way back to this browser."""

    url: str
    cookies: Mapping[str, str | None]


@router.get("/login/{slug}")
@door.streams(OPEN)
async def begin_sign_in(desk: Desk, request: Request, slug: str, next: str = "/", invitation: str = "") -> Redirect:
    """Go to an issuer to sign in. `invitation` is the secret of a one-time link to be accepted by it."""
    wanted = inside(next)
    own = desk.door.parts.public_url
    if request.url.hostname != urlsplit(own).hostname:
        # The issuer sends people back to the registry's one address, where a cookie of another host is not sent.
        query = {"next": wanted, **({"invitation": invitation} if invitation else {})}
        return Redirect(href_of(f"{own}/login/{slug}", query))
    try:
        leaving = await _leave(desk, request, slug, "sign-in", wanted, invitation=invitation)
    except SignInFault as fault:
        return _to_login(fault, wanted)
    return Redirect(leaving.url, leaving.cookies)


@router.get("/login/{slug}/confirm")
@door.streams("me.read")
async def begin_confirm(desk: Desk, request: Request, slug: str, next: str = "/") -> Redirect:
    """Go to an issuer to show anew who one is, and come back to where one was."""
    await desk.read(lambda work, actor: None)
    try:
        leaving = await _leave(desk, request, slug, "confirm", inside(next))
    except SignInFault as fault:
        raise _refusal("confirm", fault) from fault
    return Redirect(leaving.url, leaving.cookies)


@router.post("/profile/identities/{slug}/connect")
@door.streams("identity.link")
async def begin_link(desk: Desk, request: Request, slug: str) -> Redirect | Page:
    """
    Begin to connect an account at an issuer with one's own: a page whose link leads there.

    Only a form of ours begins this, so that no other site can have its own account there connected.
    """
    await read_form(request)
    try:
        leaving = await _leave(desk, request, slug, "link", "/profile?done=connected")
    except SignInFault as fault:
        raise _refusal("link", fault) from fault
    choice = _choice_of(desk, slug)
    # A form may lead to our own pages only, so that the link is followed and not the form redirected.
    return Page.of(DepartureContext(issuer=choice, url=leaving.url), headers=cookie_headers(leaving.cookies))


@router.post("/profile/identities/{id}/disconnect")
@door.posts("identity.unlink")
def disconnect(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Disconnect one of my identities; never the last way to sign in."""
    sso.unlink(work, actor, id)
    return Redirect("/profile?done=disconnected")


@router.get("/login/{slug}/callback")
@door.streams(OPEN)
async def come_back(desk: Desk, request: Request, slug: str) -> Redirect:
    """Come back from an issuer. Each way back works once; whatever is wrong with it leaves one event."""
    sso.get_issuer(desk.door.parts.issuers, slug)
    await desk.write(lambda work, _: throttle.count_issuer(work, "return"))
    attempt = None
    try:
        attempt = await _take(desk, request, slug)
        return await _arrive(desk, request, slug, attempt)
    except SignInFault as fault:
        refused = fault
    purpose = attempt.purpose if attempt else "sign-in"
    await desk.write(lambda work, actor: sso.refuse(work, actor, purpose, refused))
    if purpose == "sign-in":
        return _to_login(refused, attempt.next if attempt else "/")
    raise _refusal(purpose, refused)


@router.get("/login/{slug}/sign-out")
@door.reads(OPEN)
def show_signed_out(work: Work, actor: Actor, request: Request, slug: str) -> Page | Redirect:
    """After signing out here: signing out at the issuer too is one link away."""
    issuer = sso.get_issuer(work.parts.issuers, slug)
    if actor.is_known or issuer_cookie_name(request) not in request.cookies:
        return Redirect("/login?done=signed-out")
    return Page.of(SignedOutContext(issuer=IssuerChoice(issuer.slug, issuer.name)))


@router.get("/login/{slug}/leave")
@door.streams(OPEN)
async def leave(desk: Desk, request: Request, slug: str) -> Redirect:
    """Go to an issuer to sign out there; it sends people back to the sign-in page."""
    issuer = sso.get_issuer(desk.door.parts.issuers, slug)
    ticket = request.cookies.get(issuer_cookie_name(request))
    own, url = "/login?done=signed-out", None
    id_token = await desk.write(lambda work, _: sso.take_exit(work, ticket)) if ticket else None
    if id_token:
        url = await sso.find_exit(issuer, id_token, back=f"{desk.door.parts.public_url}{own}")
    return Redirect(url or own, issuer_cookie(request, None))


async def _leave(
    desk: Desk, request: Request, slug: str, purpose: str, wanted: str, *, invitation: str = ""
) -> _Leaving:
    """Keep what has to be kept, and say where to go. Raises NotFound, TooMany, SignInFault (recorded)."""
    issuer = sso.get_issuer(desk.door.parts.issuers, slug)
    await desk.write(lambda work, actor: throttle.count_issuer(work, "begin"))
    state, browser = secrets.new_secret(), attempts.browser_secret(request.cookies.get(issuer_cookie_name(request)))
    try:
        departure = await sso.depart(issuer, state=state, callback=_callback(desk, slug), again=purpose == "confirm")
    except SignInFault as fault:
        refused = fault
        await desk.write(lambda work, actor: sso.refuse(work, actor, purpose, refused))
        raise

    def keep(work: Work, actor: Actor) -> None:
        attempt = Attempt(
            purpose=purpose, nonce=departure.nonce, verifier=departure.verifier, began_at=work.now, next=wanted,
            invitation=invitation[:200], session=actor.credential_id if purpose != "sign-in" else None,
        )  # fmt: skip
        attempts.keep_attempt(work, attempt, state=state, browser=browser, issuer=slug)

    await desk.write(keep)
    return _Leaving(departure.url, issuer_cookie(request, browser))


async def _take(desk: Desk, request: Request, slug: str) -> Attempt:
    """The attempt that this way back belongs to, used up thereby. Raises SignInFault."""
    issuer = sso.get_issuer(desk.door.parts.issuers, slug)
    state = request.query_params.get("state", "")
    browser = request.cookies.get(issuer_cookie_name(request))
    found = await desk.write(lambda work, _: attempts.take_attempt(work, state=state, browser=browser, issuer=slug))
    if found is None:
        raise sso.fault_of(issuer, "unknown_attempt")
    if found.problem is not None:
        raise sso.fault_of(issuer, found.problem)
    return found


async def _arrive(desk: Desk, request: Request, slug: str, attempt: Attempt) -> Redirect:
    issuer = sso.get_issuer(desk.door.parts.issuers, slug)
    names = [name for name, _ in request.query_params.multi_items()]
    if len(set(names)) < len(names):
        raise sso.fault_of(issuer, "malformed_query")
    presented = await sso.present(issuer, attempt, dict(request.query_params), callback=_callback(desk, slug))
    gone = issuer_cookie(request, None)
    if attempt.purpose == "sign-in":
        session = await desk.write(lambda work, _: sso.sign_in(work, issuer, presented, invitation=attempt.invitation))
        return Redirect(attempt.next, {**session_cookie(request, session.secret), **gone})

    def act(work: Work, actor: Actor) -> NewSession | None:
        if actor.method != "session" or actor.credential_id != attempt.session:
            raise sso.fault_of(issuer, "session_changed")
        if attempt.purpose == "confirm":
            return sso.confirm(work, actor, issuer, presented)
        sso.link(work, actor, issuer, presented)
        return None

    renewed = await desk.write(act)
    return Redirect(attempt.next, {**gone, **(session_cookie(request, renewed.secret) if renewed else {})})


def _callback(desk: Desk, slug: str) -> str:
    return f"{desk.door.parts.public_url}/login/{slug}/callback"


def _choice_of(desk: Desk, slug: str) -> IssuerChoice:
    issuer = sso.get_issuer(desk.door.parts.issuers, slug)
    return IssuerChoice(issuer.slug, issuer.name)


def _to_login(fault: SignInFault, wanted: str) -> Redirect:
    told = {"failed": fault.fault, "at": fault.at, **({"code": fault.code} if fault.code else {})}
    return Redirect(f"/login?{urlencode({**told, **({'next': wanted} if wanted != '/' else {})})}")


def _refusal(purpose: str, fault: SignInFault) -> SignInFailed:
    error = SignInFailed(fault.detail, remedy=fault.remedy, rule=fault.rule)
    error.title, error.status = _FAILED_TITLES[purpose], 403
    return error
