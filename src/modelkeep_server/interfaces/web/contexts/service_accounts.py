"""What the pages of service accounts are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.identity.service_accounts.views import SCOPES, ServiceAccount
from modelkeep_server.features.identity.views import NewToken, TokenRow
from modelkeep_server.interfaces.web.contexts.base import EditContext, FormContext, Walk, Walked
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.permissions import DEFAULT_SCOPES, Scope

#: What each scope lets a program do, in words.
SCOPE_WORDS: Mapping[Scope, str] = {
    Scope.READ: "see models and versions",
    Scope.WRITE: "create versions and upload, where an owner let it in to write",
    Scope.DOWNLOAD: "download files, where an owner let it in",
    Scope.DEPLOY: "ask for a promotion; it never decides",
}


@dataclass(frozen=True, kw_only=True)
class ServiceAccountsContext(FormContext, Walked):
    """
    GET /service-accounts, and /admin/service-accounts (`at`). Filters: q, all and ended (`yes`), in `filters`.

    Controls of the form: name, purpose, scopes (several), sponsor (an e-mail; for Admins only, `names_sponsor`).
    """

    template: ClassVar[str] = "services/list.html"
    at: str
    accounts: Rows[ServiceAccount]
    names_sponsor: bool
    filters: Mapping[str, str] = field(default_factory=dict)
    cursor: str | None = None

    @property
    def administers(self) -> bool:
        """Whether this is the page of administration, which shows those of everyone."""
        return self.at.startswith("/admin")

    @property
    def scope_words(self) -> Mapping[Scope, str]:
        """The scopes that the form offers."""
        return SCOPE_WORDS

    @property
    def scopes_ticked(self) -> tuple[str, ...]:
        """What the form has ticked: what was typed, else the default scopes."""
        return tuple(self.values.get("scopes", DEFAULT_SCOPES))

    @property
    def asked(self) -> dict[str, str]:
        """What really filters."""
        return {name: value for name, value in self.filters.items() if value}

    @property
    def count_words(self) -> str:
        """How many fit, in words."""
        total = self.accounts.total or 0
        return f"{total:,} {'service account' if total == 1 else 'service accounts'}"

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk(self.at, self.accounts, self.asked)


@dataclass(frozen=True, kw_only=True)
class ServiceAccountContext(EditContext):
    """
    GET /service-accounts/{id} and its forms. `refusal` is why the reader may not manage it; `tokens` is empty then.

    Controls: purpose, sponsor and scopes (several) in one form; tokenName, days and tokenScopes (several) in another,
    with `token_values` and `token_errors`. `new_token` is shown once.
    """

    template: ClassVar[str] = "services/show.html"
    account: ServiceAccount
    refusal: str | None
    tokens: tuple[TokenRow, ...] = ()
    new_token: NewToken | None = None
    token_values: Mapping[str, str] = field(default_factory=dict)
    token_errors: Mapping[str, str] = field(default_factory=dict)
    token_scopes: tuple[str, ...] | None = None

    @property
    def scope_words(self) -> Mapping[Scope, str]:
        """The scopes that a service account may have."""
        return SCOPE_WORDS

    @property
    def scopes_ticked(self) -> tuple[str, ...]:
        """What the form has ticked."""
        typed = str(self.values.get("scopes", "")).split(", ")
        return tuple(scope for scope in SCOPES if scope in typed)

    @property
    def token_scopes_ticked(self) -> tuple[str, ...]:
        """What the form of tokens has ticked: what was typed, else all that the account has."""
        return self.account.scopes if self.token_scopes is None else self.token_scopes
