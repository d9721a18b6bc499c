"""Who may do what: one table, deny by default, and nothing lost by holding one role more."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.rules.events import ACTIONS
from modelkeep_server.rules.lifecycle import MOVES
from modelkeep_server.rules.permission_words import what_is_missing, who_may, whom_to_ask
from modelkeep_server.rules.permissions import (
    DEFAULT_SCOPES,
    PERMISSIONS,
    ROLES,
    SEES_RESTRICTED,
    Grant,
    Relation,
    Role,
    Scope,
    acts_of,
    find_grant,
    scopes_of,
)

#: The guide, "User Roles and Permissions".
GUIDE = {
    "Model Owner": "Create, update, and manage your own models",
    "MRC": "Review and approve model promotions",
    "Security Architect": "Create policies and security reviews",
    "SRE": "Deploy models and manage infrastructure",
    "Auditor": "View audit logs and compliance reports",
    "Admin": "Full system access",
}
DECISIONS = ("promotion.approve", "promotion.request_changes")

acts = st.sampled_from(sorted(PERMISSIONS))
roles = st.frozensets(st.sampled_from(Role))
relations = st.frozensets(st.sampled_from(Relation))


def test_the_role_table_is_the_guides() -> None:
    """Six roles, each with the name and the line that the guide gives it."""
    table = {info.label: info.may for info in ROLES.values()}

    assert table == GUIDE
    assert list(ROLES) == list(Role)


def test_every_permission_is_an_action_of_the_log() -> None:
    """What needs a permission leaves events under the permission's own name, so the log can be read by it."""
    unlogged = set(PERMISSIONS) - set(ACTIONS)

    assert unlogged == set()


def test_every_move_of_the_lifecycle_has_a_permission() -> None:
    """No arrow of the diagram can be walked without a row that says who may."""
    without = {move.act for move in MOVES} - set(PERMISSIONS)

    assert without == set()


@pytest.mark.parametrize("act", PERMISSIONS)
def test_every_act_is_named_and_worded_alike(act: str) -> None:
    """An act is `noun.verb`, and its words finish the sentence "To ... you need ..."."""
    row = PERMISSIONS[act]

    assert re.fullmatch(r"[a-z]+\.[a-z_]+", act)
    assert re.fullmatch(r"[a-z][^.]*[a-z]", row.says)
    assert row.grants


@given(act=acts)
def test_nothing_is_allowed_to_nobody(act: str) -> None:
    """Deny is the default: without role and relation only what is everyone's is granted."""
    grant = find_grant(act, ())

    assert (grant is not None) == (Grant() in PERMISSIONS[act].grants)


def test_an_act_without_a_row_does_not_exist() -> None:
    """An unknown act is a fault of the program, never a silent yes or no."""
    with pytest.raises(KeyError):
        find_grant("model.devour", Role)


@given(act=acts, held=roles, more=roles, stands=relations, nearer=relations)
def test_one_role_more_never_takes_a_right_away(
    act: str, held: frozenset[Role], more: frozenset[Role], stands: frozenset[Relation], nearer: frozenset[Relation]
) -> None:
    """Rights only grow with roles and relations."""
    before = find_grant(act, held, stands)
    after = find_grant(act, held | more, stands | nearer)

    assert before is None or after is not None


@given(act=acts, held=roles, stands=relations)
def test_a_grant_is_one_of_the_acts_rows_and_is_met(
    act: str, held: frozenset[Role], stands: frozenset[Relation]
) -> None:
    """The grant that is found names no role and no relation that the person lacks."""
    grant = find_grant(act, held, stands)

    if grant is not None:
        assert grant in PERMISSIONS[act].grants
        assert grant.role in {None, *held}
        assert grant.relation in {None, *stands}


@given(act=acts, held=roles, stands=relations)
def test_a_refusal_says_what_would_help(act: str, held: frozenset[Role], stands: frozenset[Relation]) -> None:
    """The sentence names a role or a relation that the person lacks, none that they have, and whom to ask."""
    if find_grant(act, held, stands) is not None:
        return

    sentence = what_is_missing(act, held, stands)

    named = {role for role, info in ROLES.items() if re.search(rf"\b{info.label}\b", sentence)}
    assert named.isdisjoint(held)
    assert named or "this model" in sentence or "collaborator" in sentence
    assert re.fullmatch(r"Ask an? .+\.", whom_to_ask(act, stands))
    named = whom_to_ask(act, stands, owners=["o@x.org"], admins=["a@x.org", "b@x.org", "c@x.org", "d@x.org"])
    assert "(a@x.org, b@x.org, c@x.org ...)" in named
    assert ("owner" in named) == ("(o@x.org)" in named)


