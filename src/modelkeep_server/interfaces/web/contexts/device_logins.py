"""What the page that lets a command line in is drawn from."""

from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.identity.tokens.device_logins import AskingDevice
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.web.contexts.base import FormContext
from modelkeep_server.rules.permissions import FRESH_FOR_RIGHTS, SCOPE_WORDS, Scope, scopes_of

#: The days that are offered, with their words.
DAYS = ((1, "One day"), (7, "A week"), (30, "30 days"), (90, "90 days"))


@dataclass(frozen=True)
class AskedScope:
    """A scope that is asked for. `refusal` says why it cannot be given, None where it can."""

    scope: Scope
    words: str
    ticked: bool
    refusal: str | None


@dataclass(frozen=True, kw_only=True)
class DeviceContext(FormContext):
    """
    GET /device and POST /device/answer. Controls: code, then scopes (several), days, answer (`allow` or `deny`).

    Without `asking` it is the form that takes a code. `answered` is `allowed` or `denied` once it was.
    """

    template: ClassVar[str] = "identity/device.html"
    actor: Actor
    asking: AskingDevice | None = None
    answered: str = ""

    @property
    def scopes(self) -> tuple[AskedScope, ...]:
        """What is asked for, as it stands for this person."""
        if self.asking is None:
            return ()
        mine = scopes_of(self.actor.roles)
        wanted = self.values.get("scopes", [scope.value for scope in self.asking.scopes])
        return tuple(
            AskedScope(
                scope,
                SCOPE_WORDS[scope],
                scope in mine and scope.value in wanted,
                None if scope in mine else "Your roles give you no use for it. Ask an Admin.",
            )
            for scope in self.asking.scopes
        )

    @property
    def days(self) -> tuple[tuple[int, str], ...]:
        """The days offered."""
        return DAYS

    @property
    def days_chosen(self) -> str:
        """The days that the form has chosen."""
        return str(self.values.get("days") or tokens.TOKEN_DAYS)

    @property
    def asks_for_review(self) -> bool:
        """Whether a scope is asked for, and can be given, with which a token lives a day at most."""
        return any(asked.scope is Scope.REVIEW and asked.refusal is None for asked in self.scopes)

    @property
    def must_confirm(self) -> bool:
        """Whether a scope is asked for that needs a fresher session than this one."""
        strong = self.asking is not None and tokens.STRONG.intersection(self.asking.scopes)
        return bool(strong) and not access.is_fresh(self.actor, FRESH_FOR_RIGHTS)
