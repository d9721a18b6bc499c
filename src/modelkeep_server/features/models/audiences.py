"""
Who is told of an act on a model: for each group of rules/notices.py one statement that finds its people.

Whoever does not see the model is in none of them (product, "Visibility").
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, literal, select, union_all

from modelkeep_server.db.tables import (
    comments,
    model_owners,
    models,
    people,
    promotions,
    reviews,
    role_grants,
    team_members,
    teams,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.separation import select_barred
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.models.visibility import seen_by_person
from modelkeep_server.features.notify.telling import tell
from modelkeep_server.rules.approvals import DECIDERS
from modelkeep_server.rules.notices import KINDS, Group
from modelkeep_server.rules.permissions import Role


@dataclass(frozen=True)
class About:
    """
    What is told about: a model with its owners as sent, and a version of it or None, by inside ids.

    `named` are e-mails of whom it concerns; `deciders` are the roles of those who may decide.
    """

    model_key: int
    owners: Sequence[str]
    version_key: int | None = None
    named: Sequence[str] = ()
    deciders: Sequence[Role] = DECIDERS

    @classmethod
    def of(cls, model: Model, version_key: int | None = None, *, named: Sequence[str] = ()) -> "About":
        """A model at hand, and a version of it."""
        return cls(model.key, model.owners, version_key, named)


def tell_about(
    work: Work,
    actor: Actor | None,
    kind: str,
    facts: Mapping[str, Any],
    about: About,
    *,
    href: str,
    once: str | None = None,
) -> bool:
    """
    Tell whoever rules/notices.py names for this kind. As many statements as `tell`, which says the rest.

    An address among the owners that is no person's is written to where owners are told.
    """
    groups = KINDS[kind].groups
    addresses = about.owners if Group.OWNERS in groups else ()
    who = select_people(groups, about, work.now)
    return tell(work, actor, kind, facts, who, href=href, model_key=about.model_key, addresses=addresses, once=once)


def list_addresses(work: Work, model_keys: Collection[int]) -> dict[int, list[str]]:
    """The owners of models as they were sent, by the models' inside ids: for what tells of many. One statement."""
    here = (model_owners.c.model_id.in_(model_keys), model_owners.c.removed_at.is_(None))
    found: dict[int, list[str]] = {}
    for row in work.all(select(model_owners.c.model_id, model_owners.c.email).where(*here)):
        found.setdefault(row.model_id, []).append(row.email)
    return found


def select_people(groups: Sequence[Group], about: About, now: datetime) -> Select[Any]:
    """People of these groups who see the model: `person_id`, and `mails`, 0 for who owns through a team alone."""
    found = union_all(*(_SELECTS[group](about) for group in groups)).subquery()
    return select(found.c.person_id, found.c.mails).where(seen_by_person(found.c.person_id, about.model_key, now))


def _select_owners(about: About) -> Select[Any]:
    """A team is written to at its own address: its members are told in the app."""
    owning = (model_owners.c.model_id == about.model_key) & model_owners.c.removed_at.is_(None)
    registrar = select(models.c.registrar_id, literal(1)).where(
        models.c.id == about.model_key, models.c.registrar_id.is_not(None)
    )
    by_email = (
        select(people.c.id, literal(1)).join(model_owners, model_owners.c.email_key == people.c.email_key).where(owning)
    )
    by_team = (
        select(team_members.c.person_id.label("person_id"), literal(0).label("mails"))
        .join(teams, (teams.c.id == team_members.c.team_id) & teams.c.ended_at.is_(None))
        .join(model_owners, model_owners.c.email_key == teams.c.email_key)
        .where(owning, team_members.c.ended_at.is_(None))
    )
    found = union_all(by_team, by_email, registrar).subquery()
    return select(found.c.person_id, found.c.mails)


def _select_reviewers(about: About) -> Select[Any]:
    """Whoever may decide: by role, and apart from whoever owned the model or worked on the version."""
    deciders = _holders(*about.deciders)
    barred = select_barred(about.model_key, about.version_key)
    return deciders.where(role_grants.c.person_id.not_in(barred))


def _select_round(about: About) -> Select[Any]:
    """Whoever asked for, decided on or said something of the version."""
    asked = select(promotions.c.requested_by.label("person_id")).where(promotions.c.version_id == about.version_key)
    decided = (
        select(reviews.c.person_id)
        .join(promotions, promotions.c.id == reviews.c.promotion_id)
        .where(promotions.c.version_id == about.version_key)
    )
    said = select(comments.c.person_id).where(comments.c.version_id == about.version_key)
    found = union_all(asked, decided, said).subquery()
    return select(found.c.person_id, literal(1).label("mails"))


def _select_named(about: About) -> Select[Any]:
    named = select(people.c.id.label("person_id"), literal(1).label("mails"))
    return named.where(people.c.email_key.in_([one.casefold() for one in about.named]))


def _holders(*roles: Role) -> Select[Any]:
    held = select(role_grants.c.person_id.label("person_id"), literal(1).label("mails"))
    return held.where(role_grants.c.ended_at.is_(None), role_grants.c.role.in_([role.value for role in roles]))


_SELECTS: Mapping[Group, Callable[[About], Select[Any]]] = {
    Group.OWNERS: _select_owners,
    Group.REVIEWERS: _select_reviewers,
    Group.ROUND: _select_round,
    Group.SRES: lambda _: _holders(Role.SRE),
    Group.MRCS: lambda _: _holders(Role.MRC),
    Group.ADMINS: lambda _: _holders(Role.ADMIN),
    Group.NAMED: _select_named,
}
