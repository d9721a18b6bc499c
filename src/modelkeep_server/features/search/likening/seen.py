"""Which of several things a model has that somebody sees."""

from collections.abc import Sequence
from contextlib import suppress

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search.compiling.ways import Search
from modelkeep_server.features.search.language.tree import Leaf, Or
from modelkeep_server.rules.errors import TookTooLong

SECONDS_MAX = 0.5


def find_seen(work: Work, actor: Actor, asked: Sequence[Leaf]) -> tuple[Leaf, ...] | None:
    """
    Those of several terms that find a model for the actor; None where that takes too long. Three statements at most:
    as many, whatever they find.
    """
    leaves = tuple(dict.fromkeys(asked))
    if not leaves:
        return ()
    with suppress(TookTooLong), work.hurried(SECONDS_MAX, apart=True):
        search = Search(work, actor, Or(leaves))
        search.shares.look(leaves)
        told = [
            f"SELECT * FROM ({search.source(leaf, wanted=1).select(str(number), 1, is_sorted=False)}) AS w{number}"  # noqa: S608
            for number, leaf in enumerate(leaves)
        ]
        found = {int(str(row[0])) for row in search.all(" UNION ALL ".join(told))}
        return tuple(leaf for number, leaf in enumerate(leaves) if number in found)
    return None
