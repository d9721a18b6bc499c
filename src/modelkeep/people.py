"""People, their roles and invitations, for those who administer a registry: a part of the client."""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from modelkeep.accounts import Invitation, RoleRequest, User
from modelkeep.asking import Asking, flag_of, given
from modelkeep.errors import NotFound
from modelkeep.listing import Listing
from modelkeep.reading import read


class People(Asking):
    """
    The people of a registry. Who they are is said by e-mail or id; what is done takes a token with the scope `admin`.

    Every method raises Forbidden without the right, NotFound for nobody, Invalid and Conflict where the registry says.
    """

    def list_people(self, text: str = "", *, role: str = "", disabled: bool | None = None) -> Listing[User]:
        """People whose name or e-mail holds the text, by e-mail."""
        return self._list("/users", User, {"q": text, "role": role, "disabled": flag_of(disabled)})

    def get_person(self, who: str) -> User:
        """One person. Raises NotFound."""
        return read(User, self._transport.get(self._person_route(who)))

    def grant_role(self, who: str, role: str, *, reason: str | None = None) -> User:
        """
        Give a role. It stands under `requested` where a second Admin has to confirm it, and changes nothing where they
        have it.
        """
        return read(User, self._transport.post(f"{self._person_route(who)}/roles", given(role=role, reason=reason)))

    def revoke_role(self, who: str, role: str, *, reason: str | None = None) -> User:
        """Take a role away. Raises Conflict where it comes from an issuer, or they are the last enabled Admin."""
        route = self._person_route(who)
        query = f"?{urlencode({'reason': reason})}" if reason else ""
        self._transport.delete(f"{route}/roles/{quote(role, safe='')}{query}")
        return read(User, self._transport.get(route))

    def disable_person(self, who: str, *, reason: str | None = None) -> User:
        """Shut an account: its sessions, tokens and one-time links end at once."""
        return self._set_disabled(who, True, reason)

    def enable_person(self, who: str, *, reason: str | None = None) -> User:
        """Open an account again. What was ended stays ended."""
        return self._set_disabled(who, False, reason)

    def reset_passphrase(self, who: str) -> Invitation:
        """A link by which a person sets a new passphrase; its `url` is told this once."""
        return read(Invitation, self._transport.post(f"{self._person_route(who)}/reset"))

    def invite_person(self, email: str, roles: Sequence[str] = ()) -> Invitation:
        """
        Invite a person by a one-time link; its `url` is told this once. For somebody who has an account it is a reset.
        """
        return read(Invitation, self._transport.post("/invitations", {"email": email, "roles": [*roles]}))

    def list_invitations(self) -> Listing[Invitation]:
        """Links that nobody has used, newest first."""
        return self._list("/invitations", Invitation)

    def renew_invitation(self, invitation_id: str) -> Invitation:
        """Another link in the place of one that was not used; the old one ends."""
        return read(Invitation, self._transport.post(f"/invitations/{quote(invitation_id, safe='')}/renew"))

    def revoke_invitation(self, invitation_id: str) -> None:
        """Take a link back."""
        self._transport.delete(f"/invitations/{quote(invitation_id, safe='')}")

    def list_role_requests(self) -> Listing[RoleRequest]:
        """Grants that wait for a second Admin, the oldest first."""
        return self._list("/role-requests", RoleRequest)

    def confirm_role(self, request_id: str) -> None:
        """Grant what another Admin asked for."""
        self._transport.post(f"/role-requests/{quote(request_id, safe='')}/confirm")

    def decline_role(self, request_id: str, *, reason: str | None = None) -> None:
        """Leave undone what another Admin asked for."""
        self._transport.post(f"/role-requests/{quote(request_id, safe='')}/decline", given(reason=reason))

    def _set_disabled(self, who: str, disabled: bool, reason: str | None) -> User:
        changes = {"disabled": disabled, **given(reason=reason)}
        return read(User, self._transport.patch(self._person_route(who), changes, revision=None))

    def _person_route(self, who: str) -> str:
        if "@" not in who:
            return f"/users/{quote(who, safe='')}"
        wanted = who.strip().casefold()
        found = next((user for user in self.list_people(wanted) if user.email.casefold() == wanted), None)
        if found is None:
            raise NotFound(
                f"There is nobody with the e-mail {who}.", status=404, code="not_found",
                remedy="See `modelkeep people list`, or invite them: `modelkeep people invite`.",
            )  # fmt: skip
        return f"/users/{found.id}"
