"""What comes next in the life of a version: the one thing that its page offers, and what stands against it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from modelkeep_server.features.promotion.deciding import lacks_approvals
from modelkeep_server.features.promotion.views import FINDINGS, Promotion, Review, Status
from modelkeep_server.features.versions.views import MoveView, Reason, Requirement, Version
from modelkeep_server.interfaces.web.forms import href_of_version
from modelkeep_server.rules.lifecycle import MOVES, STATES, State
from modelkeep_server.rules.lineage import ItemKind
from modelkeep_server.rules.permission_words import join
from modelkeep_server.rules.permissions import ROLES, Role
from modelkeep_server.rules.policy_cures import Place, list_cures


class Kind(StrEnum):
    """What sort of step it is: asking for a promotion, waiting for reviewers, a move by one person, or none."""

    REQUEST = "request"
    WAIT = "wait"
    MOVE = "move"
    END = "end"


@dataclass(frozen=True)
class Slot:
    """One approval that a promotion takes: by one of `roles`, given as `review`, or None while it waits."""

    roles: tuple[Role, ...]
    review: Review | None

    @property
    def label(self) -> str:
        """The roles in words."""
        return " or ".join(ROLES[role].label for role in self.roles)


@dataclass(frozen=True)
class CureLink:
    """
    Where a demand that is not met is cured: a button's words and address, and the permission that it takes, None where
    anybody may look. `edits`: it changes content, which a submitted version keeps. `lists_missing`: it is the fields
    that are missing.
    """

    label: str
    href: str
    act: str | None
    edits: bool
    lists_missing: bool


@dataclass(frozen=True)
class NextStep:
    """
    The next step of a version. `target` is the promotion that is asked or waited for, else empty; `to` the state a move
    leads to, `act` the permission it takes. `reasons` are what stops it beside its `demands`. `live` are the
    environments that have to be left before it.
    """

    kind: Kind
    target: str = ""
    to: State | None = None
    act: str = ""
    demands: tuple[Requirement, ...] = ()
    reasons: tuple[Reason, ...] = ()
    slots: tuple[Slot, ...] = ()
    live: tuple[str, ...] = ()

    @property
    def lacking(self) -> tuple[Requirement, ...]:
        """The demands that stop it."""
        return tuple(one for one in self.demands if one.blocks and not one.met)

    @property
    def refusal(self) -> str | None:
        """What stops it beside its demands and this person's rights, with whom to ask; None where nothing does."""
        return next((f"{one.message} {one.remedy}" for one in self.reasons), None)

    @property
    def waits_for_finding(self) -> bool:
        """Whether a finding keeps it from being asked for: owners mend what was found, and never settle."""
        return self.kind is Kind.REQUEST and any(one.id == FINDINGS for one in self.lacking)

    @property
    def says(self) -> str:
        """What comes next and by whom, in words."""
        if self.waits_for_finding:
            return "an MRC or a Security Architect settles the blocking finding"
        if self.kind is Kind.REQUEST:
            return f"request the promotion to {self.target.lower()}, by an owner of the model"
        if self.kind is Kind.WAIT:
            return f"a decision on the promotion to {self.target.lower()}, by {self.waits_for or 'the reviewers'}"
        if self.live:
            return f"an SRE takes it off {join(self.live, 'and')}; then an Admin retires it"
        if self.kind is Kind.MOVE and self.to is not None:
            label = next(move.label for move in MOVES if move.act == self.act)
            return f"{label[0].lower()}{label[1:]}, by {STATES[self.to].who}"
        return "nothing"

    @property
    def waits_for(self) -> str:
        """The approvals that are missing, in words."""
        return name_open(self.slots)


