"""Sharing models, asking for access to them, and ending them, from Python: a part of the client."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from modelkeep.addresses import Address, parse_model, parse_model_or_version, parse_version
from modelkeep.asking import Asking, When, flag_of, given, moment_of
from modelkeep.listing import Listing
from modelkeep.models import Model, Version
from modelkeep.reading import read
from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class Collaborator(Told):
    """Somebody who was let into a model: `access` READ or WRITE, until a moment or until it is ended."""

    email: str
    name: str
    access: str
    until: datetime | None = None
    granted_by: str
    granted_at: datetime


@dataclass(frozen=True, kw_only=True)
class AccessRequest(Told):
    """
    A request to be let into a model: `status` OPEN, GRANTED, REFUSED, WITHDRAWN or EXPIRED.

    `until` is what was asked for while it is open, then what was given; `answer` is the reason of a refusal.
    """

    id: str
    model: str
    version: str | None = None
    by: str
    purpose: str
    status: str
    asked_at: datetime
    until: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    answer: str | None = None


class Sharing(Asking):
    """Who works on a model besides its owners, who asks to, and how models and versions end."""

    def list_collaborators(self, model: str | Address) -> Listing[Collaborator]:
        """Who was let into a model; of nobody but yourself where you may know no more. Walking it raises NotFound."""
        return self._list(f"{parse_model(model).model_route}/collaborators", Collaborator)

    def share_model(
        self, model: str | Address, email: str, *, access: str = "READ", until: When | None = None
    ) -> Collaborator:
        """
        Let somebody into a model, or change what they were let in for. Owners only.

        Args:
            email: Of a person with an account, or `service:NAME`. `access`: READ or WRITE.
            until: When it ends by itself, at most 366 days from now; None for until you end it.
        Raises:
            Forbidden, NotFound; Invalid: nobody of that address, an owner, or a time that is past or too far off.
        """
        document = given(access=access, until=moment_of(until))
        return read(Collaborator, self._transport.put(_collaborator_route(model, email), document))

    def unshare_model(self, model: str | Address, email: str) -> None:
        """End what somebody was let in for, at once. Raises Forbidden, NotFound."""
        self._transport.delete(_collaborator_route(model, email))

    def request_access(self, address: str | Address, *, purpose: str, days: int | None = None) -> AccessRequest:
        """
        Ask the owners of a model, or because of one of its versions, to let you in to download.

        Args:
            address: `GROUP/NAME` or `GROUP/NAME:VERSION`. `days`: 1 to 90, None for 30.
        Raises:
            Conflict: You asked already, or may download. Invalid, NotFound.
        """
        where = parse_model_or_version(address)
        document = given(model=f"{where.group}/{where.name}", version=where.version, purpose=purpose, days=days)
        return read(AccessRequest, self._transport.post("/access-requests", document))

    def list_access_requests(
        self, *, mine: bool | None = None, model: str = "", status: str = ""
    ) -> Listing[AccessRequest]:
        """Requests that you asked (`mine=True`), or that others asked for models you own (`mine=False`)."""
        filters = {"mine": flag_of(mine), "model": model, "status": status}
        return self._list("/access-requests", AccessRequest, filters)

    def get_access_request(self, request_id: str) -> AccessRequest:
        """One request for access. Raises NotFound."""
        return read(AccessRequest, self._transport.get(_request_route(request_id)))

    def grant_access(self, request_id: str, *, until: When | None = None, days: int | None = None) -> AccessRequest:
        """
        Let whoever asked in, for READ: until a moment, for so many days, or for as long as they asked.

        Raises:
            Conflict: It is decided already; says by whom. Forbidden, Invalid, NotFound.
        """
        document = given(until=moment_of(until), days=days)
        return read(AccessRequest, self._transport.post(f"{_request_route(request_id)}/grant", document))

    def refuse_access(self, request_id: str, *, reason: str) -> AccessRequest:
        """Say no to a request, and why. Raises Conflict, Forbidden, Invalid, NotFound."""
        return read(AccessRequest, self._transport.post(f"{_request_route(request_id)}/refuse", {"reason": reason}))

    def withdraw_access_request(self, request_id: str) -> AccessRequest:
        """Take your own request back. Raises Conflict, NotFound."""
        return read(AccessRequest, self._transport.post(f"{_request_route(request_id)}/withdraw"))

    def transfer_model(self, model: str | Address, owners: Sequence[str], *, reason: str) -> Model:
        """
        Give a model to other owners, all at once. Admins only; `list_models(ID)` finds a model by its id.

        Raises:
            Forbidden, NotFound; Conflict: it is retired. Invalid: no owner, no e-mail address, no reason.
        """
        document = {"owners": list(owners), "reason": reason}
        return read(Model, self._transport.post(f"{parse_model(model).model_route}/transfer", document))

    def retire_model(self, model: str | Address, *, reason: str) -> Model:
        """
        Retire a model for good, with all its versions. Admins only.

        Raises:
            Conflict: A version is in PRODUCTION, or it is retired already. Forbidden, Invalid, NotFound.
        """
        return read(Model, self._transport.post(f"{parse_model(model).model_route}/retire", {"reason": reason}))

    def close_version(self, address: str | Address, *, reason: str) -> Version:
        """End a version that goes no further, before PRODUCTION. Raises Conflict, Forbidden, Invalid, NotFound."""
        return read(Version, self._transport.post(f"{parse_version(address).version_route}/close", {"reason": reason}))

    def reopen_version(self, address: str | Address, *, reason: str) -> Version:
        """Let a closed version go on. Raises Conflict, Forbidden, Invalid, NotFound."""
        return read(Version, self._transport.post(f"{parse_version(address).version_route}/reopen", {"reason": reason}))


def _collaborator_route(model: str | Address, email: str) -> str:
    return f"{parse_model(model).model_route}/collaborators/{quote(email, safe='')}"


def _request_route(request_id: str) -> str:
    return f"/access-requests/{quote(request_id, safe='')}"
