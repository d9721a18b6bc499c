"""Making what tests need, by the registry's own acts, never by writing to tables."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from modelkeep_server.features.artifacts import queries as artifact_queries
from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.features.audit import queries as audit_queries
from modelkeep_server.features.audit.queries import EventFilter
from modelkeep_server.features.audit.views import Event
from modelkeep_server.features.cards import service as card_service
from modelkeep_server.features.identity import actors
from modelkeep_server.features.identity.joining import accepting, invitations
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import service as model_service
from modelkeep_server.features.models.checks import NewModel
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.promotion.findings import tier_raises
from modelkeep_server.features.versions import service as version_service
from modelkeep_server.features.versions.checks import NewVersion
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import file_of
from tests.support.door import Door, the_loop
from tests.support.registries import BASE_URL, Registry
from tests.support.safetensors import make_safetensors


@dataclass(frozen=True)
class Person:
    """Somebody made for one test. `token` holds every scope of their roles; `actor` is who the token makes them."""

    email: str
    token: str
    actor: Actor


class Make:
    """Makes people, models, versions and files in one registry. Names are fresh each time."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._owners: dict[str, Person] = {}

    def person(self, *roles: Role, name: str | None = None) -> Person:
        """A person nobody has seen before, with these roles."""
        return self._with_token(f"{name or 'person'}-{secrets.token_hex(5)}@example.com", roles)

    def named(self, name: str, *roles: Role) -> Person:
        """The same with a display name that says nothing of the e-mail: somebody who was invited."""
        email = f"knurl-{secrets.token_hex(5)}@example.com"
        with self._registry.writing() as work:
            made = invitations.invite_by_operator(work, host="test", email=email, roles=roles)
        with self._registry.writing() as work:
            accepting.accept_invitation(work, secret=made.secret, name=name, passphrase_hash="none fits")
        return self._with_token(email, roles)

    def _with_token(self, email: str, roles: Sequence[Role]) -> Person:
        with self._registry.writing() as work:
            made = tokens.create_token_by_operator(work, host="test", email=email, roles=roles)
        with self._registry.reading() as work:
            actor = actors.find_actor_by_token(work, made.secret)
        assert actor is not None
        return Person(email, made.secret, actor)

    def owner(self) -> Person:
        """A person with the role Model Owner."""
        return self.person(Role.MODEL_OWNER, name="owner")

    def group(self) -> str:
        """The name of a group that nobody uses yet."""
        return f"group-{secrets.token_hex(5)}"

    def model(self, owner: Person | None = None, **changes: Any) -> Model:
        """A model, registered by its owner. `changes` are fields of NewModel."""
        owner = owner or self.owner()
        new = NewModel(
            group=self.group(), name="churn-predictor", description="Predicts which customers leave.",
            owners=[owner.email], risk_tier="LOW",
        )  # fmt: skip
        with self._registry.writing() as work:
            model = model_service.create_model(work, owner.actor, replace(new, **changes))
        self._owners[model.address] = owner
        return model

    def edit(self, model: Model, reason: str | None = None, **changes: Any) -> Model:
        """An edit of a model by its owner. `changes` are fields of NewModel."""
        with self._registry.writing() as work:
            return tier_raises.update_model(
                work, self.owner_of(model).actor, model.group, model.name, changes, expected=None, reason=reason
            )

    def version(self, model: Model | None = None, owner: Person | None = None, **changes: Any) -> Version:
        """A version of a model, or of a new one, made by its owner. `changes` are fields of NewVersion."""
        model = model or self.model(owner)
        owner = owner or self.owner_of(model)
        with self._registry.writing() as work:
            return version_service.create_version(
                work, owner.actor, model.group, model.name, replace(NewVersion("1.0.0"), **changes)
            )

    def owner_of(self, made: Model | Version) -> Person:
        """Who registered a model that was made here, also for a version of it."""
        return self._owners[made.model if isinstance(made, Version) else made.address]

    def file(
        self,
        version: Version,
        owner: Person | None = None,
        path: str = "model.safetensors",
        content: bytes | None = None,
        type: str = "WEIGHTS",  # noqa: A002 - the query parameter's name
    ) -> Artifact:
        """A file of a version, sent as a client sends it."""
        owner = owner or self.owner_of(version)
        with httpx2.Client(base_url=BASE_URL, transport=Door(self._registry.app, the_loop())) as client:
            answer = client.put(
                file_of(version, path), params={"type": type},
                content=self.safetensors() if content is None else content,
                headers={"authorization": f"Bearer {owner.token}"},
            )  # fmt: skip
        assert answer.status_code == 201, answer.text
        with self._registry.reading() as work:
            return artifact_queries.get_artifact(work, version, path)

    def card(self, version: Version, owner: Person | None = None) -> int:
        """Generate the model card of a version and publish it, by its owner. Gives the revision."""
        place = (*version.model.split("/"), version.version)
        owner = owner or self.owner_of(version)
        with self._registry.writing() as work:
            card_service.generate_card(work, owner.actor, *place)
        with self._registry.writing() as work:
            return card_service.publish_card(work, owner.actor, *place, expected=None).revision

    def safetensors(self, size: int = 1024, seed: int = 0) -> bytes:
        """See tests/support/safetensors.py."""
        return make_safetensors(size, seed)

    def events(self, object_id: str | None = None, action: str | None = None, since: int = 0) -> list[Event]:
        """Events of the log, oldest first: of one object, of one action, from a sequence on."""
        asked = EventFilter(object=object_id or "", action=action or "")
        auditor = self._registry.auditor
        found: list[Event] = []
        cursor = None
        with self._registry.reading() as work:
            while True:
                page = audit_queries.list_events(work, auditor, asked, limit=200, cursor=cursor)
                found.extend(event for event in page.items if event.sequence >= since)
                cursor = page.next_cursor
                if cursor is None or page.items[-1].sequence < since:
                    return found[::-1]

    def event_count(self) -> int:
        """How many events the log has. Reading does not add one."""
        assert self._registry.auditor
        return self._registry.event_count
