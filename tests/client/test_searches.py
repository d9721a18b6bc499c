"""Saved searches by command and from Python, against a running registry."""

import json
import secrets
from collections.abc import Callable

import pytest

from modelkeep.client import Client
from modelkeep.errors import Conflict, Forbidden, Invalid, NotFound
from tests.client.conftest import Become, Cli
from tests.support.running import RunningRegistry


@pytest.fixture
def term() -> str:
    """A word that stands in no other model, and begins names that nobody else gives."""
    return f"zq{secrets.token_hex(5)}"


@pytest.mark.usefixtures("as_owner")
def test_a_search_is_saved_run_and_managed_by_command(cli: Cli, registry: RunningRegistry, term: str) -> None:
    """Saved beside its results, run by name with more terms, changed, shared, followed, copied, deleted, put back."""
    with Client() as client:
        for name in ("first", "second"):
            client.register_model(
                {"group": term, "name": name, "description": "Scores.", "riskTier": "LOW", "owners": ["a@company.com"],
                 "tags": [name]}
            )  # fmt: skip
    saved = cli("search", f"group:{term}", "--save", f"{term} all", "--sort", "name")
    ran = cli("search", "--saved", f"{term} ALL", "--json")
    narrowed = cli("search", "tag:second", "--saved", f"{term} all", "--json")
    edited = cli("searches", "edit", f"{term} all", "--name", term, "--query", f"group:{term} -tag:first")
    shared, alert = cli("searches", "share", term), cli("searches", "alert", term)
    shown = json.loads(cli("searches", "show", term, "--json").out)
    copied = cli("searches", "copy", term, "--name", f"{term} copy")
    listed = cli("searches", "list", "--mine")
    deleted = cli("searches", "delete", f"{term} copy")
    gone = cli("searches", "show", f"{term} copy")
    back = cli("searches", "restore", deleted.err.split()[-1])

    done = (saved, ran, narrowed, edited, shared, alert, copied, listed, deleted, back)
    assert [one.code for one in done] == [0] * len(done), [one.err for one in done]
    assert f"Saved as {term} all. To run it: modelkeep search --saved '{term} all'" in saved.err.splitlines()
    assert [one["name"] for one in json.loads(ran.out)] == ["first", "second"]
    assert [one["name"] for one in json.loads(narrowed.out)] == ["second"]
    assert (shown["query"], shown["sort"]) == (f"group:{term} -tag:first", "name")
    assert (shown["sharing"], shown["alert"]) == ("SHARED", True)
    assert [line.split("\t")[0] for line in listed.out.splitlines() if term in line] == [term, f"{term} copy"]
    assert (gone.code, "searches list" in gone.err) == (1, True)


@pytest.mark.usefixtures("as_owner")
def test_an_admin_takes_down_what_somebody_shares(cli: Cli, become: Become, term: str) -> None:
    """By command, with a reason; whoever saved it keeps it, and shares it once an Admin allows that."""
    with Client() as olga:
        made = olga.save_search(term, "tag:nlp", shared=True)
        refused = cli("searches", "take-down", term, "--reason", "No search.")
        become("ADMIN")
        done = cli("searches", "take-down", term, "--reason", "No search.")
        kept = olga.get_search(made.id)
        with pytest.raises(Conflict, match="No search"):
            olga.share_search(made.id)
        allowed = cli("searches", "allow", made.id)
        shared = olga.share_search(made.id)

    assert (refused.code, done.code, allowed.code) == (1, 0, 0), done.err + allowed.err
    assert (kept.taken_down_reason, shared.sharing) == ("No search.", "SHARED")
    assert "olga@company.com keeps" in done.err
    assert f"modelkeep searches allow {made.id}" in done.err
    assert kept.sharing == "PRIVATE"


@pytest.mark.usefixtures("as_owner")
def test_an_id_names_its_search_whatever_others_are_called(cli: Cli, become: Become, term: str) -> None:
    """Whoever calls another search by the id of the first keeps nobody from taking that down."""
    with Client() as olga:
        made = olga.save_search(term, "tag:nlp", shared=True)
        olga.save_search(made.id, "tag:nlp", shared=True)
        become("ADMIN")
        done = cli("searches", "take-down", made.id, "--reason", "No search.")
        kept = olga.get_search(made.id)

    assert done.code == 0, done.err
    assert kept.sharing == "PRIVATE"


@pytest.mark.usefixtures("as_owner")
def test_what_cannot_be_saved_is_said_by_command(cli: Cli, term: str) -> None:
    """A query with the place that is wrong; filters, which are no part of it; a name that is taken."""
    cli("search", term, "--save", term)

    broken = cli("search", "(tag:nlp", "--save", f"{term} broken")
    filtered = cli("search", "fraud", "--group", "risk", "--save", f"{term} filtered")
    taken = cli("search", "fraud", "--save", term.upper())
    unknown = cli("search", "--saved", f"{term} none")

    assert [one.code for one in (broken, filtered, taken, unknown)] == [1, 2, 1, 1]
    assert "group:nlp-models" in filtered.err
    assert "has this name" in taken.err


def test_a_colleague_finds_what_is_shared_and_changes_a_copy(
    registry: RunningRegistry, owner_token: str, token_of: Callable[[str], str], term: str
) -> None:
    """From Python, by two people."""
    with Client(registry.url, owner_token) as olga, Client(registry.url, token_of("SRE")) as other:
        made = olga.save_search(term, "tag:nlp", sort="name", alert=True)
        with pytest.raises(NotFound):
            other.get_search(made.id)
        olga.share_search(made.id)

        found = next(one for one in other.list_searches("shared") if one.id == made.id)
        with pytest.raises(Forbidden):
            other.update_search(made.id, {"query": "tag:cv"})
        copy = other.copy_search(made.id)
        changed = other.update_search(copy.id, {"query": "tag:cv"}, revision=copy.revision)
        followed, left = other.set_alert(made.id), other.set_alert(made.id, on=False)
        with pytest.raises(Conflict):
            other.save_search(term, "tag:cv")
        with pytest.raises(Invalid):
            other.save_search(f"{term} 2", "tag:")
        olga.delete_search(made.id)
        with pytest.raises(NotFound):
            other.get_search(made.id)
        back = olga.restore_search(made.id)
        models = [model.address for model in olga.run_search(back)]

    assert (found.saved_by, found.is_mine, found.alert) == ("olga@company.com", False, False)
    assert (copy.name, copy.sharing, changed.query) == (term, "PRIVATE", "tag:cv")
    assert (followed.alert, left.alert, back.alert, back.sharing) == (True, False, True, "SHARED")
    assert all("/" in address for address in models)
