"""Looking through files in this very process."""

from collections.abc import Callable
from dataclasses import dataclass

from modelkeep_server.inspection.inspecting import inspect
from modelkeep_server.inspection.report import Report


@dataclass(frozen=True)
class _Ranges:
    get: Callable[[int, int], bytes]
    size_bytes: int

    def read(self, offset: int, length: int) -> bytes:
        return self.get(offset, length)


class DirectInspector:
    """An Inspector without walls."""

    def inspect(self, read: Callable[[int, int], bytes], size_bytes: int, *, seconds: float) -> Report:
        """See Inspector.inspect."""
        return inspect(_Ranges(read, size_bytes))
