"""
The codes of documents that searches found before, remembered by this process: the database then gives no more than the
numbers of what it finds, a twentieth as much.

A document keeps its number for as long as it has the same values, but where its model is not changed by that: such
documents are listed in `search_renewals`, in the transaction in which they change.
"""

from collections.abc import Callable
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from modelkeep_server.features.search.facets.tallies import Numbers, Packed, pack
from modelkeep_server.features.search.indexing.codes import RENEWALS_MAX

#: Room for the codes of a million models: 64 MiB, of which a system gives as much as is written to. Where it is full,
#: all is forgotten.
CODES_MAX = 1 << 24
#: Where codes begin is written down on pages: of the documents whose numbers are alike but for so many bits.
_PAGE_BITS = 8
_PAGES_MAX = 1 << 16
#: So much of the room is filled before anybody asks.
_AHEAD_SHARE = 0.75
#: Numbers from 0 on, for as many codes as most searches count: to make them takes as long as to count the codes.
_UPWARD = np.arange(1 << 18)
#: Stands between the codes of two documents, where they are read as one text.
BETWEEN = "@000000 "


class RememberedCodes:
    """Codes by the numbers of documents. Safe to call from several threads."""

    def __init__(self, most: int = CODES_MAX) -> None:
        self._lock = Lock()
        # Of each document how many codes it has, and then these.
        self._codes: Packed = np.empty(most, np.uint32)
        #: The last renewal that is known of; None before the first search.
        self._renewal: int | None = None
        self._forget_all()

    def _forget_all(self) -> None:
        # No document begins at 0: that stands for those that are not known.
        self._used = 1
        self._page_of = np.zeros(1 << 10, np.int32)
        self._pages = np.zeros((1, 1 << _PAGE_BITS), np.int32)
        self._pages_used = 1

    @property
    def has_room(self) -> bool:
        """Whether what is remembered before anybody asks for it leaves room for what is asked for."""
        return self._used < len(self._codes) * _AHEAD_SHARE

    def take(
        self,
        docs: Numbers,
        renewal: int,
        find_renewed: Callable[[int], Numbers],
        read: Callable[[Numbers], tuple[bytes, Numbers]],
    ) -> Packed:
        """
        The codes of these documents, in no order.

        Args:
            renewal: The last in `search_renewals`, as whoever asks sees the database.
            find_renewed: Gives the documents that were renewed after a renewal, as they see it.
            read: Reads the codes of documents, with `BETWEEN` between those of two, and their numbers in that order.
        """
        self._follow(renewal, find_renewed)
        with self._lock:
            begins = self._begins_of(docs)
            known = self._gather(begins[begins > 0])
        missing = docs[begins == 0]
        if not len(missing):
            return known
        text, read_docs = read(missing)
        codes = pack(text)
        # What no letter stands before is what stands between.
        is_code = codes > 0
        with self._lock:
            # Whoever sees an older database than is known of here would bring back what was renewed since.
            if renewal == self._renewal:
                self._keep(read_docs, codes, np.flatnonzero(~is_code))
        return np.concatenate((known, codes[is_code]))

    def _follow(self, renewal: int, find_renewed: Callable[[int], Numbers]) -> None:
        """Forget what was renewed since; everything where that is not known."""
        with self._lock:
            last = self._renewal
            if last is None:
                self._renewal = last = renewal
        if renewal <= last:
            return
        renewed = find_renewed(last) if renewal - last <= RENEWALS_MAX else np.empty(0, np.int64)
        with self._lock:
            if len(renewed) < renewal - last:
                self._forget_all()
            else:
                self._pages[self._pages_of(renewed), renewed & (1 << _PAGE_BITS) - 1] = 0
            self._renewal = max(self._renewal or 0, renewal)

    def _begins_of(self, docs: Numbers) -> NDArray[np.int32]:
        found: NDArray[np.int32] = self._pages[self._pages_of(docs), docs & (1 << _PAGE_BITS) - 1]
        return found

    def _pages_of(self, docs: Numbers) -> NDArray[np.int32]:
        """The page of each of these documents, 0 where there is none."""
        numbers = docs >> _PAGE_BITS
        if len(docs) and (highest := int(numbers.max())) >= len(self._page_of):
            self._page_of = np.concatenate((self._page_of, np.zeros(highest, np.int32)))
        pages: NDArray[np.int32] = self._page_of[numbers]
        return pages

    def _gather(self, begins: NDArray[np.int32]) -> Packed:
        counts = self._codes[begins]
        ends = np.cumsum(counts, dtype=np.int64)
        places = np.repeat(begins + 1 - (ends - counts), counts)
        places += _UPWARD[: len(places)] if len(places) <= len(_UPWARD) else np.arange(len(places))
        return self._codes.take(places)

    def _keep(self, docs: Numbers, codes: Packed, betweens: Numbers) -> None:
        """Of each document its codes; the first begins at once, each other behind one of these places."""
        if self._used + 1 + len(codes) > len(self._codes) or self._pages_used > _PAGES_MAX:
            self._forget_all()
        if not len(docs) or 1 + len(codes) >= len(self._codes):
            return
        begins = np.concatenate(([-1], betweens)) + 1
        counts = np.diff(np.append(begins, len(codes) + 1)) - 1
        # Each begins where what stood before it is: that gives way to how many there are.
        stored = np.concatenate((np.zeros(1, np.uint32), codes))
        stored[begins] = counts
        self._codes[self._used : self._used + len(stored)] = stored
        pages = self._make_pages(docs)
        self._pages[pages, docs & (1 << _PAGE_BITS) - 1] = self._used + begins
        self._used += len(stored)

    def _make_pages(self, docs: Numbers) -> NDArray[np.int32]:
        numbers = np.unique(docs[self._pages_of(docs) == 0] >> _PAGE_BITS)
        if self._pages_used + len(numbers) > len(self._pages):
            more = np.zeros((len(numbers) + len(self._pages), 1 << _PAGE_BITS), np.int32)
            self._pages = np.concatenate((self._pages, more))
        self._page_of[numbers] = np.arange(self._pages_used, self._pages_used + len(numbers))
        self._pages_used += len(numbers)
        return self._pages_of(docs)
