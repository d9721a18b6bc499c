"""What the pages of coming in are drawn from: signing in, the first start, an invitation."""

from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.identity.views import IssuerChoice, OpenInvitation
from modelkeep_server.interfaces.web.contexts.base import FormContext


@dataclass(frozen=True, kw_only=True)
class LoginContext(FormContext):
    """
    GET and POST /login. `problem` says why a sign-in failed; `unclaimed`: nobody has an account yet.

    `issuers` get a button each; `local`: passphrases sign in as well.
    """

    template: ClassVar[str] = "identity/login.html"
    next: str = "/"
    problem: str | None = None
    remedy: str | None = None
    unclaimed: bool = False
    issuers: tuple[IssuerChoice, ...] = ()
    local: bool = True


@dataclass(frozen=True, kw_only=True)
class SetupContext(FormContext):
    """
    GET and POST /setup: the first start. Controls: secret (hidden), email, name, passphrase, modelOwner (`yes`).

    `secret` is the tail of the one-time link; `problem` replaces the form where the link is used, wrong or expired;
    `unclaimed`: nobody has an account yet.
    """

    template: ClassVar[str] = "identity/setup.html"
    secret: str = field(repr=False)
    problem: str | None = None
    unclaimed: bool = True


@dataclass(frozen=True, kw_only=True)
class InvitationContext(FormContext):
    """GET and POST /invitations/{secret}. Controls, where `local`: name, passphrase. `issuers` as in LoginContext."""

    template: ClassVar[str] = "identity/invitation.html"
    secret: str = field(repr=False)
    invitation: OpenInvitation
    issuers: tuple[IssuerChoice, ...] = ()
    local: bool = True
