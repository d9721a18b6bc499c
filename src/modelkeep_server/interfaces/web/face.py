"""How the pages draw answers: a Page inside the shell of the request, or a redirect after a form."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.issuers.ways_in import choices_of
from modelkeep_server.features.identity.people.lookups import find_names
from modelkeep_server.interfaces.directory import Directory, Shown, begin
from modelkeep_server.interfaces.door import Asking, asking_of
from modelkeep_server.interfaces.doorway import Doorway
from modelkeep_server.interfaces.gate import csrf_token
from modelkeep_server.interfaces.web.contexts.catalogue import CatalogueContext
from modelkeep_server.interfaces.web.contexts.confirm import Carried, ConfirmContext
from modelkeep_server.interfaces.web.contexts.errors import ErrorContext
from modelkeep_server.interfaces.web.forms import find_notice, find_notice_link, href_of
from modelkeep_server.interfaces.web.render import THEME_COOKIE, Page, PageShell, render, theme_of
from modelkeep_server.kit.paging import CURSOR_CHARS_MAX
from modelkeep_server.rules.errors import ConfirmNeeded, ForgedRequest, NotSignedIn, RegistryError, TookTooLong

#: What a list's link to its next page hands back; empty for the first.
Cursor = Annotated[str, Query(max_length=CURSOR_CHARS_MAX)]


@dataclass(frozen=True)
class Redirect:
    """Go on at another page of this registry. `cookies` maps a name to its value, None to remove it."""

    to: str
    cookies: Mapping[str, str | None] | None = None


class WebFace:
    """Pages and redirects."""

    def draw(self, result: Any, asking: Asking, work: Work | None) -> Response:
        """HTML for a Page, 303 for a Redirect. One statement where the page names people who were not shown lately."""
        if isinstance(result, Redirect):
            return _redirect(asking.request, result)
        return HTMLResponse(_draw_page(asking, result, work), result.status, dict(result.headers))


def _draw_page(asking: Asking, page: Page, work: Work | None) -> str:
    """The page; drawn a second time where somebody on it was not known by name, once all of them are asked for."""
    kept: Directory = asking.request.app.state.door.directory
    actor = asking.actor
    shown = Shown(kept, {actor.email.casefold(): actor.name} if actor.is_known else {})
    begin(shown)
    html = render(page, shell_of(asking))
    if work is None or not shown.missing:
        return html
    kept.learn(find_names(work, shown.missing), shown.missing)
    return render(page, shell_of(asking))


def shell_of(asking: Asking) -> PageShell:
    """The shell around a page of this request."""
    request = asking.request
    door_of = request.app.state.door
    return PageShell(
        csrf=asking.csrf,
        path=request.url.path,
        request_id=asking.circumstances.request_id,
        base_url=door_of.parts.public_url,
        actor=asking.actor,
        notice=find_notice(request.query_params.get("done")),
        notice_link=find_notice_link(request.query_params.get("done")),
        theme=theme_of(request.cookies.get(THEME_COOKIE)),
        incidents=door_of.board.incidents,
        admins=door_of.board.admins,
        added_approvals=door_of.board.added,
        lacks_copy_of_keys=door_of.board.lacks_copy_of(door_of.parts.keys.fingerprint()),
    )


def draw_error(request: Request, error: RegistryError) -> Response:
    """The page for an error; somebody not signed in is sent to sign in, and comes back after."""
    asking = asking_of(request)
    if isinstance(error, NotSignedIn):
        wanted = request.url.path if request.method == "GET" else "/"
        query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
        return RedirectResponse(href_of("/login", {"next": wanted + query}), 303)
    if isinstance(error, TookTooLong) and request.url.path == "/models":
        page = Page.of(CatalogueContext.of_late(request.query_params), error.status)
    elif isinstance(error, ConfirmNeeded):
        page = _ask_to_confirm(request, error)
    else:
        page = Page.of(_explain(error), error.status)
    headers = {} if error.retry_after_seconds is None else {"Retry-After": str(error.retry_after_seconds)}
    return HTMLResponse(_draw_page(asking, page, None), error.status, headers)


def _explain(error: RegistryError) -> ErrorContext:
    """A form of an earlier session is nearly always a page left open, so a person is told that and not of forgery."""
    context = ErrorContext.of(error)
    if not isinstance(error, ForgedRequest):
        return context
    return replace(
        context,
        title="This page is from an earlier session",
        detail="You signed in or out since it was opened, or the session ended. Nothing was saved.",
        remedy="Go back to copy what you typed, sign in, then open the page again and send it from there.",
    )


def _ask_to_confirm(request: Request, error: ConfirmNeeded) -> Page:
    """The page that asks who one is, carrying the form that was sent, or the address of the page asked for."""
    address = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    form = getattr(request.state, "sent_form", None)
    parts = request.app.state.door.parts
    asked = ConfirmContext(why=error.detail, issuers=choices_of(parts), local=parts.local_accounts)
    if form is None:
        return Page.of(replace(asked, next=address if request.method == "GET" else "/"), error.status)
    return Page.of(replace(asked, carried=Carried.of(address, form.multi_items())), error.status)


def draw_in_session(request: Request, page: Page, secret: str) -> Response:
    """A page whose forms are of the session that the same answer gives out: its secret is new."""
    asking = asking_of(request)
    csrf = csrf_token(request.app.state.door.parts.keys.derive("csrf"), secret)
    response = HTMLResponse(render(page, replace(shell_of(asking), csrf=csrf)), page.status, dict(page.headers))
    return _with_cookies(response, session_cookie(request, secret))


def _redirect(request: Request, result: Redirect) -> Response:
    return _with_cookies(RedirectResponse(result.to, 303), result.cookies or {})


def _with_cookies(response: Response, cookies: Mapping[str, str | None]) -> Response:
    for name, value in cookies.items():
        secure = name.startswith("__Host-")
        if value is None:
            response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")
        else:
            response.set_cookie(name, value, path="/", secure=secure, httponly=True, samesite="lax")
    return response


def session_cookie(request: Request, secret: str | None) -> dict[str, str | None]:
    """The cookie that carries a session's secret, or its removal."""
    return {request.app.state.cookie_name: secret}


def cookie_headers(cookies: Mapping[str, str | None]) -> dict[str, str]:
    """The header that sets one cookie, for a page rather than a redirect."""
    return {"Set-Cookie": _with_cookies(Response(), cookies).headers["set-cookie"]}


def issuer_cookie(request: Request, secret: str | None) -> dict[str, str | None]:
    """The cookie that binds a way to an issuer and back to this browser, or its removal."""
    return {issuer_cookie_name(request): secret}


def issuer_cookie_name(request: Request) -> str:
    """Its name: one that no other host can set, wherever TLS allows that."""
    return "__Host-mk-oidc" if request.app.state.secure else "mk-oidc"


door = Doorway(WebFace())


def make_router() -> APIRouter:
    """A router of pages; pages are not part of the API's description."""
    return APIRouter(include_in_schema=False)
