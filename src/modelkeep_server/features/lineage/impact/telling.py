"""
Telling the owners of what a change reaches: each once a day of the same thing by the same person, of their own versions
alone. By another it may be told again: who tells of it first keeps nobody's warning from those it is for.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from sqlalchemy import case, func, select

from modelkeep_server.db.ledger import PersonRef, Veiled
from modelkeep_server.db.tables import people, told, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.graph import labels
from modelkeep_server.features.lineage.impact.audience import Addressee, Audience, Owner, find_audience
from modelkeep_server.features.lineage.impact.reaching import find_impact
from modelkeep_server.features.lineage.views import Impact, Node, Reached, Use
from modelkeep_server.features.notify.letters import Written, write
from modelkeep_server.features.notify.telling import tell
from modelkeep_server.rules import texts
from modelkeep_server.rules.approvals import TIERS
from modelkeep_server.rules.errors import FieldError, Invalid, TooMany
from modelkeep_server.rules.lifecycle import STATES
from modelkeep_server.rules.lineage import digest_name
from modelkeep_server.rules.notices import KINDS

#: All of it stands in the notice and in the mail: there is no other place that it leads to.
MESSAGE_CHARS = 1_000
KIND = "lineage.change"
#: Of so many things one person tells others in a day: each writes to everybody who owns what it reaches.
TELLS_MAX = 20
#: So many of somebody's versions stand in a letter, so many who use each, and so many who were told in the event.
_LISTED, _USERS_LISTED, _RECORDED = 20, 5, 150
_NODE_CHARS = 500
#: What stands in a letter that is looked at before anything is written.
YOUR_MESSAGE = "Your message stands here."
#: Said instead of a node that somebody may not see by all that leads from it to them.
_UNNAMED = "something it comes from"


@dataclass(frozen=True)
class Preview:
    """
    What telling the owners would do now. `is_told` says of each of the audience, in its order, whether the actor told
    them of this node today, so that they are not told again. `others` is of how many other nodes the actor told today.
    """

    impact: Impact
    audience: Audience
    is_told: tuple[bool, ...]
    others: int

    @property
    def left(self) -> int:
        """Of how many nodes the actor may tell today, this one among them."""
        return max(TELLS_MAX - self.others, 0)

    @property
    def told_today(self) -> int:
        """Of how many nodes the actor told today, this one among them where they told of it."""
        return self.others + any(self.is_told)

    @property
    def fresh(self) -> tuple[Addressee, ...]:
        """Who would be told now."""
        pairs = zip(self.audience.addressees, self.is_told, strict=True)
        return tuple(one for one, is_told in pairs if not is_told) if self.left else ()

    @property
    def why_not(self) -> str | None:
        """Why nobody would be told now, as a sentence; None where somebody would."""
        if not self.impact.items:
            return "No version that you can see comes from it, so there is nobody to tell."
        if not self.audience.addressees:
            return "Nobody but you owns what it reaches, so there is nobody to tell."
        if not self.left:
            return f"You told people of {TELLS_MAX} changes today, the most of one day."
        if not self.fresh:
            return f"You told everybody today who owns what a change of {labels.say(self.impact.node)} reaches."
        return None


def preview(work: Work, actor: Actor, node_id: str) -> Preview:
    """
    Who would be told of a change of a node, and of what, as far as the actor sees. Some twenty statements at most.

    Raises NotPermitted; NotFound: There is no such node that the actor sees.
    """
    access.require(work, actor, "lineage.tell")
    impact = find_impact(work, actor, node_id)
    audience = find_audience(work, actor, impact)
    days = _Days(actor.user_id or 0, impact.node, work.now.date())
    known = days.find_told(work)
    others = int(work.scalar(select(func.count()).select_from(told).where(*days.other_nodes)))
    keys = (days.key_of(one.owner) for one in audience.addressees)
    return Preview(impact, audience, tuple(key in known for key in keys), others)


def write_letter(work: Work, actor: Actor, found: Preview, message: str) -> Written | None:
    """What the first of those who would be told would be written; None where nobody would."""
    if not found.fresh:
        return None
    facts = _facts_of(found.impact.node, found.fresh[0], found.impact.uses_by_version, message)
    return write(KINDS[KIND].letter, {"by": actor.email, **facts}, work.parts.public_url)


def tell_owners(work: Work, actor: Actor, node_id: str, message: str) -> int:
    """
    Tell the owners of every version that a change of a node reaches, as far as the actor sees, and give how many were
    told. Whoever the actor told of the same node today is not told again.

    Raises:
        NotPermitted. NotFound: There is no such node that the actor sees.
        Invalid: The message does not fit, or nobody else owns anything that is reached.
        TooMany: The actor told everybody today, or told of `TELLS_MAX` other things.
    """
    access.require(work, actor, "lineage.tell")
    # Of two who come at once, the second counts what the first did.
    work.lock(people, actor.user_id or 0)
    found = preview(work, actor, node_id)
    _judge(found, message)
    days = _Days(actor.user_id or 0, found.impact.node, work.now.date())
    noted = [days.node_key, *sorted(days.key_of(one.owner) for one in found.fresh)]
    adding = work.upsert(told).on_conflict_do_nothing()
    work.keep(told, adding, [{"key": key, "at": work.now} for key in noted])
    uses = found.impact.uses_by_version
    alike: dict[tuple[tuple[str, ...], bool], list[Addressee]] = defaultdict(list)
    for one in found.fresh:
        alike[tuple(item.path[-1] for item in one.items), one.is_named].append(one)
    for some in alike.values():
        _tell(work, actor, found.impact.node, some, uses, message)
    _record(work, actor, found, message)
    return len(found.fresh)


def _judge(found: Preview, message: str) -> None:
    fault = texts.find_text_fault(message, max_chars=MESSAGE_CHARS, lines=True, required=True)
    faults = [FieldError("message", fault)] if fault else []
    why_not = found.why_not
    if why_not and not found.audience.addressees:
        faults.append(FieldError("node", why_not))
    if faults:
        raise Invalid.of(faults)
    if why_not:
        remedy = (
            "Tell them more tomorrow, or write a comment on the version that matters." if found.left else
            "Tell of what they have in common, a dataset or a base model that leads to all of it, tomorrow."
        )  # fmt: skip
        raise TooMany(why_not, remedy=remedy)


@dataclass(frozen=True)
class _Days:
    """How it is noted that somebody told of a node on a day, and told whom."""

    teller: int
    node: Node
    day: date

    @property
    def _of_teller(self) -> str:
        return f"{KIND}/by/{self.teller}/{self.day}/"

    @property
    def _of_node(self) -> str:
        return f"{KIND}/{digest_name(self.node.id)[:32]}/{self.day}/{self.teller}/"

    @property
    def node_key(self) -> str:
        """That the node was told of."""
        return f"{self._of_teller}{digest_name(self.node.id)[:32]}"

    def key_of(self, owner: Owner) -> str:
        """That somebody was told of it."""
        return f"{self._of_node}{owner.person_id or digest_name(owner.address)[:32]}"

    @property
    def other_nodes(self) -> Sequence[Any]:
        """The conditions under which a row of `told` notes another node of the same day."""
        return told.c.key.startswith(self._of_teller), told.c.key != self.node_key

    def find_told(self, work: Work) -> frozenset[str]:
        """Who was told, by `key_of`. One statement."""
        return frozenset(row.key for row in work.all(select(told.c.key).where(told.c.key.startswith(self._of_node))))


def _tell(
    work: Work, actor: Actor, node: Node, some: Sequence[Addressee], uses: Mapping[int, Sequence[Use]], message: str
) -> None:
    """Tell those to whom the same is said."""
    facts = _facts_of(node, some[0], uses, message)
    owners = [one.owner for one in some]
    persons = [owner.person_id for owner in owners if owner.person_id is not None]
    mailed = [owner.person_id for owner in owners if owner.person_id is not None and owner.mails]
    who = select(people.c.id.label("person_id"), case((people.c.id.in_(mailed), 1), else_=0).label("mails"))
    tell(
        work, actor, KIND, facts, who.where(people.c.id.in_(persons)), href=facts["page"],
        model_key=some[0].items[0].model_key,
        addresses=[owner.address for owner in owners if owner.person_id is None],
    )  # fmt: skip


def _facts_of(node: Node, one: Addressee, uses: Mapping[int, Sequence[Use]], message: str) -> dict[str, Any]:
    """What somebody is told: of their own versions alone, and of the node only where they may see it."""
    items = one.items
    return {
        "node": labels.say(node)[:_NODE_CHARS] if one.is_named else _UNNAMED,
        "reached": _say_reached(items),
        "versions": [_say_version(item, uses.get(item.version_key, ())) for item in items[:_LISTED]],
        "more": max(len(items) - _LISTED, 0),
        "text": message,
        "page": f"/lineage?node={quote(node.id, safe='')}" if one.is_named else _tab_of(items[0]),
    }


def _say_reached(items: Sequence[Reached]) -> str:
    first, more = items[0], len(items) - 1
    called = first.address if first.steps else "that version itself"
    return called + (f" and {more} more of your versions" if more else "")


def _say_version(item: Reached, uses: Sequence[Use]) -> str:
    """A version in a letter: how it stands, where it is live, and who uses it."""
    live = f"live in {', '.join(item.live_in)}" if item.endpoints else "live nowhere"
    text = f"{item.address} ({STATES[item.state].label}, {TIERS[item.risk_tier].label} risk): {live}"
    if not uses:
        return text
    more = len(uses) - _USERS_LISTED
    named = ", ".join(use.name for use in uses[:_USERS_LISTED])
    return f"{text}; used by {named}" + (f" and {more} more" if more > 0 else "")


def _tab_of(item: Reached) -> str:
    return f"/models/{item.model}/versions/{quote(item.version, safe='')}/lineage"


def _record(work: Work, actor: Actor, found: Preview, message: str) -> None:
    """
    One event, on the version that is the node, or the nearest that is reached, with what everybody may know who reads
    that version's trail. Of whom they may not know, another on the first of those people's own versions.
    """
    impact, restricted = found.impact, found.audience.restricted
    # What is nearest tells of the node itself, so that whoever reads its trail sees the node.
    at = min(impact.items, key=lambda item: (item.steps, item.path[-1] in restricted))
    own = {item.path[-1] for item in impact.items if item.model_key == at.model_key}
    known = [
        one for one in found.fresh if one.is_named and (one.is_open or any(item.path[-1] in own for item in one.items))
    ]
    items = [item for item in impact.items if all(on in own or on not in restricted for on in item.path)]
    if known:
        _note(work, actor, at, items, known, message, impact.node)
    apart: dict[tuple[str, ...], list[Addressee]] = defaultdict(list)
    for one in found.fresh:
        if one not in known:
            apart[tuple(item.path[-1] for item in one.items)].append(one)
    for some in apart.values():
        theirs = some[0].items
        _note(work, actor, theirs[0], theirs, some, message, impact.node if some[0].is_named else None)


def _note(
    work: Work, actor: Actor, at: Reached, items: Sequence[Reached], some: Sequence[Addressee], message: str,
    node: Node | None,
) -> None:  # fmt: skip
    """An event on a version: that so many of these were told, of what, and where they may know it, of which node."""
    after = {
        "versions": len(items), "live": sum(bool(item.endpoints) for item in items), "told": len(some),
        "recipients": [PersonRef(one.owner.address) for one in some[:_RECORDED]],
    }  # fmt: skip
    access.record(
        work, actor, "lineage.tell",
        object_id=work.scalar(select(versions.c.public_id).where(versions.c.id == at.version_key)),
        object_label=at.address, reason=message,
        after=after if node is None else {"node": Veiled(node.id[:_NODE_CHARS]), **after},
    )  # fmt: skip
