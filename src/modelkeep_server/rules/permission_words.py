"""
How people read the table of permissions: what a grant is called, what somebody lacks for an act, and whom to ask.
"""

from collections.abc import Collection, Sequence

from modelkeep_server.rules.permissions import PERMISSIONS, ROLES, Grant, Relation, Role

_RELATION_WORDS = {
    Relation.OWNER: "to be an owner of this model",
    Relation.WRITE: "to be a collaborator with WRITE",
    Relation.READ: "to be a collaborator with READ or WRITE",
    Relation.GRANTED: "to be let in for this version of this model",
}

_RELATION_NAMES = {
    Relation.OWNER: "owner of the model",
    Relation.WRITE: "WRITE collaborator",
    Relation.READ: "READ collaborator",
    Relation.GRANTED: "let in for the version",
    Relation.PROGRAM: "service account with WRITE and the scope deploy",
}


_RELATION_NOUNS = {
    Relation.OWNER: "an owner of the model",
    Relation.WRITE: "a collaborator with WRITE",
    Relation.READ: "a collaborator",
    Relation.GRANTED: "whoever was let in for the version",
}

#: MRC and SRE are read letter by letter.
_ROLE_NOUNS = {
    role: f"{'a' if role in (Role.MODEL_OWNER, Role.SECURITY_ARCHITECT) else 'an'} {info.label}"
    for role, info in ROLES.items()
}


def words_of(grant: Grant) -> str:
    """A grant as tables show it: "Model Owner and owner of the model"; "to be signed in" where it asks for nothing."""
    role = ROLES[grant.role].label if grant.role is not None else None
    relation = _RELATION_NAMES[grant.relation] if grant.relation is not None else None
    return " and ".join(word for word in (role, relation) if word) or "to be signed in"


def what_is_missing(act: str, roles: Collection[Role], relations: Collection[Relation] = ()) -> str:
    """
    The sentence a refusal shows: everyone who may, each by what this person lacks to be one of them.

    A program is left out, since nobody can become one.
    """
    row = PERMISSIONS[act]
    ways, roles_alone = [], []
    for grant in _grants_of_people(act):
        role = None if grant.role is None or grant.role in roles else ROLES[grant.role].label
        relation = None if grant.relation is None or grant.relation in relations else _RELATION_WORDS[grant.relation]
        if relation is None:
            roles_alone.append(role or "")
        else:
            ways.append(f"the role {role} and {relation}" if role else relation)
    if roles_alone:
        ways.append(f"one of the roles {join(roles_alone)}" if len(roles_alone) > 1 else f"the role {roles_alone[0]}")
    return f"To {row.says} you need {join(ways, comma=',')}."


def who_may(act: str) -> str:
    """Everyone who may, as the end of "Ask ...": "an owner of the model or an Admin"; of everyone "anybody here"."""
    grants = _grants_of_people(act)
    if Grant() in grants:
        return "anybody here"
    # Whoever must be an owner as well is told by that alone: it is what few are.
    stands = [_RELATION_NOUNS[grant.relation] for grant in grants if grant.relation is not None]
    roles = [_ROLE_NOUNS[grant.role] for grant in grants if grant.role is not None and grant.relation is None]
    return join([*stands, *roles])


def whom_to_ask(
    act: str, relations: Collection[Relation] = (), *, owners: Sequence[str] = (), admins: Sequence[str] = ()
) -> str:
    """
    Who can give what is missing: an owner of the model where a relation is at stake, else an Admin, who does themselves
    what is theirs.

    `owners` and `admins` are addresses of such people, named where they are known.
    """
    grants = PERMISSIONS[act].grants
    by_relation = any(grant.relation is not None and grant.relation not in relations for grant in grants)
    by_admin = any(grant.role is Role.ADMIN for grant in grants)
    admin = f"an Admin{_named(admins)}"
    if by_relation:
        end = f" or {admin}." if by_admin else f", or {admin} if you need a role."
        return f"Ask an owner of the model{_named(owners)}{end}"
    if all(grant.role is Role.ADMIN for grant in grants):
        return f"Ask {admin} to do it."
    return f"Ask {admin} to give you the role."


def join(words: Sequence[str], last: str = "or", comma: str = "") -> str:
    """Words as a list in a sentence: a, b or c; with a `comma` also before the last: a, b, or c."""
    return f"{', '.join(words[:-1])}{comma} {last} {words[-1]}" if len(words) > 1 else words[0]


def _grants_of_people(act: str) -> list[Grant]:
    """What people may hold an act by; without WRITE where READ does, which WRITE has within it."""
    grants = PERMISSIONS[act].grants
    implied = {Relation.WRITE} if any(grant.relation is Relation.READ for grant in grants) else set()
    return [grant for grant in grants if grant.relation not in {Relation.PROGRAM, *implied}]


def _named(addresses: Sequence[str]) -> str:
    """At most three of these, in brackets."""
    return f" ({', '.join(addresses[:3])}{' ...' if len(addresses) > 3 else ''})" if addresses else ""
