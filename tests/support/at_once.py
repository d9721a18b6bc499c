"""Several things begun at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any


def at_once(*calls: Any) -> list[Any]:
    """The answers to calls that begin together."""
    barrier = Barrier(len(calls))

    def run(call: Any) -> Any:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
