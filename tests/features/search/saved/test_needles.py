"""What a model holds tells rightly which searches it may match, over random models and queries, on both databases."""

import random
from pathlib import Path

import pytest
from sqlalchemy import select

from modelkeep_server.db.tables import models
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.queries import list_models
from modelkeep_server.features.search.saved.needles import judge, needles_of, read_held
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
    """Whatever is found holds a needle of the query; and where what it holds says yes or no, the catalogue says so."""
    chance = random.Random(7)
    missed, wrong, sure = list[str](), list[str](), 0
    with registries.template(kind).copied(tmp_path / "world") as registry:
        world = plant(registry, random.Random(3), MODELS)
        actor = next(one.actor for one in world.visitors.values() if one.reader.sees_all)
        with registry.reading() as work:
            addresses = {row.id: f"{row.group_name}/{row.name}" for row in work.all(select(models))}
            held = read_held(work, list(addresses))
            for _ in range(queries):
                text = make_query(chance).text
                node = read_query(text, now=clock.utc_now())
                page = list_models(work, actor, CatalogueFilter(text=text), limit=200)
                found = {row.model.key for row in page.items}
                missed += [f"{text!r} {addresses[key]}" for key in found if not needles_of(node) & held[key]]
                for key in addresses:
                    told = judge(node, held[key])
                    sure += told is not None
                    wrong += [f"{text!r} {addresses[key]} {told}"] if told not in (None, key in found) else []

    assert (missed, wrong) == ([], [])
    assert sure > queries * len(addresses) / 4
