"""How jobs are done that are one act of the registry itself, without anything that is told to them."""

from collections.abc import Callable
from typing import TypeVar

from modelkeep_server.db.contention import do_again
from modelkeep_server.db.engine import Database
from modelkeep_server.db.work import Circumstances, Parts, Work
from modelkeep_server.features.jobs.views import Handler, Task

T = TypeVar("T")


def in_one_work(database: Database, parts: Parts, act: Callable[[Work], object]) -> Handler:
    """What does jobs that are `act` in one transaction, three tries each: what a try began is undone where it fails."""

    def call(task: Task) -> None:
        del task
        _do(database, parts, act)

    return Handler(call, tries=3)


def a_little_at_a_time(database: Database, parts: Parts, act: Callable[[Work], int]) -> Handler:
    """What does jobs that are `act` over and over, in a transaction each time, until it gives 0."""

    def call(task: Task) -> None:
        del task
        while _do(database, parts, act):
            pass

    return Handler(call)


def _do(database: Database, parts: Parts, act: Callable[[Work], T]) -> T:
    def once() -> T:
        with database.writing(parts, Circumstances.of_the_house()) as work:
            return act(work)

    return do_again(once)
