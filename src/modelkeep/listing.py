"""Lists that fetch their pages while they are walked."""

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from modelkeep.reading import read_page
from modelkeep.told import Page
from modelkeep.transport import Transport

T = TypeVar("T")

PAGE_LIMIT = 200


class Listing(Generic[T]):
    """A list that fetches its pages while it is walked. Walking it again asks again. `filters` is what was asked."""

    def __init__(self, fetch: Callable[[str | None, int], Page[T]], filters: Mapping[str, str]) -> None:
        self._fetch = fetch
        self.filters = filters

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.items

    def pages(self, limit: int = PAGE_LIMIT) -> Iterator[Page[T]]:
        """Page by page, each of at most `limit` items (1 to 200)."""
        page = self._fetch(None, limit)
        yield page
        while page.next_cursor is not None:
            page = self._fetch(page.next_cursor, limit)
            yield page

    def first(self, count: int) -> Page[T]:
        """The first `count` items as one page. `total` is how many there are, where that is known."""
        items: tuple[T, ...] = ()
        page = Page[T](())
        for page in self.pages(limit=max(1, min(count, PAGE_LIMIT))):
            items += page.items
            if len(items) >= count:
                break
        total = len(items) if page.total is None and page.next_cursor is None else page.total
        return Page(items[:count], page.next_cursor, total, page.is_capped)


def list_all(
    transport: Transport, route: str, kind: type[T], filters: Mapping[str, str | None] | None = None
) -> Listing[T]:
    """A list of the API, of what fits every filter that is not empty."""
    given = {key: value for key, value in (filters or {}).items() if value}

    def fetch(cursor: str | None, limit: int) -> Page[T]:
        more = {"cursor": cursor} if cursor is not None else {}
        return read_page(kind, transport.get(route, {**given, "limit": limit, **more}))

    return Listing(fetch, given)
