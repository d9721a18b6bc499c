"""What the dashboard is drawn from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from modelkeep_server.features.artifacts.judging.withheld import FilesOfVersion
from modelkeep_server.features.audit.views import LogState
from modelkeep_server.features.home.views import BareModel, OpenDraft
from modelkeep_server.features.identity.people_views import RecentGrant, RoleRequest
from modelkeep_server.features.identity.views import TokenRow
from modelkeep_server.features.models.views import AccessRequest
from modelkeep_server.features.search.views import CatalogueRow
from modelkeep_server.interfaces.web.contexts.activity import Timeline
from modelkeep_server.interfaces.web.contexts.base import Context
from modelkeep_server.interfaces.web.forms import href_of_file, href_of_version
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.lifecycle import State

FIELDS_NAMED = 3


@dataclass(frozen=True)
class Task:
    """
    One thing that waits for somebody. `what` says which, `cure` what to do, `button` is the word for going there.

    `state` is the version's, None where it is about no version; `since` is when it began to wait.
    """

    icon: str
    name: str
    version: str | None
    what: str
    cure: str
    state: State | None
    tier: RiskTier
    since: datetime
    href: str
    button: str


@dataclass(frozen=True, kw_only=True)
class DashboardContext(Context):
    """
    GET /. `my_models` are those the person owns or registered, last updated first; where they own none, `latest` are
    the models changed last.

    `registry_total` counts the models they may see. `states` counts their versions by state, `tiers` visible models by
    tier; each is left out of the page while it is empty. `states_of` counts the versions of each model shown.
    `files` are versions with files that a Security Architect may answer for.
    `to_decide` are requests for access that wait for this person, `answers` their own that are open or were decided
    lately.
    `damaged` counts stored files that are damaged, for who looks after them. `requests` are roles that wait for a
    second Admin, `granted` those given lately: for Admins and Auditors.
    """

    template: ClassVar[str] = "home/dashboard.html"
    my_models: tuple[CatalogueRow, ...]
    my_total: int
    registry_total: int
    states: Mapping[State, int] = field(default_factory=dict)
    tiers: Mapping[RiskTier, int] = field(default_factory=dict)
    latest: tuple[CatalogueRow, ...] = ()
    states_of: Mapping[int, Mapping[State, int]] = field(default_factory=dict)
    tasks: tuple[Task, ...] = ()
    files: tuple[Task, ...] = ()
    expiring: tuple[TokenRow, ...] = ()
    damaged: int = 0
    to_decide: tuple[AccessRequest, ...] = ()
    answers: tuple[AccessRequest, ...] = ()
    requests: tuple[RoleRequest, ...] = ()
    granted: tuple[RecentGrant, ...] = ()
    log: LogState | None = None
    activity: Timeline

    @property
    def waiting(self) -> int:
        """How many things wait for this person."""
        return (
            len(self.tasks)
            + len(self.files)
            + len(self.expiring)
            + len(self.to_decide)
            + bool(self.damaged)
            + sum(not request.mine for request in self.requests)
        )


@dataclass(frozen=True, kw_only=True)
class ActivityContext(Context):
    """GET /activity: what happened to all models that the person may see."""

    template: ClassVar[str] = "home/activity.html"
    timeline: Timeline


def tasks_of(
    drafts: Iterable[OpenDraft], bare_models: Iterable[BareModel], withheld: Iterable[FilesOfVersion] = ()
) -> tuple[Task, ...]:
    """What waits for an owner, the oldest first."""
    tasks = [
        *map(_task_of_draft, drafts),
        *map(_task_of_bare_model, bare_models),
        *(_task_of_files(files, _cure_by_owner(files), "Look") for files in withheld),
    ]
    return tuple(sorted(tasks, key=lambda task: task.since))


def answers_of(waiting: Iterable[FilesOfVersion]) -> tuple[Task, ...]:
    """What waits for a Security Architect, as it is given."""
    return tuple(_task_of_files(files, _cure_by_security(files), "Judge") for files in waiting)


def _task_of_draft(draft: OpenDraft) -> Task:
    href = href_of_version(draft.model, draft.version)
    asked = draft.state is State.CHANGES_REQUESTED
    lacking = [f"{len(draft.missing)} {'field' if len(draft.missing) == 1 else 'fields'}"] if draft.missing else []
    if not draft.has_weights:
        lacking.insert(0, "weights")
    what = f"{' and '.join(lacking)} missing".capitalize() if lacking else "Nothing missing"
    only_weights = not draft.missing and not draft.has_weights
    return Task(
        icon="message-square-warning" if asked else "upload" if only_weights else "list",
        name=draft.model.partition("/")[2],
        version=draft.version,
        what="Changes requested" if asked else what,
        cure=f"{'Answer the reviewers and submit it again. ' if asked else ''}{_cure_of(draft)}",
        state=draft.state,
        tier=draft.risk_tier,
        since=draft.created_at,
        href=f"{href}/artifacts#upload" if not draft.has_weights else f"{href}/edit" if draft.missing else href,
        button="Upload" if not draft.has_weights else "Complete" if draft.missing else "Open",
    )


def _cure_of(draft: OpenDraft) -> str:
    labels = [missing.label for missing in draft.missing]
    more = len(labels) - FIELDS_NAMED
    fields = ", ".join(labels[:FIELDS_NAMED]) + (f" and {more} more" if more > 0 else "")
    upload = "" if draft.has_weights else "Upload its weights. "
    return f"{upload}{f'Fill in {fields}.' if labels else ''}".rstrip()


def _task_of_bare_model(bare: BareModel) -> Task:
    return Task(
        icon="git-branch",
        name=bare.model.partition("/")[2],
        version=None,
        what="No version yet",
        cure="Create the first one, then upload its artifacts.",
        state=None,
        tier=bare.risk_tier,
        since=bare.created_at,
        href=f"/models/{bare.model}/versions/new",
        button="Create",
    )


def _task_of_files(files: FilesOfVersion, cure: str, button: str) -> Task:
    counted = (
        (files.blocked, "blocked"),
        (files.unknown, "not judged"),
        (files.damaged, "damaged"),
        (files.unfit, "not of the promised format"),
    )
    told = [f"{many} {'file' if many == 1 else 'files'} {word}" for many, word in counted if many]
    alone = files.count == 1
    return Task(
        icon="shield-x" if files.blocked or files.damaged or files.unfit else "circle-question-mark",
        name=files.model.partition("/")[2],
        version=files.version,
        what=", ".join(told),
        cure=f"{files.path}{'' if alone else f' and {files.count - 1} more'}: {cure}",
        state=State.CHANGES_REQUESTED,
        tier=files.risk_tier,
        since=files.since,
        href=href_of_file(files.model, files.version, files.path)
        if alone
        else f"{href_of_version(files.model, files.version)}/artifacts#files-box",
        button=button,
    )


def _cure_by_owner(files: FilesOfVersion) -> str:
    cures = []
    if files.blocked:
        cures.append("read what was found, then put a file without code in its place or ask Security to release it.")
    if files.damaged:
        cures.append("upload the same bytes again, and the damaged file stands everywhere anew.")
    if files.unfit:
        cures.append("remove what is not of the format that its type or name promises, and send it as what it is.")
    return " ".join(cures[:1] + [cure[0].upper() + cure[1:] for cure in cures[1:]])


def _cure_by_security(files: FilesOfVersion) -> str:
    if files.blocked and files.unknown:
        return "read what was found, then release or accept each for a time, or leave it."
    return f"read what was found, then {'release' if files.blocked else 'accept'} it for a time, or leave it."
