"""Groups and tags to browse by, with what is in each: of the models that the reader sees, and no others."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, Text, bindparam, case, cast, func, literal, select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import models, search_models, search_postings, search_values
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Visibility
from modelkeep_server.features.models.visibility import Sight, sight_of, values_of, visible_by
from modelkeep_server.features.search.compiling.pages import COUNTED_MAX
from modelkeep_server.features.search.conditions import holding, is_seen, select_lately
from modelkeep_server.features.search.facets.counting import load_tallying
from modelkeep_server.features.search.indexing.codes import code_of
from modelkeep_server.features.search.language.editing import write_term
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.features.search.views import Browsed
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.kit.words import fold_value
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import FieldError, Invalid

#: Of so many models of a value that changed last tiers are counted.
TIERED_MOST = 1_000
#: By use so many values are listed at most: the most used of so many models that changed last.
USED_MOST, _LATELY = 100, 10_000
SECONDS_MAX = 5.0
SORTS = ("name", "use")
_TIERS = tuple(RiskTier)


def list_values(
    work: Work,
    actor: Actor,
    field: str,
    text: str = "",
    *,
    sort: str = "name",
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Browsed]:
    """
    The groups or the tags (`field`) that models have, those that hold a text. By name, page by page; or by `use`, the
    most used of the models that changed last first, on one page. Five statements at most.

    Raises:
        Invalid: An unknown sort. CursorRefused: The cursor is foreign, edited, or of another list.
    """
    if sort not in SORTS:
        raise Invalid.of([FieldError("sort", f"Choose one of {', '.join(SORTS)}.")])
    if not actor.is_known or "\0" in text:
        return Page(())
    letter = FIELDS[field].letter
    asked = {**values_of(actor), "field": letter, "within": holding(fold_value(text))}
    following: str | None = None
    with work.hurried(SECONDS_MAX):
        if sort == "use":
            rows = _read_used(work, actor, letter, asked, min(limit, USED_MOST))
        else:
            filters = {"list": f"browse {field}", "text": fold_value(text)}
            rows, following = read_rows(
                work, _select_holding(sight_of(actor)), search_values.c.key,
                filters=filters, values=asked, limit=limit, cursor=cursor,
            )  # fmt: skip
        found = _fill(work, actor, field, rows)
    if sort == "use":
        found.sort(key=lambda row: (-row.count, row.name))
    return Page(tuple(found), following)


def _read_used(work: Work, actor: Actor, letter: str, asked: Mapping[str, Any], limit: int) -> Sequence[Row[Any]]:
    texts = work.all(select_lately(sight_of(actor), _LATELY), values_of(actor))
    tally = load_tallying().tally_text("".join(row.facets for row in texts)).get(letter)
    numbers = tally.most_frequent(len(tally)) if tally else {}
    rows = work.all(_select_known(), {**asked, "keys": list(numbers)})
    return sorted(rows, key=lambda row: (-numbers[row.id], row.key))[:limit]


def _fill(work: Work, actor: Actor, field: str, rows: Sequence[Row[Any]]) -> list[Browsed]:
    """What there is to say of these values. Three statements, none for no values."""
    if not rows:
        return []
    tiers = {row.key: row.id for row in work.all(_TIER_VALUES)}
    codes = {f"tier_{tier}": code_of("T", tiers.get(fold_value(tier.value), 0)) for tier in _TIERS}
    asked = {**values_of(actor), **codes, "keys": [row.id for row in rows]}
    told = {row.id: row for row in work.all(_select_counts(sight_of(actor), work.dialect), asked)}
    newest = {
        row.doc: row
        for row in work.all(_select_newest(), {"keys": [row.newest for row in told.values() if row.newest]})
    }
    found = []
    for row in rows:
        facts = told.get(row.id)
        model = newest.get(facts.newest) if facts is not None else None
        if facts is None or model is None:
            continue
        found.append(
            Browsed(
                name=row.shown,
                query=write_term(field, row.shown),
                count=min(facts.models_count, COUNTED_MAX),
                is_capped=facts.models_count > COUNTED_MAX,
                tiers=dict(zip(_TIERS, map(int, facts.tiers.split("/")), strict=True)),
                newest=f"{model.group_name}/{model.name}",
                updated_at=model.updated_at,
            )
        )
    return found


@cache
def _select_holding(sight: Sight) -> Select[Any]:
    holds = search_values.c.key.like(bindparam("within"), escape="/")
    return select(search_values).where(search_values.c.field == bindparam("field"), holds, is_seen(sight))


@cache
def _select_known() -> Select[Any]:
    holds = search_values.c.key.like(bindparam("within"), escape="/")
    return select(search_values).where(in_keys(search_values.c.id, "keys"), holds)


_TIER_VALUES = select(search_values.c.id, search_values.c.key).where(search_values.c.field == FIELDS["riskTier"].letter)


@cache
def _select_counts(sight: Sight, dialect: str) -> Select[Any]:
    """Of each value how many models have it, its newest, and `low/medium/high` of those that changed last as text."""
    doc = search_postings.c.doc
    seen = select(doc).where(search_postings.c.value_id == search_values.c.id).correlate(search_values)
    if sight is not Sight.EVERYTHING:
        # Those few are taken off: whether each of the others is seen need not be asked.
        hidden = (search_models.c.visibility == Visibility.RESTRICTED) & ~visible_by(sight, search_models)
        seen = seen.where(doc.not_in(select(search_models.c.doc).where(hidden)))
    count = select(func.count()).select_from(seen.limit(COUNTED_MAX + 1).subquery()).scalar_subquery()
    newest = seen.order_by(doc.desc()).limit(1).scalar_subquery()
    recent = seen.order_by(doc.desc()).limit(TIERED_MOST).subquery()
    lately = select(search_models.c.facets).join(recent, recent.c.doc == search_models.c.doc).subquery()
    place_of = func.instr if dialect == "sqlite" else func.strpos
    places = (place_of(lately.c.facets, bindparam(f"tier_{tier}")) for tier in _TIERS)
    low, medium, high = (cast(func.sum(case((place > 0, 1), else_=0)), Text) for place in places)
    tiers = select(low + literal("/") + medium + literal("/") + high).select_from(lately).scalar_subquery()
    told = (search_values.c.id, count.label("models_count"), newest.label("newest"), tiers.label("tiers"))
    return select(*told).where(in_keys(search_values.c.id, "keys"))


@cache
def _select_newest() -> Select[Any]:
    told = (search_models.c.doc, models.c.group_name, models.c.name, models.c.updated_at)
    return (
        select(*told).join(models, models.c.id == search_models.c.model_id).where(in_keys(search_models.c.doc, "keys"))
    )
