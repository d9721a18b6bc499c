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

from modelkeep_server.features.jobs.running import Runner
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.notify.webhooks.queueing import WEBHOOK
from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role, Scope
from tests.support import tus
from tests.support.belongings import give_belongings
from tests.support.clients import Api, Browser, Client
from tests.support.make import Make, Person
from tests.support.model_files import unjudged_archive
from tests.support.promoting import COMPLETE
from tests.support.registries import Registry

#: The columns of the golden table after "nobody": no role, and each role alone.
ROLES: tuple[Role | None, ...] = (None, *Role)
#: Its rows: how somebody stands to the model.
RELATIONS = ("stranger", "READ", "WRITE", "registrar", "owner", "team", "former")
VISIBILITIES = ("INTERNAL", "RESTRICTED")
FILE = "model.safetensors"
UNWAIVED, WAIVED = "asked.bin", "waived.bin"


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
    #: A draft of files that no rule judges, where there is one: UNWAIVED, and WAIVED that somebody answers for.
    unjudged: str | None = None

    @property
    def address(self) -> str:
        """`group/name`."""
        return f"{self.group}/{self.name}"


@dataclass(frozen=True)
class World:
    """
    Who is there, and what. `browsers` by role and relation, `targets` by role, relation and visibility.

    `things` are ids by the noun in an address, or by noun and verb (`policies/confirm`) where an act takes one that
    stands otherwise. `own` are those that belong to whoever has a browser, by its secret. `programs` are tokens of one
    scope each, of a person with every role who owns the model `owned`.
    """

    browsers: dict[tuple[Role | None, str], Browser]
    targets: dict[tuple[Role | None, str, str], Target]
    things: dict[str, str]
    own: dict[str, dict[str, str]]
    programs: dict[Scope, Client]
    owned: Target


class _Builder:
    def __init__(self, registry: Registry, make: Make, api: Api) -> None:
        self.registry, self.make, self.api = registry, make, api
        self.admin = make.person(Role.ADMIN, name="admin")
        # Who sees a restricted model and may not download from it, and so has something to ask for.
        self.asker = make.person(Role.AUDITOR, name="asker")
        self.mrc, self.sre = make.person(Role.MRC, name="mrc"), make.person(Role.SRE, name="sre")
        self.guard = make.person(Role.SECURITY_ARCHITECT, name="guard")
        self.policy, self.loosened = (one["id"] for one in self.call(self.admin, "GET", "/policies")["items"][:2])
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

    def model(self, registrar: Person, owners: list[str], visibility: str, *, has_unjudged: bool = False) -> Target:
        model = self.make.model(registrar, owners=owners, visibility=visibility)
        draft, approved, staged = (self.version(registrar, model, number) for number in ("1.0.0", "2.0.0", "3.0.0"))
        self.approve(registrar, approved, "STAGING")
        self.approve(registrar, staged, "STAGING")
        self.call(self.sre, "POST", f"{staged}/moves", json={"to": "STAGING"})
        ids, digest = self.hang_on(registrar, model.address, draft, staged)
        if not has_unjudged:
            return Target(model.group, model.name, FILE, ids, digest)
        waiver = self.add_unjudged(registrar, model, "0.9.0")
        return Target(model.group, model.name, FILE, {**ids, "waivers": waiver}, digest, unjudged="0.9.0")

    def add_unjudged(self, registrar: Person, model: Model, number: str) -> str:
        """The id of a waiver, for one of two files of a version that no rule judges."""
        self.make.version(model, registrar, version=number)
        files = f"/models/{model.address}/versions/{number}/artifacts"
        for path in (UNWAIVED, WAIVED):
            self.call(registrar, "PUT", f"{files}/{path}", params={"type": "WEIGHTS"}, content=unjudged_archive())
        waived = self.call(self.guard, "POST", f"{files}/{WAIVED}/waivers", json={"reason": "For the table."})
        return str(waived["id"])

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
        for step in ("card", "card/publish"):
            self.call(registrar, "POST", f"{staged}/{step}")
        asked = self.ask(registrar, staged, "PRODUCTION")
        live = {"model": model, "environment": self.environment, "live": [{"version": "3.0.0", "share": 100}]}
        self.call(self.sre, "POST", "/deployments", json=live)
        excepted = {
            "policy": self.policy, "version": f"{model}:1.0.0", "justification": "Once.", "risk": "Little.",
            "mitigation": "Watched.", "expiresAt": (clock.utc_now() + timedelta(days=30)).isoformat(),
        }  # fmt: skip
        access = {"model": model, "purpose": "Looking.", "days": 7}
        runs = self.call(registrar, "GET", f"{draft}/evaluations")["items"]
        self.call(registrar, "POST", f"{draft}/card")
        consumer = self.call(registrar, "POST", f"{draft}/lineage", json={"kind": "CONSUMER", "name": "gone"})["id"]
        self.call(registrar, "DELETE", f"{draft}/lineage/items/{consumer}")
        ids = {
            "promotions": asked["id"],
            # Nothing is live any more, so that there is something to roll back, and the environment may be ended.
            "deployments": self.call(self.sre, "POST", "/deployments", json={**live, "live": []})["id"],
            "findings": self.call(self.mrc, "POST", f"{staged}/findings", json={"text": "For the table."})["id"],
            "exceptions": self.call(registrar, "POST", "/exceptions", json=excepted)["id"],
            "access-requests": self.call(self.asker, "POST", "/access-requests", json=access)["id"],
            "evaluations": runs[0]["id"],
            # What stands in a version's own fields has ids that are words.
            "lineage": "training-dataset",
            "items": "training-dataset",
            "removed": consumer,
        }
        return ids, asked["digest"]

    def begin_upload(self, person: Person, target: Target) -> str:
        """The id of an upload to the draft of a model."""
        begun = tus.begin(self.api.as_(person), f"{target.address}:{target.version}", 5, path="begun.safetensors")
        assert begun.status_code == 201, begun.text
        return str(begun.headers["location"].rpartition("/")[2])

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
    strangers: list[tuple[Person, Browser]] = []
    for role in ROLES:
        people = builder.people_of(role)
        # Who does not hold the role is refused before anybody asks whether there is such a file.
        answers = role is Role.SECURITY_ARCHITECT
        team = builder.team_of(people["team"])
        for visibility in VISIBILITIES:
            owners = [people["owner"].email, team]
            target = builder.model(people["registrar"], owners, visibility, has_unjudged=answers)
            for access in ("READ", "WRITE"):
                builder.let_in(people["registrar"], target.address, people[access], access)
            once = builder.model(people["former"], [people["former"].email], visibility, has_unjudged=answers)
            new_owners = {"owners": [people["owner"].email], "reason": "Moved on."}
            builder.call(builder.admin, "POST", f"/models/{once.address}/transfer", json=new_owners)
            for relation in RELATIONS:
                targets[role, relation, visibility] = once if relation == "former" else target
        for relation in ("registrar", "former"):
            if role is not Role.MODEL_OWNER:
                builder.end_role(people[relation], Role.MODEL_OWNER)
        browsers |= {(role, relation): api.browser(person) for relation, person in people.items()}
        strangers.append((people["stranger"], browsers[role, "stranger"]))
    everything, somebody = make.person(*Role, name="everything"), make.person(Role.MODEL_OWNER, name="somebody")
    owned = builder.model(everything, [everything.email], "INTERNAL", has_unjudged=True)
    belongings = give_belongings(registry, api, [*strangers, (somebody, api.browser(somebody))])
    own = {browser.secret: mine for (_, browser), mine in zip(strangers, belongings, strict=False)}
    things = {**_make_things(builder, somebody), **belongings[-1], "uploads": builder.begin_upload(everything, owned)}
    return World(browsers, targets, things, own, _make_programs(api, everything), owned)


