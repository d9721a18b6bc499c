"""Base models: there is one, whoever names it sees it, and nothing comes from itself."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.errors import Conflict, Invalid
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import route_of
from tests.support.at_once import at_once
from tests.support.clients import Api
from tests.support.endurance import Figures, sizes
from tests.support.lineage import add_item, list_items, remove_item
from tests.support.make import Make, Person
from tests.support.problems import fields_at_fault
from tests.support.registries import Registry
from tests.support.statements import counted

_COUNT = 5
_edges = st.lists(
    st.tuples(st.integers(0, _COUNT - 1), st.integers(0, _COUNT - 1), st.booleans()), min_size=3, max_size=14
)


def _as_base(version: Version) -> dict[str, str]:
    return {"model": version.model, "version": version.version}


def _reaches(bases: dict[int, set[int]], start: int, end: int) -> bool:
    waiting, seen = [start], {start}
    while waiting:
        here = waiting.pop()
        if here == end:
            return True
        new = bases.get(here, set()) - seen
        seen |= new
        waiting += new
    return False


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edges=_edges)
def test_base_models_never_form_a_ring(registry: Registry, make: Make, edges: list[tuple[int, int, bool]]) -> None:
    """Of base models told in any order, and taken back, those are refused that would close a ring with the others."""
    owner = make.owner()
    versions = [make.version(make.model(owner)) for _ in range(_COUNT)]
    bases: dict[int, set[int]] = {}
    for derived, base, takes_back in edges:
        kept = bases.setdefault(derived, set())
        if takes_back and kept:
            (item, *_) = [one for one in list_items(registry, owner, versions[derived]) if one.kind == "BASE_MODEL"]
            remove_item(registry, owner, versions[derived], item.id)
            kept.discard(next(place for place, one in enumerate(versions) if one.model == item.facts["model"]))
            continue
        closes = _reaches(bases, base, derived)
        try:
            add_item(registry, owner, versions[derived], "BASE_MODEL", _as_base(versions[base]))
        except Invalid as error:
            refused = error.errors[0].message
            assert closes, refused
            assert derived == base or versions[base].address in refused
        except Conflict:
            assert base in kept
        else:
            assert not closes
            assert base not in kept
            kept.add(base)


def test_a_ring_is_told_step_by_step_and_names_nothing_hidden(make: Make, api: Api) -> None:
    """The words name each version on the way, and one that the writer cannot see only as such."""
    first, hidden_owner = make.version(), make.owner()
    owner = make.owner_of(first)
    hidden = make.version(make.model(hidden_owner, visibility="RESTRICTED", owners=[hidden_owner.email]))
    last = make.version(make.model(owner))
    for base, derived, person in ((first, hidden, hidden_owner), (hidden, last, make.person(Role.ADMIN))):
        told = {"kind": "BASE_MODEL", **_as_base(base)}
        if person is not hidden_owner:
            # Somebody who owns both would be needed: let the hidden model's owner into the last one.
            let_in = {"access": "WRITE"}
            where = f"/api/v1/models/{derived.model}/collaborators/{hidden_owner.email}"
            assert api.as_(owner).put(where, json=let_in).status_code == 201
        answer = api.as_(hidden_owner).post(f"{route_of(derived)}/lineage", json=told)
        assert answer.status_code == 201, answer.text

    refused = api.as_(owner).post(f"{route_of(first)}/lineage", json={"kind": "BASE_MODEL", **_as_base(last)})

    assert {"model"} == fields_at_fault(refused)
    told = refused.json()["errors"][0]["message"]
    assert f"{first.address} → a version that you cannot see → {last.address} → {first.address}" in told
    assert hidden.model not in refused.text


@pytest.mark.parametrize("way", ["item", "patch", "create"])
def test_a_base_model_must_be_there_and_seen(make: Make, api: Api, way: str) -> None:
    """One that is not registered, or not seen, is a field at fault, in words that do not tell which of both it is."""
    hidden = make.version(make.model(visibility="RESTRICTED"))
    version = make.version()
    owner, words = api.as_(make.owner_of(version)), []
    for base in (
        _as_base(hidden),
        {"model": hidden.model, "version": "9.9.9"},
        {"model": "no/such", "version": "1.0.0"},
    ):
        asked: Any = {"metadata": {"baseModel": base}}
        if way == "item":
            answer = owner.post(f"{route_of(version)}/lineage", json={"kind": "BASE_MODEL", **base})
        elif way == "patch":
            answer = owner.patch(route_of(version), json=asked)
        else:
            answer = owner.post(f"/api/v1/models/{version.model}/versions", json={"version": "2.0.0", **asked})
        assert fields_at_fault(answer) == {"model" if way == "item" else "metadata.baseModel"}
        words.append(answer.json()["errors"][0]["message"].replace(base["model"], "M").replace(base["version"], "V"))
    assert len(set(words)) == 1
    assert "uri" in words[0]


def test_a_base_model_that_is_there_is_not_judged_again(registry: Registry, make: Make, api: Api) -> None:
    """Who edits something else need not see the base model that another named."""
    base = make.version(make.model(visibility="RESTRICTED"))
    insider = make.owner_of(base)
    version = make.version(make.model(insider), metadata={"baseModel": _as_base(base)})
    guest = make.person()
    api.as_(insider).put(f"/api/v1/models/{version.model}/collaborators/{guest.email}", json={"access": "WRITE"})

    told = {"description": "Better.", "metadata": {"limitations": "None."}}
    answer = api.as_(guest).patch(route_of(version), json=told)

    assert answer.status_code == 200, answer.text


def test_a_number_stays_while_others_name_it(registry: Registry, make: Make, api: Api) -> None:
    """A draft's number is not corrected while another version names it as its base; afterwards it is."""
    base, version = make.version(), make.version()
    owner, corrected = api.as_(make.owner_of(base)), {"version": "1.0.1"}
    item = add_item(registry, make.owner_of(version), version, "BASE_MODEL", _as_base(base))

    refused = owner.patch(route_of(base), json=corrected)
    remove_item(registry, make.owner_of(version), version, item.id)

    assert fields_at_fault(refused) == {"version"}
    assert version.address in refused.text
    assert owner.patch(route_of(base), json=corrected).status_code == 200
    (node,) = registry.look("SELECT label FROM lineage_nodes WHERE version_id = :key", key=base.key)
    assert node.label == f"{base.model}:1.0.1"