def find_step(
    version: Version, moves: Sequence[MoveView], latest: Promotion | None, live: Sequence[str] = ()
) -> NextStep:
    """
    What comes next. `moves` are those the diagram has from here, `latest` the newest round, `live` the names of the
    environments where it is live.
    """
    slots = slots_of(latest) if latest is not None else ()
    if latest is not None and latest.status is Status.APPROVED and not lacks_approvals(latest, version):
        # What is asked for since then is asked of promotions to come.
        slots = tuple(slot for slot in slots if slot.review is not None)
    if version.closed is not None or not moves:
        return NextStep(Kind.END, slots=slots)
    forward = next(move for move in moves if move.to is not State.CHANGES_REQUESTED)
    if latest is not None and latest.status is Status.OPEN:
        return NextStep(Kind.WAIT, latest.target, forward.to, "promotion.approve", forward.requirements, slots=slots)
    if version.is_editable or version.state is State.STAGING:
        target = "STAGING" if version.is_editable else "PRODUCTION"
        beside = _keep(forward.reasons, ("closed", "hold"))
        return NextStep(Kind.REQUEST, target, forward.to, "promotion.request", forward.requirements, beside)
    act = next(move.act for move in MOVES if move.source is version.state and move.target is forward.to)
    beside = tuple(one for one in forward.reasons if one.code not in ("requirement", "not_permitted"))
    left_first = tuple(live) if forward.to is State.RETIRED else ()
    if left_first:
        beside += (Reason("live", f"Live in {join(left_first, 'and')}:", "an SRE takes it off first."),)
    return NextStep(Kind.MOVE, "", forward.to, act, forward.requirements, beside, slots, left_first)


def find_cure(demand: Requirement, version: Version) -> CureLink | None:
    """Where a demand of a policy is cured, by the facts that it reads; None for others, and where nobody can."""
    cures = list_cures(demand.about)
    if not cures:
        return None
    path, cure = cures[0]
    base = href_of_version(version.model, version.version)
    href = {
        Place.MODEL: f"/models/{version.model}/settings",
        Place.VERSION: f"{base}/edit#{_control_of(path, version)}",
        Place.FILES: f"{base}/artifacts{'#upload' if cure.act else ''}",
        Place.EVALUATIONS: f"{base}/evaluations/new",
        Place.LINEAGE: f"{base}/lineage{_form_of(path)}",
        Place.CARD: f"{base}/card{'?revision=draft' if path.startswith('card.hasDraft') else ''}",
    }[cure.place]
    edits = cure.act in ("version.update", "artifact.upload", "lineage.add") and not path.startswith(
        "lineage.consumers"
    )
    return CureLink(cure.label, href, cure.act, edits, path.startswith("version.completeness"))


def _form_of(path: str) -> str:
    """The form of lineage in which a fact is told; of several kinds of items the tab offers each."""
    for asked, kind in (("lineage.datasets", ItemKind.DATASET), ("lineage.consumers", ItemKind.CONSUMER)):
        if path.startswith(asked):
            return f"/new?kind={kind}"
    return ""


def _control_of(path: str, version: Version) -> str:
    """The control of the version's form in which a fact is typed."""
    if path.startswith("version.completeness"):
        missing = version.completeness.missing
        return f"metadata.{missing[0].field}" if missing else "metadata"
    parts = path.replace("[]", "").split(".")[1:]
    return ".".join(parts[: 3 if parts[:2] == ["metadata", "card"] else 2])


def slots_of(promotion: Promotion) -> tuple[Slot, ...]:
    """The approvals that a promotion takes, one by one, each with who gave it."""
    given = list(promotion.approvals)
    slots = []
    for need in promotion.required:
        for _ in range(need.count):
            # Approvals come in the order of the slots they fill.
            fits = bool(given) and given[0].role in need.roles
            slots.append(Slot(need.roles, given.pop(0) if fits else None))
    return tuple(slots)


def name_open(slots: Sequence[Slot]) -> str:
    """The approvals that are missing, in words; empty where none is."""
    return " and ".join(dict.fromkeys(slot.label for slot in slots if slot.review is None))


def _keep(reasons: Sequence[Reason], codes: Sequence[str]) -> tuple[Reason, ...]:
    return tuple(one for one in reasons if one.code in codes)
