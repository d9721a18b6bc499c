"""Sharing models, asking for access to them, and ending them, from Python: a part of the client."""

from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import quote

from modelkeep.addresses import Address, parse_model, parse_model_or_version, parse_version
from modelkeep.listing import Listing, list_all
from modelkeep.models import AccessRequest, Collaborator, Model, Version
from modelkeep.reading import read
from modelkeep.transport import Transport

# A moment as a caller may write it; a bare day is read by the registry in UTC, and meant whole.
When = str | date | datetime


class Sharing:
    """Who works on a model besides its owners, who asks to, and how models and versions end."""

    _transport: Transport

    def list_collaborators(self, model: str | Address) -> Listing[Collaborator]:
        """Who was let into a model; of nobody but yourself where you may know no more. Walking it raises NotFound."""
        return list_all(self._transport, f"{parse_model(model).model_route}/collaborators", Collaborator)

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
        document = {"access": access, "until": _moment(until)}
        route = _collaborator_route(model, email)
        return read(Collaborator, self._transport.put(route, {k: v for k, v in document.items() if v is not None}))

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
        document = {"model": f"{where.group}/{where.name}", "version": where.version, "purpose": purpose, "days": days}
        given = {key: value for key, value in document.items() if value is not None}
        return read(AccessRequest, self._transport.post("/access-requests", given))

    def list_access_requests(
        self, *, mine: bool | None = None, model: str = "", status: str = ""
    ) -> Listing[AccessRequest]:
        """Requests that you asked (`mine=True`), or that others asked for models you own (`mine=False`)."""
        filters = {"mine": "" if mine is None else str(mine).lower(), "model": model, "status": status}
        return list_all(self._transport, "/access-requests", AccessRequest, filters)

    def get_access_request(self, request_id: str) -> AccessRequest:
        """One request for access. Raises NotFound."""
        return read(AccessRequest, self._transport.get(_request_route(request_id)))

    def grant_access(self, request_id: str, *, until: When | None = None, days: int | None = None) -> AccessRequest:
        """
        Let whoever asked in, for READ: until a moment, for so many days, or for as long as they asked.

        Raises:
            Conflict: It is decided already; says by whom. Forbidden, Invalid, NotFound.
        """
        document = {"until": _moment(until), "days": days}
        given = {key: value for key, value in document.items() if value is not None}
        return read(AccessRequest, self._transport.post(f"{_request_route(request_id)}/grant", given))

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


def _moment(when: When | None) -> str | None:
    if isinstance(when, datetime) and when.tzinfo is None:
        raise ValueError(f"{when} has no zone. Give a moment like datetime.now(UTC).")
    return when if when is None or isinstance(when, str) else when.isoformat()