@pytest.mark.parametrize("races", sizes(small=6, full=100))
def test_of_two_who_would_close_a_ring_together_one_is_refused(
    make: Make, api: Api, races: int, figures: Figures
) -> None:
    """Two models that are named as each other's base at the same moment, by item and by metadata: one is."""
    owner: Person = make.owner()
    refused = 0
    for _ in range(races):
        one, other = (make.version(make.model(owner)) for _ in range(2))
        client, second = api.as_(owner), api.as_(owner)
        answers = at_once(
            lambda: client.post(f"{route_of(one)}/lineage", json={"kind": "BASE_MODEL", **_as_base(other)}),  # noqa: B023
            lambda: second.patch(route_of(other), json={"metadata": {"baseModel": _as_base(one)}}),  # noqa: B023
        )
        assert sorted(answer.status_code // 100 for answer in answers) == [2, 4], [answer.text for answer in answers]
        refused += 1
    figures.tell("rings refused", refused)


def test_a_number_that_is_corrected_and_named_at_once(make: Make, api: Api) -> None:
    """Whoever comes first: a version is never named by a number that it has no more."""
    for _ in range(6):
        base, version = make.version(), make.version()
        mine, theirs = api.as_(make.owner_of(base)), api.as_(make.owner_of(version))
        told = {"kind": "BASE_MODEL", **_as_base(base)}
        answers = at_once(
            lambda: mine.patch(route_of(base), json={"version": "1.0.1"}),  # noqa: B023
            lambda: theirs.post(f"{route_of(version)}/lineage", json=told),  # noqa: B023
        )
        assert sorted(answer.status_code // 100 for answer in answers) == [2, 4], [answer.text for answer in answers]


def test_a_base_model_that_a_reader_may_not_see_is_not_in_their_list(make: Make, api: Api) -> None:
    """The lists of items and the graph leave it out for whoever does not see its model; others have it."""
    hidden = make.version(make.model(visibility="RESTRICTED"))
    insider = make.owner_of(hidden)
    version = make.version(make.model(insider), insider)
    where = f"{route_of(version)}/lineage"
    for told in ({"kind": "BASE_MODEL", "uri": "hf:a"}, {"kind": "BASE_MODEL", **_as_base(hidden)}):
        made = api.as_(insider).post(where, json=told)
        assert made.status_code == 201

    for person, count in ((insider, 2), (make.person(), 1)):
        client = api.as_(person)
        assert len(client.get(f"{where}/items").json()["items"]) == count
        assert client.get(made.headers["location"]).status_code == (200 if count == 2 else 404)
        for place in (f"{where}/items", where):
            assert (hidden.model in client.get(place).text) is (count == 2)


def test_a_family_is_read_only_where_there_is_a_ring_to_tell(make: Make, api: Api) -> None:
    """All that a base model was made from may be thousands: whether a version is among it is asked of the database."""
    versions = [make.version() for _ in range(3)]
    told = [{"kind": "BASE_MODEL", **_as_base(version)} for version in versions]
    family = []
    for derived, base in ((1, 0), (2, 1), (0, 2)):
        client = api.as_(make.owner_of(versions[derived]))
        with counted() as sent:
            answer = client.post(f"{route_of(versions[derived])}/lineage", json=told[base])
        family.append((answer.status_code, len([one for one in sent if "above_id" in one])))
    assert family == [(201, 0), (201, 0), (422, 1)]