def _make_programs(api: Api, person: Person) -> dict[Scope, Client]:
    browser = api.browser(person)
    made = {}
    for scope in Scope:
        answer = browser.call("POST", "/api/v1/tokens", json={"name": scope.value, "scopes": [scope.value]})
        assert answer.status_code == 201, answer.text
        made[scope] = api.with_token(answer.json()["token"])
    return made


def _make_things(builder: _Builder, somebody: Person) -> dict[str, str]:
    """What is not of a model, by the noun in its address: somebody else's, so that nobody stands to it in any way."""
    call, admin = builder.call, builder.admin
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
    sponsor = builder.api.browser(somebody)
    service = sponsor.call("POST", "/api/v1/service-accounts", json=named)
    assert service.status_code == 201, service.text
    at = f"/api/v1/service-accounts/{service.json()['id']}/tokens"
    token = sponsor.call("POST", at, json={"name": "golden", "scopes": ["read"]})
    assert token.status_code == 201, token.text
    call(builder.guard, "POST", f"/policies/{builder.loosened}/disable", json={"reason": "For the table."})
    return {
        "users": found["id"],
        "people": found["id"],
        "email": somebody.email,
        "teams": team["id"],
        "service-accounts": service.json()["id"],
        "token": token.json()["id"],
        **_make_webhook(builder),
        **_make_approval_rules(builder),
        "invitations": invitation["id"],
        "incidents": incident["id"],
        "policies": builder.policy,
        **dict.fromkeys(("policies/confirm", "policies/decline"), builder.loosened),
        "evaluation-suites": _make_suite(builder),
        "environments": builder.environment,
    }


def _make_suite(builder: _Builder) -> str:
    suite = {"name": f"Golden {secrets.token_hex(4)}", "description": "For the table.", "scope": {"groups": ["none"]},
             "thresholds": [{"metric": "auc", "comparison": ">=", "value": 0.5}]}  # fmt: skip
    return str(builder.call(builder.make.person(Role.MRC), "POST", "/evaluation-suites", json=suite)["id"])


def _make_webhook(builder: _Builder) -> dict[str, str]:
    """A webhook that is told of nothing but a test, and that test, which did not arrive."""
    told = {"name": f"Golden {secrets.token_hex(4)}", "url": "http://127.0.0.1:9/", "kinds": ["review.asked"],
            "groups": ["none"]}  # fmt: skip
    admin, at = builder.api.browser(builder.admin), "/api/v1/webhooks"
    made = admin.call("POST", at, json=told)
    assert made.status_code == 201, made.text
    sent = admin.call("POST", f"{at}/{made.json()['id']}/test")
    assert sent.status_code == 202, sent.text
    house = builder.registry.house
    Runner(house.database, house.parts, {WEBHOOK: house.handlers[WEBHOOK]}).do_all()
    return {"webhooks": made.json()["id"], "delivery": sent.json()["id"]}


def _make_approval_rules(builder: _Builder) -> dict[str, str]:
    """Approvals that were added, and others of which an Admin wishes the end; as the API and as the pages name them."""
    admin, at = builder.api.browser(builder.admin), "/api/v1/approval-rules"
    told = {"riskTier": "HIGH", "target": "STAGING", "roles": ["MRC"], "reason": "For the table."}
    stands, ends = (admin.call("POST", at, json=told).json()["id"] for _ in range(2))
    wished = admin.call("POST", f"{at}/{ends}/end", json={"reason": "For the table."})
    assert wished.status_code == 200, wished.text
    verbs = {"end": stands, "confirm": ends, "decline": ends}
    return {f"{noun}/{verb}": rule for noun in ("approval-rules", "approvals") for verb, rule in verbs.items()}


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
