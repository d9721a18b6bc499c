"""Who comes to a registry's door in tests: programs with a token, browsers with a session, strangers."""

from collections.abc import Mapping
from typing import Any

import httpx2
from anyio.from_thread import BlockingPortal

from modelkeep_server.features.identity.sign_in import sessions
from modelkeep_server.interfaces.gate import csrf_token
from tests.support.door import Door
from tests.support.make import Person
from tests.support.registries import BASE_URL, Registry


class Client(httpx2.Client):
    """
    A client whose requests all run in one event loop, as those of a server do.

    `address` is where its requests come from.
    """

    def __init__(
        self, registry: Registry, portal: BlockingPortal, headers: Mapping[str, str], address: str = "testclient"
    ) -> None:
        super().__init__(
            base_url=BASE_URL, follow_redirects=False, headers={"user-agent": "tests", **headers},
            transport=Door(registry.app, portal, address),
        )  # fmt: skip


class Browser(Client):
    """A browser that is signed in: cookie, Origin and the fetch metadata that browsers send. `csrf` is its token."""

    def __init__(self, registry: Registry, portal: BlockingPortal, secret: str) -> None:
        same_origin = {"origin": BASE_URL, "sec-fetch-site": "same-origin", "accept": "text/html,*/*"}
        super().__init__(registry, portal, same_origin)
        self.secret = secret
        self.csrf = csrf_token(registry.house.parts.keys.derive("csrf"), secret)
        self.cookies.set("mk-session", secret)

    def submit(self, path: str, fields: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Post a form of a page, with the page's own token."""
        return self.post(path, data={"csrf_token": self.csrf, **(fields or {})}, **more)

    def call(self, method: str, path: str, **more: Any) -> Any:
        """Call the API as a script of a page does, with the page's own token as a header."""
        return self.request(method, path, headers={"x-csrf-token": self.csrf, "accept": "application/json"}, **more)


class Api:
    """Clients of one registry."""

    def __init__(self, registry: Registry, portal: BlockingPortal) -> None:
        self._registry = registry
        self._portal = portal

    def as_(self, person: Person) -> Client:
        """A program that sends the person's token."""
        return self.with_token(person.token)

    def with_token(self, token: str) -> Client:
        """A program that sends this token."""
        return Client(self._registry, self._portal, {"authorization": f"Bearer {token}", "accept": "application/json"})

    @property
    def anonymous(self) -> Client:
        """Somebody without any credential."""
        return Client(self._registry, self._portal, {})

    def browser(self, person: Person) -> Browser:
        """The person's browser, in a new session."""
        with self._registry.writing() as work:
            session = sessions.start_session(work, person.actor.user_id or 0, method="link")
        return self.browser_of(session.secret)

    def browser_of(self, secret: str) -> Browser:
        """A browser that holds this session's cookie; the empty text is nobody's."""
        browser = Browser(self._registry, self._portal, secret)
        if not secret:
            browser.cookies.clear()
        return browser
