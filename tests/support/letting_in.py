"""How people stand to a model, and how far its versions are: made by acts where there is one, else set by hand."""

from modelkeep_server.db import recording
from modelkeep_server.db.tables import versions
from modelkeep_server.features.models import sharing
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.lifecycle import State
from tests.support.make import Make, Person
from tests.support.registries import Registry


def let_in(registry: Registry, make: Make, model: Model, person: Person, given: str = "READ") -> Person:
    """Make somebody a collaborator, by the model's owner."""
    with registry.writing() as work:
        owner = make.owner_of(model).actor
        sharing.share_model(work, owner, model.group, model.name, person.email, given=given, until=None)
    return person


def put_into(registry: Registry, version: Version, state: State, *, submitted: bool = True) -> None:
    """Set the state of a version, which no route brings it to yet, and note that it was submitted; recorded."""
    with registry.writing() as work:
        values = {"state": state.value, "submitted_at": work.now if submitted else None}
        work.change(versions, version.key, values)
        recording.record(
            work, "version.release", actor=recording.HOUSE, actor_kind="house", auth="host", object_id=version.id,
            object_label=version.address, after={"state": state.value},
        )  # fmt: skip
