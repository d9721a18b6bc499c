"""What the page of the keys is drawn from."""

from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.keys.views import KeyStanding
from modelkeep_server.interfaces.web.contexts.base import FormContext


@dataclass(frozen=True, kw_only=True)
class KeysContext(FormContext):
    """GET /admin/keys."""

    template: ClassVar[str] = "admin/keys.html"
    standing: KeyStanding
