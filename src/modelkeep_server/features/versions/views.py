"""What the registry says of a version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from modelkeep_server.rules import wording
from modelkeep_server.rules.fields import Completeness
from modelkeep_server.rules.lifecycle import EDITABLE, State


@dataclass(frozen=True)
class Passage:
    """One entry of a version's history: the state it came into, when, and by whom (an e-mail)."""

    state: State
    at: datetime
    by: str


#: What makes a new revision of a version.
EDITS = (
    "version.update",
    "lineage.add",
    "lineage.remove",
    "version.close",
    "version.reopen",
    "version.hold",
    "version.lift",
    "version.stage",
    "version.release",
    "version.deprecate",
    "version.retire",
    "promotion.request",
    "promotion.approve",
    "promotion.request_changes",
)


@dataclass(frozen=True)
class Flag:
    """What stands beside the state of a version: who set it, when and why."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class Version:
    """
    A version as one reader sees it. `number` counts the model's versions from 1 in order of creation.

    `metadata` is the JSON of rules/fields.py, with `card` and `custom` inside, but for a base model that this reader
    may not see; `whole_metadata` has that as well, and is what is judged, digested and edited, never what is shown.
    `key` and `model_key` are inside ids.
    `content_digest` is what its content is frozen under, None where that can change; `next_review_at` when it is to be
    looked at again, None where it is not in PRODUCTION.
    """

    key: int
    model_key: int
    id: str
    model: str
    version: str
    number: int
    description: str | None
    state: State
    history: tuple[Passage, ...]
    commit_sha: str | None
    training_job_id: str | None
    metadata: Mapping[str, Any]
    whole_metadata: Mapping[str, Any] = field(repr=False)
    completeness: Completeness
    created_at: datetime
    created_by: str
    submitted_at: datetime | None
    submitted_by: str | None
    revision: int
    closed: Flag | None = None
    hold: Flag | None = None
    content_digest: str | None = None
    next_review_at: datetime | None = None

    @property
    def standing(self) -> str:
        """Where it stands, as the beginning of a sentence: "group/name:1.0.0 is in production"."""
        return f"{self.address} {wording.say_stands(self.state)}"

    @property
    def address(self) -> str:
        """`group/name:version`."""
        return f"{self.model}:{self.version}"

    @property
    def is_editable(self) -> bool:
        """Whether content can change: in its state, and while it is not closed."""
        return self.state in EDITABLE and self.closed is None


@dataclass(frozen=True)
class MoveView:
    """One move that the diagram has from here: whether this person may make it now, and if not, why not."""

    to: State
    label: str
    allowed: bool
    reasons: tuple["Reason", ...]
    requirements: tuple["Requirement", ...] = ()


@dataclass(frozen=True)
class Reason:
    """Why a move is not open to this person now, and how to mend it."""

    code: str
    message: str
    remedy: str


@dataclass(frozen=True)
class Requirement:
    """
    What a move demands, whether it is there, and how to mend it. One that does not block is advice. `about` are the
    facts that it reads, by their paths (rules/policy_facts.py); empty for what no policy demands.
    `lifted_by` is the public id of the exception by which alone it counts as met. `policy_id` and `policy_why` are of
    the policy that demands it: its public id, and why there is it.
    """

    id: str
    met: bool
    message: str
    remedy: str
    blocks: bool = True
    lifted_by: str | None = None
    about: tuple[str, ...] = ()
    policy_id: str | None = None
    policy_why: str = ""
