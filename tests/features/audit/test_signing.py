"""The registry never signs a history that was rewritten, however whole it looks."""

from modelkeep_server.kit.merkle import Frontier
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.meddling import rewrite
from tests.support.registries import Registry

CHECKPOINT = "/api/v1/audit/checkpoint"


def test_a_rewritten_history_is_not_signed(fresh_registry: Registry, fresh_make: Make, fresh_api: Api) -> None:
    """An event changed with its hash and the head made to fit, then one more event: the signer refuses and says so."""
    auditor = fresh_make.person(Role.AUDITOR)
    fresh_make.model()
    assert fresh_api.as_(auditor).get(CHECKPOINT).status_code == 200
    rewrite(fresh_registry, 3)
    fresh_make.model()

    answer = fresh_api.as_(auditor).get(CHECKPOINT)

    assert (answer.status_code, answer.json()["code"]) == (409, "integrity")
    assert "does not continue" in answer.json()["detail"]


def test_a_rewritten_history_is_not_signed_without_its_checkpoints_either(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """Taking the signed checkpoints away does not help while the server that signed them is running."""
    auditor = fresh_make.person(Role.AUDITOR)
    assert fresh_api.as_(auditor).get(CHECKPOINT).status_code == 200
    rewrite(fresh_registry, 1)
    fresh_registry.tamper("DELETE FROM audit_checkpoints")
    fresh_make.model()

    answer = fresh_api.as_(auditor).get(CHECKPOINT)

    assert answer.status_code == 409


def cut(registry: Registry, size: int) -> None:
    """Take away everything from an event on: texts, hashes, checkpoints; and make the head fit what is left."""
    frontier = Frontier()
    for row in registry.look(f"SELECT hash FROM audit_leaves WHERE sequence < {size} ORDER BY sequence"):
        frontier = frontier.append(bytes(row.hash))
    for table, column in (("audit_events", "sequence"), ("audit_leaves", "sequence"), ("audit_checkpoints", "size")):
        registry.tamper(f"DELETE FROM {table} WHERE {column} >= {size}")
    registry.tamper("UPDATE audit_head SET size = :size, frontier = :kept", size=size, kept=frontier.to_bytes())


def test_a_log_that_was_cut_is_noticed_by_the_server_that_saw_it(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """Verification says that the log shrank, and no event of it holds, though what is left is whole in itself."""
    auditor = fresh_api.as_(fresh_make.person(Role.AUDITOR))
    fresh_make.model()
    shorter = auditor.get(CHECKPOINT).json()["size"]
    fresh_make.model()
    auditor.get(CHECKPOINT)
    cut(fresh_registry, shorter)

    verdict = auditor.get("/api/v1/audit/verify").json()
    proof = auditor.get("/api/v1/audit/events/1/proof")

    assert verdict["ok"] is False
    assert "LOG SHRANK" in " ".join(finding["message"] for finding in verdict["findings"])
    assert proof.status_code == 409
