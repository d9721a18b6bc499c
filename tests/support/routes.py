"""Every route of a registry, as the program has them."""

from collections.abc import Iterator
from typing import Any

from starlette.routing import Mount, Route

from tests.support.registries import Registry


def routes_of(registry: Registry) -> Iterator[tuple[str, str, str]]:
    """Method, path and declared act of every route."""

    def walk(routes: Any) -> Iterator[tuple[str, str, str]]:
        for route in routes:
            inner = getattr(route, "original_router", route)
            if isinstance(route, Route):
                for method in sorted((route.methods or set()) - {"HEAD"}):
                    yield method, route.path, getattr(route.endpoint, "__act__", "")
            elif not isinstance(inner, Mount):
                yield from walk(inner.routes)

    yield from walk(registry.app._app.routes)
