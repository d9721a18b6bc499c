"""How jobs are done that are one act of the registry itself, without anything that is told to them."""

from collections.abc import Callable

from modelkeep_server.db.contention import do_again
from modelkeep_server.db.engine import Database
from modelkeep_server.db.work import Circumstances, Parts, Work
from modelkeep_server.features.jobs.views import Handler, Task


def in_one_work(database: Database, parts: Parts, act: Callable[[Work], object]) -> Handler:
    """What does jobs that are `act` in one transaction, three tries each: what a try began is undone where it fails."""

    def call(task: Task) -> None:
        del task
        do_again(once)

    def once() -> None:
        with database.writing(parts, Circumstances.of_the_house()) as work:
            act(work)

    return Handler(call, tries=3)
