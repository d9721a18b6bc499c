"""Policies as pages: everyone reads the rules, Security Architects write them, a second person confirms."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.policies import exception_queries, queries, service, trying
from modelkeep_server.features.policies.exception_queries import ExceptionFilter
from modelkeep_server.features.policies.trying import VersionTrial, WideTrial
from modelkeep_server.features.policies.views import Wording
from modelkeep_server.features.policies.writing import Draft
from modelkeep_server.interfaces.doorway import Desk, read_form
from modelkeep_server.interfaces.policy_forms import read_version_address
from modelkeep_server.interfaces.web.contexts.policies import NewPolicyContext, PoliciesContext, PolicyContext
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, split_entries, text_of
from modelkeep_server.interfaces.web.refusals import FormOf, Refusal
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid, NameTaken, NotFound, RegistryError, Stale
from modelkeep_server.rules.policy_facts import EXAMPLES, RULES_MAX, Example

router = make_router()

PAGE_ROWS = 50
DECIDE = FormOf("decide", {"reason": "Your reason"})
SWITCH = FormOf("switch", {"reason": "Reason"})
#: So many of the exceptions from a policy stand on its page.
EXCEPTIONS_SHOWN = 10
TEXTS = ("name", "description", "severity", "groups", "reason", "version")


@dataclass(frozen=True)
class _Typed:
    """What stands in the editor."""

    values: Mapping[str, str]
    enabled: bool
    tiers: tuple[str, ...]
    targets: tuple[str, ...]
    rules: tuple[tuple[str, str, str], ...]
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def draft(self) -> Draft:
        """As the acts take it."""
        groups, rules = split_entries(self.values["groups"]), [(a, b, c or None) for a, b, c in self.rules]
        return Draft(
            self.values["name"], self.values["description"], self.values["severity"], self.enabled, self.tiers,
            self.targets, groups, rules,
        )  # fmt: skip

    @property
    def controls(self) -> dict[str, Any]:
        """As the contexts take it."""
        values = {**self.values, "enabled": "yes" if self.enabled else ""}
        return {
            "values": values, "errors": self.errors, "rules": self.rules, "chosen_tiers": self.tiers,
            "chosen_targets": self.targets,
        }  # fmt: skip

    @classmethod
    def of(cls, wording: Wording) -> "_Typed":
        """What a policy says."""
        values = {
            "name": wording.name, "description": wording.description, "severity": wording.severity.value,
            "groups": ", ".join(wording.scope.groups), "reason": "", "version": "",
        }  # fmt: skip
        rules = tuple((rule.expression, rule.message, rule.detail or "") for rule in wording.rules)
        tiers, targets = wording.scope.risk_tiers, wording.scope.targets
        return cls(values, wording.enabled, tuple(tiers), tuple(targets), rules)

    @classmethod
    def sent(cls, form: FormData) -> "_Typed":
        """What was typed. A rule with nothing in it is none."""
        names = [
            [f"rules[{position}].{part}" for part in ("expression", "message", "detail")]
            for position in range(RULES_MAX)
        ]
        rules = [tuple(text_of(form, name) for name in row) for row in names]
        return cls(
            {name: text_of(form, name) for name in TEXTS},
            text_of(form, "enabled") == "yes",
            tuple(str(one) for one in form.getlist("riskTiers")),
            tuple(str(one) for one in form.getlist("targets")),
            tuple((row[0], row[1], row[2]) for row in rules if any(part.strip() for part in row)),
        )


_NEW = _Typed(
    {"name": "", "description": "", "severity": "BLOCK", "groups": "", "reason": "", "version": ""}, True, (), (), ()
)


@router.get("/policies")
@door.reads("policy.read")
def show_policies(work: Work, actor: Actor, cursor: Cursor = "") -> Page:
    """What are the rules?"""
    rows = queries.list_policies(work, limit=PAGE_ROWS, cursor=cursor or None)
    return Page.of(PoliciesContext(policies=rows, waiting=queries.list_waiting(work), cursor=cursor or None))


@router.get("/policies/new")
@door.reads("policy.read")
def start_policy(work: Work, actor: Actor) -> Page:
    """How do I write one?"""
    return Page.of(NewPolicyContext(**_NEW.controls))


@router.post("/policies")
@door.posts("policy.create")
def create_policy(work: Work, actor: Actor, form: FormData) -> Page | Redirect:
    """Write a policy, or show the form again with what is wrong beside each control."""
    typed = _Typed.sent(form)
    try:
        policy = service.create_policy(work, actor, typed.draft, reason=typed.values["reason"] or None)
    except (Invalid, NameTaken) as error:
        again = replace(typed, errors=errors_by_field(error.errors))
        return Page.of(NewPolicyContext(**again.controls), error.status)
    return Redirect(f"/policies/{policy.id}?done=policy")


@router.post("/policies/try")
@door.streams("policy.try")
async def try_policy(desk: Desk, request: Request) -> Page:
    """What would it say? The editor again, with what came of trying."""
    form = await read_form(request)
    return await desk.read(lambda work, actor: _try(work, actor, form))


@router.get("/policies/{id}")
@door.reads("policy.read")
def show_policy(work: Work, actor: Actor, id: str) -> Page:
    """What does it demand, since when, and who decided so?"""
    return _show(work, actor, id)


@router.post("/policies/{id}")
@door.posts("policy.update")
def update_policy(work: Work, actor: Actor, id: str, form: FormData) -> Page | Redirect:
    """Save a revision, or show the form again with what is wrong, or with who changed it meanwhile."""
    typed = _Typed.sent(form)
    base = _base_of(form)
    expected = set() if base is None else {base}
    reason = typed.values["reason"] or None
    try:
        edit = service.update_policy(
            work, actor, id, lambda _: typed.draft, expected=expected, reason=reason, explained=True
        )
    except (Invalid, NameTaken) as error:
        again = replace(typed, errors=errors_by_field(error.errors))
        return _show(work, actor, id, again, base=base, status=error.status)
    except Stale as error:
        return _show(work, actor, id, typed, stale=error.detail, status=error.status)
    return Redirect(f"/policies/{id}?done={'policy-waits' if edit.waits else 'saved'}")


def _base_of(form: FormData) -> int | None:
    """The revision that somebody began to edit, or None where the form does not say."""
    sent = text_of(form, "revision")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else None


def _switch_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, id: str) -> Page:
    return _show(work, actor, id, refused=SWITCH.refuse(form, error), status=error.status)


@router.post("/policies/{id}/switch")
@door.posts("policy.update", again=_switch_again)
def switch_policy(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Switch it on or off."""
    edit = service.switch_policy(
        work, actor, id, on=text_of(form, "on") == "yes", expected=None, reason=text_of(form, "reason") or None,
        explained=True,
    )  # fmt: skip
    return Redirect(f"/policies/{id}?done={'policy-waits' if edit.waits else 'saved'}")


