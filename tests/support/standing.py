"""
Everybody who may stand before one model: a person for each role and each relation, in their own browsers.

Each role has models of its own, one that everyone sees and one that is restricted, so that a registrar, an owner and a
collaborator of every role are there at once.
"""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from modelkeep_server.features.models.views import Model
from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role, Scope
from tests.support.clients import Api, Browser, Client
from tests.support.make import Make, Person
from tests.support.promoting import COMPLETE
from tests.support.registries import Registry

#: The columns of the golden table after "nobody": no role, and each role alone.
ROLES: tuple[Role | None, ...] = (None, *Role)
#: Its rows: how somebody stands to the model.
RELATIONS = ("stranger", "READ", "WRITE", "registrar", "owner", "team", "former")
VISIBILITIES = ("INTERNAL", "RESTRICTED")
FILE = "model.safetensors"


@dataclass(frozen=True)
class Target:
    """
    One model with its versions, as addresses name them: a draft `version` with a file, one that may move to STAGING,
    and one in STAGING that is asked to go on to PRODUCTION. `ids` of what hangs on them, by the noun in its address.
    """

    group: str
    name: str
    path: str
    ids: Mapping[str, str]
    #: Of the content that reviewers of the version in STAGING decide on.
    digest: str
    version: str = "1.0.0"
    approved: str = "2.0.0"
    staged: str = "3.0.0"

    @property
    def address(self) -> str:
        """`group/name`."""
        return f"{self.group}/{self.name}"


@dataclass(frozen=True)
class World:
    """
    Who is there, and what. `browsers` by role and relation, `targets` by role, relation and visibility.

    `programs` are tokens of one scope each, of a person with every role who owns the model `owned`.
    """

    browsers: dict[tuple[Role | None, str], Browser]
    targets: dict[tuple[Role | None, str, str], Target]
    things: dict[str, str]
    programs: dict[Scope, Client]
    owned: Target


