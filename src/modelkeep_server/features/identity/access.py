"""
Asking permission, and recording who did what. Every act calls `require` before it writes; the doorway checks that
it did.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from modelkeep_server.db import recording
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.people import lookups
from modelkeep_server.features.identity.service_accounts.views import SCOPES
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.rules import permission_words, permissions
from modelkeep_server.rules.errors import ConfirmNeeded, NotPermitted, NotSignedIn
from modelkeep_server.rules.events import Outcome
from modelkeep_server.rules.permissions import PERMISSIONS, Relation, Scope


def may(actor: Actor, act: str, relations: Collection[Relation] = ()) -> bool:
    """Whether the actor may do this, without a word about why not."""
    return why_not(actor, act, relations) is None


def may_by_standing(actor: Actor, act: str, relations: Collection[Relation] = ()) -> bool:
    """Whether the actor's roles and relations allow this, whatever the token that they came with is limited to."""
    return actor.is_known and permissions.find_grant(act, actor.roles, relations) is not None


def why_not(actor: Actor, act: str, relations: Collection[Relation] = ()) -> str | None:
    """The sentence that says what the actor lacks for this act, or None where nothing is lacking."""
    if not actor.is_known:
        return "You are not signed in."
    # Another token would not help whoever lacks the role.
    if permissions.find_grant(act, actor.roles, relations) is None:
        return permission_words.what_is_missing(act, actor.roles, relations)
    return _say_scope(act) if _lacks_scope(actor, act) else None


def require(
    work: Work, actor: Actor, act: str, relations: Collection[Relation] = (), *, owners: Sequence[str] = ()
) -> None:
    """
    Go on only where the actor may do this; note the role or relation that allowed it, for the event.

    `owners` are those of the model at stake, whom a refusal names. One statement where it is refused, else none.

    Raises:
        NotSignedIn: Nobody is known to be asking.
        NotPermitted: Says which role, relation or scope is missing and whom to ask.
        ConfirmNeeded: The session's person showed too long ago who they are, for an act that asks for it.
    """
    if not actor.is_known:
        raise NotSignedIn("You are not signed in.")
    reason = why_not(actor, act, relations)
    if reason is not None:
        raise NotPermitted(reason, remedy=_remedy(work, actor, act, relations, owners))
    minutes = PERMISSIONS[act].fresh_minutes
    if minutes is not None:
        demand_fresh(actor, minutes, PERMISSIONS[act].says)
    grant = permissions.find_grant(act, actor.roles, relations)
    work.granted[act] = None if grant is None else grant.standing


def demand_scope(actor: Actor, act: str) -> None:
    """Raises NotPermitted where the actor came with a token that is for other things: before anything is looked up."""
    if _lacks_scope(actor, act):
        raise NotPermitted(_say_scope(act), remedy=_say_how_to_get_scope(actor, act))


def is_fresh(actor: Actor, minutes: int) -> bool:
    """Whether the actor showed within so many minutes who they are. A token always did."""
    if actor.method != "session":
        return True
    if actor.as_of is None or actor.authenticated_at is None:
        return False
    return actor.as_of - actor.authenticated_at <= timedelta(minutes=minutes)


def demand_fresh(actor: Actor, minutes: int, says: str) -> None:
    """Raises ConfirmNeeded where a session's person showed more than so many minutes ago who they are."""
    if not is_fresh(actor, minutes):
        raise ConfirmNeeded(f"To {says} you need to have shown within {minutes} minutes that it is you.")


def say_whom_to_ask(work: Work, act: str, relations: Collection[Relation] = (), *, owners: Sequence[str] = ()) -> str:
    """Who can give what the act needs, by name. One statement."""
    return permission_words.whom_to_ask(act, relations, owners=owners, admins=lookups.list_admins(work))


def say_who_may(act: str) -> str:
    """Whom to ask to do an act, by what they are: no statement is asked for names."""
    return f"Ask {permission_words.who_may(act)}."


def _remedy(work: Work, actor: Actor, act: str, relations: Collection[Relation], owners: Sequence[str]) -> str:
    scope = _say_how_to_get_scope(actor, act) if _lacks_scope(actor, act) else ""
    if permissions.find_grant(act, actor.roles, relations) is not None:
        return scope
    return f"{say_whom_to_ask(work, act, relations, owners=owners)} {scope}".rstrip()


def _lacks_scope(actor: Actor, act: str) -> bool:
    return actor.scopes is not None and PERMISSIONS[act].scope not in actor.scopes


def _say_scope(act: str) -> str:
    """What a token lacks that is for other things."""
    scope = PERMISSIONS[act].scope
    if scope is None:
        return f"To {PERMISSIONS[act].says} you need to be signed in; a token is not enough."
    return f"To {PERMISSIONS[act].says} this token needs the scope {scope.value}."


def _say_how_to_get_scope(actor: Actor, act: str) -> str:
    """How a token comes by what it lacks for this act; where none may have it, who does it instead."""
    scope = PERMISSIONS[act].scope
    if actor.is_service:
        if scope not in SCOPES:
            return "No service account may: a person does it."
        return f"Its sponsor makes a token with the scope {scope.value} on the page of the service account."
    if scope is None:
        return "Sign in to the pages, and do it there."
    wanted = [one.value for one in Scope if one is scope or one in (actor.scopes or ())]
    options = " ".join(f"--scope {one}" for one in wanted)
    return (
        f"Create a token with the scope {scope.value} on your profile page, or by `modelkeep login {options}`; "
        "or do it in the pages."
    )


def record(
    work: Work,
    actor: Actor,
    action: str,
    *,
    object_id: str,
    object_label: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
    outcome: Outcome = Outcome.ALLOWED,
    rule: str | None = None,
    under: str | None = None,
) -> None:
    """Note what this actor did, under the role that allowed it, or allowed `under` where that act has another name."""
    recording.record(
        work,
        action,
        actor=actor.pseudonym,
        actor_kind=actor.kind,
        auth=actor.method,
        role=work.granted.get(under or action),
        object_id=object_id,
        object_label=object_label,
        before=before,
        after=after,
        reason=reason,
        outcome=outcome,
        rule=rule,
    )