@pytest.mark.parametrize("act", sorted(act for act, row in PERMISSIONS.items() if Grant() not in row.grants))
def test_a_refusal_names_everyone_who_may(act: str) -> None:
    """Not the nearest way alone: each role and relation that is enough stands in it, and in whom to ask instead."""
    grants = PERMISSIONS[act].grants

    told = (what_is_missing(act, ()), who_may(act))

    for role in {grant.role for grant in grants if grant.role is not None and grant.relation is None}:
        assert all(ROLES[role].label in sentence for sentence in told)
    words = {
        Relation.OWNER: "owner of th",
        Relation.WRITE: "WRITE",
        Relation.READ: "collab",
        Relation.GRANTED: "let in",
    }
    needed = {grant.relation for grant in grants} & words.keys()
    if Relation.READ in needed:
        needed.discard(Relation.WRITE)
    for relation in needed:
        assert all(words[relation] in sentence for sentence in told)


def test_to_deprecate_an_owner_of_the_model_or_an_admin_is_needed() -> None:
    """An owner's own words: neither of the two is kept from whoever asks, and both are named where they are known."""
    bare, by_role = what_is_missing("version.deprecate", ()), what_is_missing("version.deprecate", {Role.MODEL_OWNER})
    asked = whom_to_ask("version.deprecate", owners=["o@x.org"], admins=["a@x.org"])

    assert bare.endswith("you need the role Model Owner and to be an owner of this model, or the role Admin.")
    assert by_role == "To deprecate a version you need to be an owner of this model, or the role Admin."
    assert asked == "Ask an owner of the model (o@x.org) or an Admin (a@x.org)."


@pytest.mark.parametrize(
    ("act", "ends"),
    [("model.transfer", "to do it."), ("model.retire", "to do it."), ("model.create", "to give you the role.")],
)
def test_what_an_admin_alone_does_is_asked_of_them_and_not_the_role(act: str, ends: str) -> None:
    """Nobody is sent for the role of an Admin where an Admin does the thing for them."""
    assert whom_to_ask(act, {Relation.OWNER}, admins=["a@x.org"]) == f"Ask an Admin (a@x.org) {ends}"


@given(held=roles)
def test_the_scopes_of_roles_are_those_their_acts_use(held: frozenset[Role]) -> None:
    """A token can be given every scope that its roles have a use for, and no other."""
    used = {PERMISSIONS[act].scope for act in acts_of(held)} - {None}

    assert set(scopes_of(held)) == used


@pytest.mark.parametrize("act", DECISIONS)
def test_decisions_belong_to_mrc_and_security(act: str) -> None:
    """No Admin, owner, SRE or Auditor decides by that role, however they stand to the model."""
    others = set(Role) - {Role.MRC, Role.SECURITY_ARCHITECT}

    assert find_grant(act, others, Relation) is None
    assert find_grant(act, {Role.MRC}) is not None
    assert find_grant(act, {Role.SECURITY_ARCHITECT}) is not None
    assert PERMISSIONS[act].scope is Scope.REVIEW


def test_review_is_never_a_default_scope() -> None:
    """A token decides only where somebody chose so."""
    assert DEFAULT_SCOPES == (Scope.READ, Scope.WRITE, Scope.DOWNLOAD)


@pytest.mark.parametrize("act", ["session.end", "token.create", "token.revoke"])
def test_credentials_are_never_managed_with_a_token(act: str) -> None:
    """A stolen token can neither make another nor end a session."""
    assert PERMISSIONS[act].scope is None


def test_an_auditor_changes_nothing() -> None:
    """Whoever has the role Auditor alone holds only acts that change nothing, beside what everyone has."""
    own = set(acts_of({Role.AUDITOR})) - set(acts_of(()))

    assert {act.split(".")[1] for act in own} <= {"read", "export", "try"}


def test_admins_and_controllers_see_what_is_restricted_and_owners_by_role_do_not() -> None:
    """The role Model Owner alone shows no restricted model; owning it does."""
    assert set(Role) - {Role.MODEL_OWNER} == SEES_RESTRICTED