class _Builder:
    def __init__(self, registry: Registry, make: Make, api: Api) -> None:
        self.registry, self.make, self.api = registry, make, api
        self.admin = make.person(Role.ADMIN, name="admin")
        # Who sees a restricted model and may not download from it, and so has something to ask for.
        self.asker = make.person(Role.AUDITOR, name="asker")
        self.mrc, self.sre = make.person(Role.MRC, name="mrc"), make.person(Role.SRE, name="sre")
        self.policy = self.call(self.admin, "GET", "/policies")["items"][0]["id"]
        told = {"name": f"golden-{secrets.token_hex(4)}", "kind": "STAGING"}
        self.environment = self.call(self.sre, "POST", "/environments", json=told)["id"]

    def call(self, person: Person, method: str, path: str, **more: Any) -> Any:
        answer = self.api.as_(person).request(method, f"/api/v1{path}", **more)
        assert answer.status_code < 300, (method, path, answer.text)
        return answer.json() if answer.content else None

    def people_of(self, role: Role | None) -> dict[str, Person]:
        """A person a relation. Who is to register a model or to own one is a Model Owner for as long as that takes."""
        wanted = () if role is None else (role,)
        return {
            relation: self.make.person(
                *dict.fromkeys((*wanted, Role.MODEL_OWNER) if relation in ("registrar", "former") else wanted),
                name=relation.lower(),
            )
            for relation in RELATIONS
        }

    def team_of(self, member: Person) -> str:
        address = f"team-{member.email}"
        body = {"name": f"Team {member.email}", "email": address, "members": [member.email]}
        self.call(self.admin, "POST", "/teams", json=body)
        return address

    def model(self, registrar: Person, owners: list[str], visibility: str) -> Target:
        model = self.make.model(registrar, owners=owners, visibility=visibility)
        draft, approved, staged = (self.version(registrar, model, number) for number in ("1.0.0", "2.0.0", "3.0.0"))
        self.approve(registrar, approved, "STAGING")
        self.approve(registrar, staged, "STAGING")
        self.call(self.sre, "POST", f"{staged}/moves", json={"to": "STAGING"})
        return Target(model.group, model.name, FILE, *self.hang_on(registrar, model.address, draft, staged))

    def version(self, registrar: Person, model: Model, number: str) -> str:
        """A draft that lacks nothing for its promotion."""
        self.make.version(model, registrar, version=number, metadata=COMPLETE)
        base = f"/models/{model.address}/versions/{number}"
        self.call(
            registrar, "PUT", f"{base}/artifacts/{FILE}", params={"type": "WEIGHTS"}, content=self.make.safetensors()
        )
        measured = {"dataset": {"name": "holdout"}, "metrics": [{"name": "auc", "value": 0.9}]}
        self.call(registrar, "POST", f"{base}/evaluations", json=measured)
        return base

    def ask(self, registrar: Person, base: str, target: str) -> dict[str, str]:
        told = {"target": target, "justification": "For the table."}
        asked: dict[str, str] = self.call(registrar, "POST", f"{base}/promotions", json=told)
        return asked

    def approve(self, registrar: Person, base: str, target: str) -> None:
        digest = self.ask(registrar, base, target)["digest"]
        told = {"decision": "APPROVE", "comment": "For the table.", "digest": digest}
        self.call(self.mrc, "POST", f"{base}/reviews", json=told)

    def hang_on(self, registrar: Person, model: str, draft: str, staged: str) -> tuple[dict[str, str], str]:
        """What there is of a model that has an id of its own, and the digest under review."""
        asked = self.ask(registrar, staged, "PRODUCTION")
        live = {"model": model, "environment": self.environment, "live": [{"version": "3.0.0", "share": 100}]}
        self.call(self.sre, "POST", "/deployments", json=live)
        excepted = {
            "policy": self.policy, "version": f"{model}:1.0.0", "justification": "Once.", "risk": "Little.",
            "mitigation": "Watched.", "expiresAt": (clock.utc_now() + timedelta(days=30)).isoformat(),
        }  # fmt: skip
        access = {"model": model, "purpose": "Looking.", "days": 7}
        runs = self.call(registrar, "GET", f"{draft}/evaluations")["items"]
        ids = {
            "promotions": asked["id"],
            # Nothing is live any more, so that there is something to roll back, and the environment may be ended.
            "deployments": self.call(self.sre, "POST", "/deployments", json={**live, "live": []})["id"],
            "findings": self.call(self.mrc, "POST", f"{staged}/findings", json={"text": "For the table."})["id"],
            "exceptions": self.call(registrar, "POST", "/exceptions", json=excepted)["id"],
            "access-requests": self.call(self.asker, "POST", "/access-requests", json=access)["id"],
            "evaluations": runs[0]["id"],
        }
        return ids, asked["digest"]

    def let_in(self, owner: Person, model: str, person: Person, access: str) -> None:
        self.call(owner, "PUT", f"/models/{model}/collaborators/{person.email}", json={"access": access})

    def end_role(self, person: Person, role: Role) -> None:
        found = self.call(self.admin, "GET", "/users", params={"q": person.email})["items"]
        self.call(self.admin, "DELETE", f"/users/{found[0]['id']}/roles/{role.value}")


def make_world(registry: Registry, make: Make, api: Api) -> World:
    """Everybody and everything; a few hundred requests."""
    builder = _Builder(registry, make, api)
    browsers: dict[tuple[Role | None, str], Browser] = {}
    targets: dict[tuple[Role | None, str, str], Target] = {}
    for role in ROLES:
        people = builder.people_of(role)
        team = builder.team_of(people["team"])
        for visibility in VISIBILITIES:
            target = builder.model(people["registrar"], [people["owner"].email, team], visibility)
            for access in ("READ", "WRITE"):
                builder.let_in(people["registrar"], target.address, people[access], access)
            once = builder.model(people["former"], [people["former"].email], visibility)
            new_owners = {"owners": [people["owner"].email], "reason": "Moved on."}
            builder.call(builder.admin, "POST", f"/models/{once.address}/transfer", json=new_owners)
            for relation in RELATIONS:
                targets[role, relation, visibility] = once if relation == "former" else target
        for relation in ("registrar", "former"):
            if role is not Role.MODEL_OWNER:
                builder.end_role(people[relation], Role.MODEL_OWNER)
        browsers |= {(role, relation): api.browser(person) for relation, person in people.items()}
    everything = make.person(*Role, name="everything")
    owned = builder.model(everything, [everything.email], "INTERNAL")
    return World(browsers, targets, _make_things(builder), _make_programs(api, everything), owned)


