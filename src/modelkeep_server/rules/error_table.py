"""Every kind of error, for pages and references that list them."""

from collections.abc import Iterator

from modelkeep_server.rules import errors, login_errors
from modelkeep_server.rules.errors import RegistryError

_TREES = (errors.__name__, login_errors.__name__)


def list_kinds(root: type[RegistryError] = RegistryError) -> Iterator[type[RegistryError]]:
    """Every kind of error of the rules below `root`, in the order of the tree."""
    for kind in root.__subclasses__():
        if kind.__module__ in _TREES:
            yield kind
            yield from list_kinds(kind)
