"""The registry never signs a history that was rewritten, however whole it looks."""

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

    assert (answer.status_code, answer.json()["code"]) == (409, "integrity_broken")
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