def _make_programs(api: Api, person: Person) -> dict[Scope, Client]:
    browser = api.browser(person)
    made = {}
    for scope in Scope:
        answer = browser.call("POST", "/api/v1/tokens", json={"name": scope.value, "scopes": [scope.value]})
        assert answer.status_code == 201, answer.text
        made[scope] = api.with_token(answer.json()["token"])
    return made


def _make_things(builder: _Builder) -> dict[str, str]:
    """What is not of a model, by the noun in its address: somebody else's, so that nobody stands to it in any way."""
    call, admin = builder.call, builder.admin
    somebody = builder.make.person(Role.MODEL_OWNER, name="somebody")
    found = call(admin, "GET", "/users", params={"q": somebody.email})["items"][0]
    team = call(
        admin, "POST", "/teams", json={"name": f"T {somebody.email}", "email": f"t-{somebody.email}", "members": []}
    )
    invitation = call(admin, "POST", "/invitations", json={"email": f"new-{somebody.email}", "roles": []})
    incident = call(
        builder.sre, "POST", "/incidents",
        json={"title": "Slow", "components": ["database"], "impact": "DEGRADED", "text": "We look."},
    )  # fmt: skip
    named = {"name": somebody.email.split("@")[0], "purpose": "For the table.", "scopes": ["read"]}
    service = builder.api.browser(somebody).call("POST", "/api/v1/service-accounts", json=named)
    assert service.status_code == 201, service.text
    return {
        "users": found["id"],
        "people": found["id"],
        "email": somebody.email,
        "teams": team["id"],
        "service-accounts": service.json()["id"],
        "webhooks": _make_webhook(builder),
        "invitations": invitation["id"],
        "incidents": incident["id"],
        "policies": builder.policy,
        "evaluation-suites": _make_suite(builder),
        "environments": builder.environment,
    }


def _make_suite(builder: _Builder) -> str:
    suite = {"name": f"Golden {secrets.token_hex(4)}", "description": "For the table.", "scope": {"groups": ["none"]},
             "thresholds": [{"metric": "auc", "comparison": ">=", "value": 0.5}]}  # fmt: skip
    return str(builder.call(builder.make.person(Role.MRC), "POST", "/evaluation-suites", json=suite)["id"])


def _make_webhook(builder: _Builder) -> str:
    told = {"name": f"Golden {secrets.token_hex(4)}", "url": "https://hooks.example.com/", "kinds": ["review.asked"],
            "enabled": False}  # fmt: skip
    made = builder.api.browser(builder.make.person(Role.ADMIN)).call("POST", "/api/v1/webhooks", json=told)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


class _Undone(Exception):
    """What a rehearsal is left with, so that nothing of it stays."""


@contextlib.contextmanager
def rehearsing(registry: Registry) -> Iterator[None]:
    """
    Every act goes as far as its answer and is then rolled back, so that the next to try it finds the same world.

    The answer that a door gives is drawn before the commit, so it is the true one.
    """
    database = registry.house.database
    original = database.writing

    @contextlib.contextmanager
    def undone(*told: Any) -> Iterator[Any]:
        with contextlib.suppress(_Undone), original(*told) as work:
            yield work
            raise _Undone

    database.writing = undone  # type: ignore[method-assign]
    try:
        yield
    finally:
        database.writing = original  # type: ignore[method-assign]
