"""What is bound in a statement, by name."""

from dataclasses import dataclass, field
from typing import Any

from modelkeep_server.db.saying import Said


@dataclass
class Binds:
    """The values of one statement, or of several that are made together."""

    values: dict[str, Any] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()
    _names: dict[object, str] = field(default_factory=dict)

    def of(self, value: str | int) -> str:
        """The name under which a value is bound, with its colon."""
        name = self._names.setdefault((type(value), value), f"b{len(self._names)}")
        self.values[name] = value
        return f":{name}"

    def take(self, said: Said) -> str:
        """A condition that brings values along."""
        self.values |= said.values
        self.lists |= said.lists
        return f"({said.sql})"
