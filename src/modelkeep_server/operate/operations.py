"""
What an operator on the server's host can ask for, as one table: a name, and what it does.

`perform` reaches the running server through its control socket where one holds the data folder, and otherwise takes the
folder's lock and does it here, so that every operator command works with the server up or down.
"""

import socket
from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from modelkeep_server.app import CannotStart, House, open_house
from modelkeep_server.features.audit import service as audit
from modelkeep_server.features.audit import verify
from modelkeep_server.features.identity import service as identity
from modelkeep_server.features.search import projection
from modelkeep_server.operate.lock import FolderInUse, FolderLock
from modelkeep_server.rules.errors import FieldError, Invalid, RegistryError
from modelkeep_server.rules.permissions import Role
from modelkeep_server.settings import Settings

Operation = Callable[[House, Mapping[str, Any]], dict[str, Any]]

TIMEOUT_SECONDS = 3600


class OperationRefused(Exception):
    """Why an operator's command was not done. The text is for the terminal."""


def create_token(house: House, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A token for a person, made here where they are new. `roles` is a list of names."""
    roles = read_roles(asked["roles"])
    with house.writing() as work:
        token = identity.create_token_by_operator(
            work, host=socket.gethostname(), email=asked["email"], roles=roles, days=asked["days"]
        )
    return {"token": token.secret, "expiresAt": token.row.expires_at.isoformat()}


def invite(house: House, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A one-time link for a person."""
    roles = read_roles(asked["roles"])
    with house.writing() as work:
        made = identity.invite_by_operator(work, host=socket.gethostname(), email=asked["email"], roles=roles)
    return {"url": f"{house.address}/invitations/{made.secret}", "expiresAt": made.expires_at.isoformat()}


def verify_audit(house: House, _: Mapping[str, Any]) -> dict[str, Any]:
    """Verify the whole log and every governed row, after signing the head."""
    with house.writing() as work:
        audit.sign_head(work)
    with house.reading() as work:
        verdict = verify.verify_log(work)
    findings = [{"sequence": f.sequence, "message": f.message} for f in verdict.findings]
    return {"size": verdict.size, "root": verdict.root, "rows": verdict.rows_checked, "findings": findings}


def reindex(house: House, _: Mapping[str, Any]) -> dict[str, Any]:
    """Write the catalogue's index anew."""
    with house.writing() as work:
        return {"models": projection.reindex(work)}


OPERATIONS: dict[str, Operation] = {
    "admin.create-token": create_token,
    "admin.invite": invite,
    "admin.reindex": reindex,
    "audit.verify": verify_audit,
}


def read_roles(names: list[str]) -> list[Role]:
    """Roles from their names, in any case. Raises Invalid."""
    unknown = [name for name in names if name.upper() not in list(Role)]
    if unknown or not names:
        raise Invalid.of([FieldError("roles", f"{', '.join(unknown) or 'None'}: choose from {', '.join(Role)}.")])
    return [Role(name.upper()) for name in names]


def perform(settings: Settings, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Do one operation, through the running server where there is one. Raises OperationRefused."""
    try:
        if not settings.is_sqlite:
            return _perform_here(settings, name, asked)
        try:
            with FolderLock(settings.data_dir):
                return _perform_here(settings, name, asked)
        except FolderInUse as held:
            return _ask_server(held, name, asked)
    except (CannotStart, RegistryError) as error:
        raise OperationRefused(_words(error)) from error


def _perform_here(settings: Settings, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    with open_house(settings) as house:
        return OPERATIONS[name](house, asked)


def _ask_server(held: FolderInUse, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    if held.socket is None:
        raise OperationRefused(f"{held} It is starting or stopping; try again in a moment.")
    transport = httpx2.HTTPTransport(uds=held.socket)
    try:
        with httpx2.Client(transport=transport, timeout=TIMEOUT_SECONDS) as client:
            answer = client.post(f"http://control/{name}", json=dict(asked))
    except httpx2.HTTPError as error:
        raise OperationRefused(f"{held} It does not answer operators: {error}") from error
    told = answer.json()
    if answer.status_code != 200:
        raise OperationRefused(str(told.get("error", "The running server refused.")))
    return dict(told)


def _words(error: Exception) -> str:
    if isinstance(error, RegistryError):
        faults = "".join(f"\n  {fault.field}: {fault.message}" for fault in error.errors)
        return f"{error.detail}{faults}"
    return str(error)
