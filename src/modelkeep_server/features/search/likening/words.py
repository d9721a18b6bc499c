"""Words of models that are spelled much like one that no model has."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select, union_all

from modelkeep_server.db.tables import search_words
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search.conditions import behind, holding
from modelkeep_server.features.search.language.tree import Pattern, Text
from modelkeep_server.features.search.likening.seen import SECONDS_MAX, find_seen
from modelkeep_server.kit.likeness import find_like
from modelkeep_server.rules.errors import TookTooLong

#: In a shorter word one letter that is wrong makes it another.
LETTERS_MIN = 3
#: So alike, so many letters more or fewer, looked for among so many.
_LIKENESS, _LENGTHS, _ALIKE_MOST = 0.75, 2, 1_000
#: Of three letters two are kept where one is wrong.
_SHORT, _SHORT_LIKENESS = 3, 0.66
#: Of so many it is asked whether a model that the reader sees has them.
_ASKED_MOST = 16


def find_near_words(work: Work, actor: Actor, asked: Sequence[Text]) -> Mapping[Text, tuple[str, ...]]:
    """
    Words spelled much like each of these, which are one word each, that models which the actor sees have in that place:
    the likest first, folded as they are searched; none where that takes too long. A statement for each and three more,
    whatever other models have.
    """
    near: dict[Text, list[Text]] = {}
    with suppress(TookTooLong), work.hurried(SECONDS_MAX, apart=True):
        for one in asked:
            word = one.patterns[0].text
            rows = work.all(_select_alike(), _spell_parts(word))
            likeness = _SHORT_LIKENESS if len(word) == _SHORT else _LIKENESS
            alike = find_like(word, dict.fromkeys(row.word for row in rows), most=_ASKED_MOST, likeness=likeness)
            near[one] = [Text((Pattern(other),), one.place) for other in alike if other != word]
        # What is asked for is asked along, so that as much is asked where nothing is alike.
        seen = find_seen(work, actor, [text for one in near for text in (one, *near[one])]) or ()
        return {one: tuple(text.patterns[0].text for text in near[one] if text in seen) for one in near}
    return {}


def _spell_parts(word: str) -> dict[str, Any]:
    """A letter that is wrong, or two that changed places, leave the beginning or the end as it is."""
    begin = word[: len(word) // 2]
    end = word[-max(2 if len(word) > _SHORT else 1, len(word) - len(begin) - 1) :]
    return {
        "begin": begin, "begin_end": behind(begin), "end": holding(end)[:-1], "most": _ALIKE_MOST,
        "shortest": len(word) - _LENGTHS, "longest": len(word) + _LENGTHS,
    }  # fmt: skip


@cache
def _select_alike() -> Select[Any]:
    """Of each kind so many, so that those that end alike, for which all words are read, leave no other out."""
    word = search_words.c.word
    is_as_long = func.length(word).between(bindparam("shortest"), bindparam("longest"))
    begins = and_(word >= bindparam("begin"), word < bindparam("begin_end"))
    parts = (
        select(select(word).where(alike, is_as_long).limit(bindparam("most")).subquery())
        for alike in (begins, word.like(bindparam("end"), escape="/"))
    )
    return select(union_all(*parts).subquery())
