"""What a model holds tells rightly which searches it matches, over random models and queries, on both databases."""

import random
from pathlib import Path

import pytest
from sqlalchemy import select

from modelkeep_server.db.tables import models
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.queries import list_models
from modelkeep_server.features.search.saved.judging import judge, read_documents
from modelkeep_server.features.search.saved.needles import needles_of
from modelkeep_server.features.search.views import CatalogueFilter
from modelkeep_server.kit import clock
from tests.support.endurance import sizes
from tests.support.registries import Registries
from tests.support.search_queries import make_query
from tests.support.search_worlds import plant

MODELS = 40


@pytest.mark.parametrize("queries", sizes(small=150, full=3_000))
def test_no_model_is_kept_from_a_search_that_finds_it(
    kind: str, queries: int, registries: Registries, tmp_path: Path
) -> None:
    """Whatever is found holds a needle of the query; and what it holds says yes or no as the catalogue does."""
    chance = random.Random(7)
    missed, wrong = list[str](), list[str]()
    with registries.template(kind).copied(tmp_path / "world") as registry:
        world = plant(registry, random.Random(3), MODELS)
        actor = next(one.actor for one in world.visitors.values() if one.reader.sees_all)
        with registry.reading() as work:
            addresses = {row.id: f"{row.group_name}/{row.name}" for row in work.all(select(models))}
            documents = read_documents(work, list(addresses))
            mine = {row.model.key for row in list_models(work, actor, CatalogueFilter(text="is:mine"), limit=200).items}
            for _ in range(queries):
                text = make_query(chance).text
                node = read_query(text, now=clock.utc_now())
                page = list_models(work, actor, CatalogueFilter(text=text), limit=200)
                found = {row.model.key for row in page.items}
                missed += [
                    f"{text!r} {addresses[key]}" for key in found if not needles_of(node) & documents[key].needles
                ]
                told = {key for key, document in documents.items() if judge(node, document, is_mine=key in mine)}
                wrong += [f"{text!r} {addresses[key]}" for key in told ^ found]

    assert (missed, wrong) == ([], [])
