"""What the pages are drawn from that ask a person to show once more who they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from starlette.datastructures import FormData

from modelkeep_server.features.identity.views import IssuerChoice
from modelkeep_server.interfaces.web.contexts.base import Context

#: The prefix that a carried control has while its form waits.
SENT = "sent."
CARRIED_CHARS_MAX = 300_000
CARRIED_FIELDS_MAX = 280
_OWN = frozenset({"csrf_token", "once"})


@dataclass(frozen=True)
class Carried:
    """
    A form that waits until its person has confirmed that it is them: where it goes, and what was typed.

    Never a passphrase. `is_cut`: it was too long to be carried, and is sent again from its own page.
    """

    action: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    is_cut: bool = False

    @classmethod
    def of(cls, action: str, typed: Iterable[tuple[str, object]]) -> "Carried":
        """What of these controls may be carried."""
        kept = tuple(
            (name, value)
            for name, value in typed
            if isinstance(value, str) and name not in _OWN and "passphrase" not in name.lower()
        )
        size = sum(len(name) + len(value) for name, value in kept)
        if size > CARRIED_CHARS_MAX or len(kept) > CARRIED_FIELDS_MAX:
            return cls(action, is_cut=True)
        return cls(action, kept)

    @classmethod
    def read(cls, action: str, form: FormData) -> "Carried":
        """What the confirming page carried."""
        sent = [(name.removeprefix(SENT), value) for name, value in form.multi_items() if name.startswith(SENT)]
        return cls.of(action, sent) if action else cls()


@dataclass(frozen=True, kw_only=True)
class ConfirmContext(Context):
    """
    GET and POST /confirm, and the answer to a form whose act asks for it. Controls: passphrase, next, action, sent.*.

    `why` says which act asks; `next` is where a page that was asked for is; `problem` why it was not confirmed.
    `issuers` can confirm it as well, or alone where passphrases are not `local`.
    """

    template: ClassVar[str] = "identity/confirm.html"
    why: str = ""
    next: str = "/"
    carried: Carried = Carried()
    problem: str | None = None
    remedy: str | None = None
    issuers: tuple[IssuerChoice, ...] = ()
    local: bool = True


@dataclass(frozen=True, kw_only=True)
class ConfirmedContext(Context):
    """The answer to POST /confirm where a form waits: it is sent at once, or by one press."""

    template: ClassVar[str] = "identity/confirmed.html"
    carried: Carried
