"""Who is who in a registry: teams and service accounts, for the client. Making and changing them is for the pages."""

from collections.abc import Mapping
from typing import TypeVar

from modelkeep.errors import NotFound
from modelkeep.listing import Listing, list_all
from modelkeep.models import ServiceAccount, Team
from modelkeep.transport import Transport

T = TypeVar("T")

PREFIX = "service:"


class Asking:
    """What every part of the client asks through."""

    _transport: Transport

    def _list(self, route: str, kind: type[T], filters: Mapping[str, str] | None = None) -> Listing[T]:
        return list_all(self._transport, route, kind, filters)


class Directory(Asking):
    """Reading teams and service accounts."""

    def list_teams(self, text: str = "", *, mine: bool = False, ended: bool = False) -> Listing[Team]:
        """
        Teams by name. `text` is a part of the name or the address; `mine`: only those that you are in; `ended`: those
        that were ended too.
        """
        return self._list("/teams", Team, {"q": text, "mine": _flag(mine), "ended": _flag(ended)})

    def get_team(self, name: str) -> Team:
        """A team by its shared address or its name, in any case. Raises NotFound."""
        wanted = name.strip().casefold()
        for team in self.list_teams(name, ended=True):
            if wanted in (team.email.casefold(), team.name.casefold()):
                return team
        raise NotFound(
            f"There is no team {name!r}.", status=404, code="not_found", remedy="See `modelkeep teams list`."
        )  # fmt: skip

    def list_service_accounts(
        self, text: str = "", *, mine: bool = False, ended: bool = False
    ) -> Listing[ServiceAccount]:
        """
        Service accounts by name. `text` is a part of the name or the purpose; `mine`: only those that you sponsor;
        `ended`: those that were ended too.
        """
        return self._list("/service-accounts", ServiceAccount, {"q": text, "mine": _flag(mine), "ended": _flag(ended)})

    def get_service_account(self, name: str) -> ServiceAccount:
        """A service account by its name or as `service:NAME`, in any case. Raises NotFound."""
        wanted = name.strip().casefold().removeprefix(PREFIX)
        for account in self.list_service_accounts(wanted, ended=True):
            if account.name.casefold() == wanted:
                return account
        raise NotFound(
            f"There is no service account {name!r}.", status=404, code="not_found",
            remedy="See `modelkeep service-accounts list`.",
        )  # fmt: skip


def _flag(chosen: bool) -> str:
    return "true" if chosen else ""
