"""
How people read the table of permissions: what a grant is called, what somebody lacks for an act, and whom to ask.
"""

from collections.abc import Collection, Sequence

from modelkeep_server.rules.permissions import PERMISSIONS, ROLES, Grant, Relation, Role

_RELATION_WORDS = {
    Relation.OWNER: "to be an owner of this model",
    Relation.WRITE: "to be a collaborator with WRITE",
    Relation.READ: "to be a collaborator with READ",
    Relation.GRANTED: "to be let in for this version of this model",
    Relation.PROGRAM: "to be a service account with WRITE and the scope deploy",
}


_RELATION_NAMES = {
    Relation.OWNER: "owner of the model",
    Relation.WRITE: "WRITE collaborator",
    Relation.READ: "READ collaborator",
    Relation.GRANTED: "let in for the version",
    Relation.PROGRAM: "service account with WRITE and the scope deploy",
}


def words_of(grant: Grant) -> str:
    """A grant as tables show it: "Model Owner and owner of the model"; "to be signed in" where it asks for nothing."""
    role = ROLES[grant.role].label if grant.role is not None else None
    relation = _RELATION_NAMES[grant.relation] if grant.relation is not None else None
    return " and ".join(word for word in (role, relation) if word) or "to be signed in"


def what_is_missing(act: str, roles: Collection[Role], relations: Collection[Relation] = ()) -> str:
    """The sentence a refusal shows: what the act needs. Names the grants that lack least; sharing counts as far off."""
    row = PERMISSIONS[act]

    def distance(grant: Grant) -> int:
        lacks_role = grant.role is not None and grant.role not in roles
        lacks_relation = grant.relation is not None and grant.relation not in relations
        far = {Relation.OWNER: 1, Relation.PROGRAM: 3}
        return lacks_role + lacks_relation * far.get(grant.relation or Relation.OWNER, 2)

    nearest = min(map(distance, row.grants))
    roles_alone, others = [], []
    for grant in row.grants:
        if distance(grant) > nearest:
            continue
        role = None if grant.role is None or grant.role in roles else ROLES[grant.role].label
        relation = None if grant.relation is None or grant.relation in relations else _RELATION_WORDS[grant.relation]
        if relation is None:
            roles_alone.append(role or "")
        else:
            others.append(f"the role {role} and {relation}" if role else relation)
    if roles_alone:
        many = len(roles_alone) > 1
        named = f"{', '.join(roles_alone[:-1])} or {roles_alone[-1]}" if many else roles_alone[0]
        others.append(f"one of the roles {named}" if many else f"the role {named}")
    return f"To {row.says} you need {' or '.join(others)}."


def whom_to_ask(
    act: str, relations: Collection[Relation] = (), *, owners: Sequence[str] = (), admins: Sequence[str] = ()
) -> str:
    """
    Who can give what is missing: an owner of the model where a relation is at stake, else an Admin, who does themselves
    what is theirs alone.

    `owners` and `admins` are addresses of such people, named where they are known.
    """
    by_relation = any(g.relation is not None and g.relation not in relations for g in PERMISSIONS[act].grants)
    admin = f"an Admin{_named(admins)}"
    if by_relation:
        return f"Ask an owner of the model{_named(owners)}, or {admin} if you need a role."
    if all(grant.role is Role.ADMIN for grant in PERMISSIONS[act].grants):
        return f"Ask {admin} to do it."
    return f"Ask {admin} to give you the role."


def _named(addresses: Sequence[str]) -> str:
    """At most three of these, in brackets."""
    return f" ({', '.join(addresses[:3])}{' ...' if len(addresses) > 3 else ''})" if addresses else ""
