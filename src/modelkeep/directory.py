"""Who is who in a registry: teams and service accounts, for the client. Making and changing them is for the pages."""

from modelkeep.accounts import ServiceAccount, Team
from modelkeep.asking import Asking, flag_of
from modelkeep.errors import NotFound
from modelkeep.listing import Listing

PREFIX = "service:"


class Directory(Asking):
    """Reading teams and service accounts."""

    def list_teams(self, text: str = "", *, mine: bool = False, ended: bool = False) -> Listing[Team]:
        """
        Teams by name. `text` is a part of the name or the address; `mine`: only those that you are in; `ended`: those
        that were ended too.
        """
        return self._list("/teams", Team, {"q": text, "mine": flag_of(mine), "ended": flag_of(ended)})

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
        filters = {"q": text, "mine": flag_of(mine), "ended": flag_of(ended)}
        return self._list("/service-accounts", ServiceAccount, filters)

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
