"""Values that were probably meant by one that no model has."""

import pytest

from modelkeep_server.features.search.completion import known
from modelkeep_server.features.search.completion.known import find_values, nearest_values
from modelkeep_server.features.search.language.fields import FIELDS
from tests.support.make import Make
from tests.support.registries import Registry


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("{0}-producton", "{0}-production"),
        ("{0}-prodcution", "{0}-production"),
        ("{0}-Productiön", None),
        ("{0}-prod", "{0}-production"),
        ("{0}-production", None),
        ("ꙮ", None),
        ("", None),
        ("%ꙮ", None),
    ],
)
def test_the_likest_value_is_meant(make: Make, registry: Registry, typed: str, meant: str | None) -> None:
    """One that goes on from it, or is spelled much like it; nothing for one that is there, or is like none."""
    word = make.group()
    make.model(tags=[f"{word}-production", f"{word}-experimental"])
    with registry.reading() as work:
        found = nearest_values(work, make.person().actor, FIELDS["tag"], typed.format(word))

    assert [value.shown for value in found] == ([meant.format(word)] if meant else [])


def test_what_only_hidden_models_have_is_not_meant(make: Make, registry: Registry) -> None:
    """Their owner is told of it, nobody else."""
    word, owner = make.group(), make.owner()
    make.model(owner, tags=[f"{word}-secret"], visibility="RESTRICTED")
    with registry.reading() as work:
        assert nearest_values(work, make.person().actor, FIELDS["tag"], f"{word}-secrt") == ()
        assert len(nearest_values(work, owner.actor, FIELDS["tag"], f"{word}-secrt")) == 1


def test_hidden_models_do_not_change_the_order_of_values(
    make: Make, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of them changed after all that is seen: what is common among that still comes first."""
    monkeypatch.setattr(known, "_LATELY", 3)
    word, owner, reader = make.group(), make.owner(), make.person().actor
    for tag in ("rare", "usual", "usual"):
        make.model(owner, tags=[f"{word}-{tag}"])

    def look() -> list[str]:
        with registry.reading() as work:
            return [value.shown for value in find_values(work, reader, FIELDS["tag"], word, limit=5)]

    before = look()
    for _ in range(3):
        make.model(owner, tags=["something-else"], visibility="RESTRICTED")
    after = look()

    assert before == after == [f"{word}-usual", f"{word}-rare"]
