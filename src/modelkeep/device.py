"""
Signing in without a token: the registry gives a code, a person allows it in a browser, and the token is fetched.

Source: RFC 8628, OAuth 2.0 Device Authorization Grant.
"""

import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from modelkeep.errors import ApiError, ModelkeepError, UnexpectedAnswer, Unreachable
from modelkeep.login import Login
from modelkeep.reading import read
from modelkeep.told import Told
from modelkeep.transport import Transport

PENDING, SLOW_DOWN = "authorization_pending", "slow_down"
SLOWER_SECONDS = 5
NAME_CHARS = 80
TIMEOUT_SECONDS = 30.0


class LoginNotAllowed(ModelkeepError):
    """Nobody allowed it in time."""

    remedy = "Run `modelkeep login` again, and allow it in the browser within 15 minutes."


@dataclass(frozen=True, kw_only=True)
class DeviceCode(Told):
    """What the registry gives at first. `expires_in` and `interval` are seconds."""

    device_code: str = field(repr=False)
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


@dataclass(frozen=True, kw_only=True)
class _Token(Told):
    token: str = field(repr=False)


def obtain_token(
    url: str,
    show: Callable[[DeviceCode], None],
    *,
    scopes: Sequence[str] = (),
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """
    A token for a registry, once a person has allowed it in a browser.

    Args:
        show: Shows the person the code and the address, which are those that this machine reaches.
        scopes: What the token is for. Left out: what the registry gives as a rule.
    Raises:
        LoginNotAllowed: Nobody allowed it in time. ApiError: It was denied. Unreachable, UnexpectedAnswer.
    """
    transport = Transport(Login(url, ""), timeout_seconds=TIMEOUT_SECONDS)
    try:
        asked = {"clientName": _name(), **({"scopes": list(scopes)} if scopes else {})}
        code = read(DeviceCode, transport.post("/device-logins", asked))
        show(_reachable(transport, code))
        return _wait(transport, code, sleep)
    finally:
        transport.close()


def _wait(transport: Transport, code: DeviceCode, sleep: Callable[[float], None]) -> str:
    interval, left = float(max(code.interval, 1)), float(code.expires_in)
    while left > 0:
        sleep(interval)
        left -= interval
        try:
            return read(_Token, transport.post("/device-logins/token", {"deviceCode": code.device_code})).token
        except ApiError as error:
            if error.code == SLOW_DOWN:
                interval += SLOWER_SECONDS
            elif error.code != PENDING:
                raise
        except Unreachable:
            # A laptop that slept, a registry that is started anew: the codes live on.
            continue
    raise LoginNotAllowed("Nobody allowed it in time.")


def _reachable(transport: Transport, code: DeviceCode) -> DeviceCode:
    shown = {}
    for name in ("verification_uri", "verification_uri_complete"):
        address = getattr(code, name)
        if urlsplit(address).scheme not in ("http", "https"):
            raise UnexpectedAnswer("The registry named an address that no browser should open.")
        shown[name] = transport.reachable(address)
    return DeviceCode(
        raw=code.raw,
        device_code=code.device_code,
        user_code=code.user_code,
        expires_in=code.expires_in,
        interval=code.interval,
        **shown,
    )


def _name() -> str:
    host = re.sub(r"[^A-Za-z0-9._-]", "", socket.gethostname()) or "a machine without a name"
    return f"modelkeep on {host}"[:NAME_CHARS]
