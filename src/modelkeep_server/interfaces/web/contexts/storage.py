"""What the page of the file store is drawn from."""

from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.status.views import ComponentHealth
from modelkeep_server.features.storage.views import Storage
from modelkeep_server.interfaces.web.contexts.base import Context


@dataclass(frozen=True, kw_only=True)
class StorageContext(Context):
    """GET /admin/storage. `health` is what the store last answered, None where nobody asked since the start."""

    template: ClassVar[str] = "admin/storage.html"
    storage: Storage
    health: ComponentHealth | None
