"""Remembering what was made once: of texts, for as many as have room, and things for as long as a registry is open."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """
    Makes something of a text, and keeps it for the texts that were asked for last: so many characters of texts
    altogether, since what is made of a long one takes more room. Safe to call from several threads.
    """

    def __init__(self, make: Callable[[str], T], most_chars: int) -> None:
        self._make = make
        self._most_chars = most_chars
        self._made: OrderedDict[str, T] = OrderedDict()
        self._chars = 0
        self._lock = Lock()

    def __call__(self, text: str) -> T:
        """What is made of this text."""
        with self._lock:
            if text in self._made:
                self._made.move_to_end(text)
                return self._made[text]
        made = self._make(text)
        with self._lock:
            if text not in self._made:
                self._chars += len(text)
            self._made[text] = made
            while self._chars > self._most_chars:
                gone, _ = self._made.popitem(last=False)
                self._chars -= len(gone)
        return made


class Shelf:
    """Things that parts of the program keep between requests, one of a kind. Safe to use from several threads."""

    def __init__(self) -> None:
        self._things: dict[type, Any] = {}
        self._lock = Lock()

    def find(self, kind: type[T]) -> T:
        """The thing of this kind, made where nobody asked for it before."""
        with self._lock:
            if kind not in self._things:
                self._things[kind] = kind()
            thing: T = self._things[kind]
            return thing
