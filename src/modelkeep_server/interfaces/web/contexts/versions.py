"""What the pages of a version are drawn from."""

from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.artifacts.carrying import Carriable
from modelkeep_server.features.artifacts.downloading.rights import DownloadTerms
from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.features.cards.views import CardStatus, Revision
from modelkeep_server.features.deployments.views import Spot
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.policies.exception_views import PolicyException
from modelkeep_server.features.promotion.next_reviews.views import Attestation
from modelkeep_server.features.promotion.views import Promotion
from modelkeep_server.features.versions.views import MoveView, Requirement, Version
from modelkeep_server.interfaces.web.contexts.activity import Timeline
from modelkeep_server.interfaces.web.contexts.base import EditContext, FormContext
from modelkeep_server.interfaces.web.contexts.models import Standing
from modelkeep_server.interfaces.web.filling import Filling
from modelkeep_server.interfaces.web.forms import href_of_version
from modelkeep_server.interfaces.web.next_step import CureLink, NextStep, find_cure, find_step
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.fields import Field, list_card_gaps
from modelkeep_server.rules.lifecycle import CLOSABLE
from modelkeep_server.rules.links import LinkTerms
from modelkeep_server.rules.permissions import Relation


@dataclass(frozen=True, kw_only=True)
class CreateVersionContext(FormContext):
    """
    GET and POST /models/{group}/{name}/versions/new. `newest` is the newest version there is, for the number.

    Controls: version, commitSha, trainingJobId, description, and `metadata.<path>` for each row of rules/fields.py.
    Schemas and objects are JSON text. trainingDataset is three controls: .name, .version, .uri; baseModel also: .model,
    .version, .uri.

    `base_version` is the version it begins from, with its files in `carriable`; controls then: from, and take, a path
    each. `taken` are the ticked ones; `carry_refusal` says why none may be taken. `offered` are versions to begin from.
    """

    template: ClassVar[str] = "versions/create.html"
    model: Model
    relations: frozenset[Relation] = frozenset()
    newest: Version | None = None
    base_version: Version | None = None
    carriable: tuple[Carriable, ...] = ()
    taken: frozenset[str] = frozenset()
    offered: tuple[Version, ...] = ()
    carry_refusal: str | None = None


@dataclass(frozen=True, kw_only=True)
class EditVersionContext(EditContext):
    """
    GET and POST /models/{group}/{name}/versions/{version}/edit. Controls as in CreateVersionContext, and reason.
    `filling` is what files tell that the metadata does not say.
    """

    template: ClassVar[str] = "versions/edit.html"
    model: Model
    version: Version
    relations: frozenset[Relation] = frozenset()
    filling: Filling = field(default_factory=Filling)

    @property
    def href(self) -> str:
        """The address of the version's page."""
        return href_of_version(self.version.model, self.version.version)


@dataclass(frozen=True, kw_only=True)
class VersionContext(FormContext):
    """
    GET /models/{group}/{name}/versions/{version}. `moves` is what the diagram has from here, for this person; `latest`
    the newest request for a promotion; `files` a page of its files; `fillable` how many fields the form could be filled
    from them; `added` the approvals in words that Admins ask for beyond the floor, for whoever may request; `last_look`
    the newest look at it in production, `look_refusal` why this person cannot note another; `lifting` the exceptions
    that lift a policy for it while it is there; `cards` its model cards, newest first.

    Its forms, by name: request (target, justification, urgent), move (to, comment); withdraw, hold, lift, close and
    reopen (reason).
    """

    template: ClassVar[str] = "versions/show.html"
    model: Model
    version: Version
    files: Rows[Artifact]
    moves: tuple[MoveView, ...] = ()
    latest: Promotion | None = None
    relations: frozenset[Relation] = frozenset()
    standing: Standing = field(default_factory=Standing)
    download: DownloadTerms
    tab: str = "overview"
    fillable: int = 0
    spots: tuple[Spot, ...] = ()
    added: tuple[str, ...] = ()
    last_look: Attestation | None = None
    look_refusal: str | None = None
    is_look_overdue: bool = False
    lifting: tuple[PolicyException, ...] = ()
    cards: tuple[Revision, ...] = ()

    @property
    def step(self) -> NextStep:
        """What comes next."""
        live = [spot.live.environment for spot in self.spots if spot.live is not None]
        return find_step(self.version, self.moves, self.latest, live)

    @property
    def readable_card(self) -> Revision | None:
        """The model card that readers get: the newest that is published, or else the draft."""
        published = (one for one in self.cards if one.status is CardStatus.PUBLISHED)
        return next(published, self.cards[0] if self.cards else None)

    @property
    def card_gaps(self) -> tuple[Field, ...]:
        """The fields told for the model card that are empty, while they can be filled: later they are frozen."""
        return list_card_gaps(self.version.metadata) if self.version.is_editable else ()

    def cure_of(self, demand: Requirement) -> CureLink | None:
        """Where a demand that is not met is cured."""
        return find_cure(demand, self.version)

    @property
    def closable(self) -> bool:
        """Whether the state still lets it be closed and reopened."""
        return self.version.state in CLOSABLE

    @property
    def editable(self) -> bool:
        """Whether content can change in this state."""
        return self.version.is_editable

    @property
    def base(self) -> str:
        """The address of this version's page."""
        return href_of_version(self.version.model, self.version.version)

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The files of this page."""
        return self.files.items

    @property
    def files_total(self) -> int:
        """How many files the version has."""
        return self.files.total or len(self.files.items)

    @property
    def terms(self) -> LinkTerms:
        """What a download link demands of this person now."""
        return self.download.terms

    @property
    def stored_bytes(self) -> int:
        """The size of the files of this page together, in bytes."""
        return sum(artifact.size_bytes for artifact in self.artifacts)


@dataclass(frozen=True, kw_only=True)
class VersionActivityContext(VersionContext):
    """GET /models/{group}/{name}/versions/{version}/activity."""

    template: ClassVar[str] = "versions/activity.html"
    timeline: Timeline
