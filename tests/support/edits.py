"""An edit of a model as the log tells it."""

from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import models
from modelkeep_server.features.identity import access
from modelkeep_server.features.models.views import Model
from modelkeep_server.rules.permissions import Relation
from tests.support.make import Person
from tests.support.registries import Registry


def edit_model(registry: Registry, owner: Person, model: Model, reason: str | None = None) -> None:
    """Description and risk tier change, the origin stays; the revision is told always, texts as commitments."""
    with registry.writing() as work:
        access.require(work, owner.actor, "model.update", [Relation.OWNER])
        work.change(models, model.key, {"description": "Predicts who leaves within a year."})
        access.record(
            work, owner.actor, "model.update", object_id=model.id, reason=reason,
            before={"revision": 1, "description": Veiled("secret before"), "riskTier": "LOW", "origin": "INTERNAL"},
            after={"revision": 2, "description": Veiled("secret after"), "riskTier": "HIGH", "origin": "INTERNAL"},
        )  # fmt: skip
