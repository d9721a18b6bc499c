"""Signing in a command line by a code that a person allows in a browser (RFC 8628). Open: nobody is signed in yet."""

from collections.abc import Mapping

from modelkeep_server.features.identity.tokens import device_logins
from modelkeep_server.features.identity.tokens.device_logins import Outcome
from modelkeep_server.interfaces.api.face import Answer, door, make_router
from modelkeep_server.interfaces.api.shapes.device_logins import DeviceLoginIn, DeviceLoginOut, DeviceTokenIn
from modelkeep_server.interfaces.api.shapes.identity import TokenOut
from modelkeep_server.interfaces.doorway import OPEN, Desk
from modelkeep_server.rules.errors import RegistryError
from modelkeep_server.rules.login_errors import LoginDenied, LoginExpired, LoginWaits, PollsTooFast

router = make_router("people")

_REFUSALS: Mapping[Outcome, tuple[type[RegistryError], str]] = {
    Outcome.PENDING: (LoginWaits, "Nobody has entered the code and allowed it yet."),
    Outcome.TOO_FAST: (PollsTooFast, "This was asked less than five seconds ago."),
    Outcome.DENIED: (LoginDenied, "It was denied, or whoever allowed it has signed out or lost a role since."),
    Outcome.EXPIRED: (LoginExpired, "This code is not known, was used, or is older than 15 minutes."),
}


@router.post("/device-logins", status_code=201, response_model=DeviceLoginOut)
@door.streams(OPEN)
async def start_device_login(desk: Desk, body: DeviceLoginIn) -> Answer:
    """
    Ask to be let in as a program of a person's: show them the code and the address, then fetch the token.

    Open to everyone; nothing comes of it until a person who is signed in allows it.
    """
    made = await desk.write(lambda work, _: device_logins.start(work, name=body.client_name, scopes=body.scopes))
    uri = f"{desk.door.parts.public_url}/device"
    shape = DeviceLoginOut(
        device_code=made.device_code,
        user_code=made.user_code,
        verification_uri=uri,
        verification_uri_complete=f"{uri}?code={made.user_code}",
        expires_in=device_logins.LIFE_SECONDS,
        interval=device_logins.INTERVAL_SECONDS,
    )
    return Answer(shape, status=201)


@router.post("/device-logins/token", status_code=201, response_model=TokenOut)
@door.streams(OPEN)
async def fetch_device_token(desk: Desk, body: DeviceTokenIn) -> Answer:
    """
    Fetch the token, once. It is in this answer only.

    Until it was allowed: 400 with the code `authorization_pending`, or `slow_down` where this is asked too often;
    after that `access_denied` or `expired_token`.
    """
    polled = await desk.write(lambda work, _: device_logins.poll(work, body.device_code))
    if polled.token is None:
        kind, detail = _REFUSALS[polled.outcome]
        raise kind(detail)
    return Answer(
        TokenOut.model_validate(polled.token.row).model_copy(update={"token": polled.token.secret}), status=201
    )
