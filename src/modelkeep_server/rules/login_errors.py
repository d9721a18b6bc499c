"""How the registry answers a command line that waits for its token (RFC 8628, section 3.5)."""

from modelkeep_server.rules.errors import RegistryError


class LoginWaits(RegistryError):
    """A command line asks for its token before anybody let it in (RFC 8628, section 3.5, as the next three)."""

    status = 400
    code = "authorization_pending"
    title = "Nobody has allowed this yet"
    remedy = "Ask again after the interval."


class PollsTooFast(RegistryError):
    """A command line asks for its token more often than it was told to."""

    status = 400
    code = "slow_down"
    title = "Asked too often"
    remedy = "Wait five seconds longer between two tries from now on."


class LoginDenied(RegistryError):
    """The person said no, or their session or rights ended before the token was fetched."""

    status = 400
    code = "access_denied"
    title = "This was not allowed"
    remedy = "Start the sign-in again, and allow it in the browser."
    help = "troubleshooting#a-terminal-is-not-let-in"


class LoginExpired(RegistryError):
    """The codes of a command line are past their time, used, or were never given out."""

    status = 400
    code = "expired_token"
    title = "These codes do not work any more"
    remedy = "Start the sign-in again; a code lives for 15 minutes and works once."
    help = "troubleshooting#a-terminal-is-not-let-in"