def _decide_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, id: str) -> Page:
    return _show(work, actor, id, refused=DECIDE.refuse(form, error), status=error.status)


@router.post("/policies/{id}/confirm")
@door.posts("policy.confirm", again=_decide_again)
def confirm_policy(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Put in force what somebody else proposed."""
    service.confirm_revision(work, actor, id, reason=text_of(form, "reason") or None)
    return Redirect(f"/policies/{id}?done=policy-confirmed")


@router.post("/policies/{id}/decline")
@door.posts("policy.decline", again=_decide_again)
def decline_policy(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Leave it as it is."""
    service.decline_revision(work, actor, id, reason=text_of(form, "reason") or None)
    return Redirect(f"/policies/{id}?done=policy-declined")


def _try(work: Work, actor: Actor, form: FormData) -> Page:
    access.require(work, actor, "policy.try")
    typed, policy_id = _Typed.sent(form), text_of(form, "policy") or None
    example = text_of(form, "example")
    if example.isascii() and example.isdigit() and int(example[:4]) < len(EXAMPLES):
        return _use(work, actor, form, typed, EXAMPLES[int(example[:4])])
    trial: VersionTrial | WideTrial | None = None
    status = 200
    # A policy is tried before it has a name.
    draft = replace(typed.draft, name=typed.values["name"] or "Untitled")
    try:
        if text_of(form, "on") == "all":
            trial = trying.try_on_all(work, actor, draft, policy_id=policy_id)
        else:
            address = read_version_address(typed.values["version"])
            trial = trying.try_on_version(work, actor, draft, *address)
    except Invalid as error:
        typed, status = replace(typed, errors=errors_by_field(error.errors)), error.status
    except NotFound as error:
        typed, status = replace(typed, errors={"version": error.detail}), error.status
    if policy_id is None:
        return Page.of(NewPolicyContext(**typed.controls, trial=trial), status)
    return _show(work, actor, policy_id, typed, trial=trial, base=_base_of(form), status=status)


def _use(work: Work, actor: Actor, form: FormData, typed: _Typed, example: Example) -> Page:
    """The editor again, with an example as one more rule."""
    policy_id = text_of(form, "policy") or None
    rules = (*typed.rules, (example.expression, example.message, ""))
    if len(rules) > RULES_MAX:
        again = replace(typed, errors={"rules": f"A policy has at most {RULES_MAX} rules."})
    else:
        again = replace(typed, rules=rules)
    if policy_id is None:
        return Page.of(NewPolicyContext(**again.controls))
    return _show(work, actor, policy_id, again, base=_base_of(form))


def _show(
    work: Work,
    actor: Actor,
    public_id: str,
    typed: _Typed | None = None,
    *,
    trial: VersionTrial | WideTrial | None = None,
    stale: str | None = None,
    refused: Refusal | None = None,
    base: int | None = None,
    status: int = 200,
) -> Page:
    policy = queries.get_policy(work, public_id)
    shown = typed or _Typed.of(policy.wording)
    context = PolicyContext(
        policy=policy,
        base=policy.latest if base is None else base,
        revisions=queries.list_revisions(work, policy),
        is_mine=policy.proposal is not None and policy.proposal.proposer_id == actor.user_id,
        stale=stale,
        refused=refused,
        trial=trial,
        exceptions=exception_queries.list_exceptions(
            work, actor, ExceptionFilter(policy=public_id), limit=EXCEPTIONS_SHOWN
        ),
        **shown.controls,
    )
    return Page.of(context, status)
