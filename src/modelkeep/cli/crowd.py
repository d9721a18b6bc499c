"""Several things done at once, each of which may fail by itself."""

import threading
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

from modelkeep.errors import ModelkeepError

T = TypeVar("T")
R = TypeVar("R")


def do_each(items: Sequence[T], act: Callable[[T], R], *, jobs: int) -> Iterator[tuple[T, R | ModelkeepError]]:
    """
    Do something with each item, at most `jobs` at a time, and give each with its outcome as it ends.

    The threads do not outlive the program: one that waits for an answer does not keep Ctrl-C waiting.
    """
    waiting: SimpleQueue[T] = SimpleQueue()
    ended: SimpleQueue[tuple[T, R | BaseException]] = SimpleQueue()
    for item in items:
        waiting.put(item)

    def work() -> None:
        while True:
            try:
                item = waiting.get_nowait()
            except Empty:
                return
            try:
                ended.put((item, act(item)))
            except BaseException as error:  # noqa: BLE001 - carried over to the thread that waits, and raised there
                ended.put((item, error))

    for _ in range(min(jobs, len(items))):
        threading.Thread(target=work, daemon=True).start()
    for _ in items:
        item, outcome = ended.get()
        if isinstance(outcome, BaseException) and not isinstance(outcome, ModelkeepError):
            raise outcome
        yield item, outcome
