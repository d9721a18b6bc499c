"""Bringing versions through their life as people do it, through the API."""

from dataclasses import dataclass
from typing import Any

from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make, Person


@dataclass(frozen=True)
class Cast:
    """The people that a promotion takes, none of whom is another."""

    owner: Person
    mrc: Person
    security: Person
    sre: Person
    admin: Person


def make_cast(make: Make) -> Cast:
    """People nobody has seen before."""
    return Cast(
        owner=make.owner(),
        mrc=make.person(Role.MRC, name="mrc"),
        security=make.person(Role.SECURITY_ARCHITECT, name="security"),
        sre=make.person(Role.SRE, name="sre"),
        admin=make.person(Role.ADMIN, name="admin"),
    )


class Life:
    """One version, and what people do to it. Every call gives the answer of the API."""

    def __init__(self, api: Api, cast: Cast, version: Version) -> None:
        self._api = api
        self.cast = cast
        self.version = version
        self.base = f"/api/v1/models/{version.model}/versions/{version.version}"
        self._has_card = False

    def get(self, path: str = "", person: Person | None = None) -> Any:
        """What the API says at an address below the version."""
        return self._api.as_(person or self.cast.owner).get(self.base + path)

    def post(self, path: str, person: Person, **told: Any) -> Any:
        """Send JSON to an address below the version."""
        return self._api.as_(person).post(self.base + path, json=told)

    @property
    def state(self) -> str:
        """Where the version stands."""
        return str(self.get().json()["state"])

    @property
    def latest(self) -> dict[str, Any]:
        """The newest round."""
        found: dict[str, Any] = self.get("/promotions").json()["items"][0]
        return found

    def ask(self, target: str = "STAGING", person: Person | None = None, **more: Any) -> Any:
        """Request a promotion; an owner who asks for production sees to it first that a model card is published."""
        if target == "PRODUCTION" and person in (None, self.cast.owner) and not self._has_card:
            self.publish_card()
        told = {"target": target, "justification": "Recall rose by two points.", **more}
        return self.post("/promotions", person or self.cast.owner, **told)

    def publish_card(self) -> int:
        """Generate the model card and publish it. Gives its revision."""
        for step in ("/card", "/card/publish"):
            answer = self.post(step, self.cast.owner)
            assert answer.status_code in (200, 201), answer.text
        self._has_card = True
        return int(answer.json()["revision"])

    def decide(self, person: Person, decision: str = "APPROVE", **more: Any) -> Any:
        """Decide on the newest round, on the digest it has."""
        told = {"decision": decision, "comment": "Looked at it.", "digest": self.latest["digest"], **more}
        return self.post("/reviews", person, **told)

    def move(self, to: str, person: Person, **more: Any) -> Any:
        """Make a move that is no decision."""
        return self.post("/moves", person, to=to, **more)

    def reach(self, state: str) -> None:
        """Bring a version on to a state, from where it is, by the shortest way."""
        cast = self.cast
        steps = {
            "SUBMITTED": [self.ask],
            "CHANGES_REQUESTED": [lambda: self.decide(cast.mrc, "REQUEST_CHANGES")],
            "APPROVED_STAGING": [lambda: self.decide(cast.mrc), lambda: self.decide(cast.security)],
            "STAGING": [lambda: self.move("STAGING", cast.sre)],
            "APPROVED_PROD": [
                lambda: self.ask("PRODUCTION"), lambda: self.decide(cast.mrc), lambda: self.decide(cast.security),
            ],
            "PRODUCTION": [lambda: self.move("PRODUCTION", cast.sre)],
            "DEPRECATED": [lambda: self.move("DEPRECATED", cast.owner)],
            "RETIRED": [lambda: self.move("RETIRED", cast.admin)],
        }  # fmt: skip
        present = self.state
        begun = list(steps).index(present) + 1 if present in steps else 0
        for name in list(steps)[begun : list(steps).index(state) + 1]:
            if name == "CHANGES_REQUESTED" and state != name:
                continue
            for act in steps[name]:
                if self.state != name:
                    answer = act()
                    assert answer.status_code in (200, 201), answer.text
        assert self.state == state


def begin_life(make: Make, api: Api, *, tier: str = "LOW", cast: Cast | None = None) -> Life:
    """A draft, with a file and all that policies ask for by themselves."""
    people = cast or make_cast(make)
    model = make.model(people.owner, risk_tier=tier)
    version = make.version(model, metadata=COMPLETE)
    make.file(version)
    life = Life(api, people, version)
    measured = {"dataset": {"name": "churn-holdout"}, "metrics": [{"name": "auc", "value": 0.89}]}
    recorded = life.post("/evaluations", people.owner, **measured)
    assert recorded.status_code == 201, recorded.text
    return life


COMPLETE: dict[str, Any] = {
    "framework": "xgboost",
    "frameworkVersion": "2.1.3",
    "modelType": "xgboost",
    "inputSchema": {"type": "object", "properties": {"age": {"type": "integer"}}},
    "outputSchema": {"type": "number"},
    "hyperparameters": {"max_depth": 6},
    "trainingDataset": {"name": "churn-events", "version": "2026-02"},
    "intendedUse": "Weekly retention lists; people decide.",
    "limitations": "Weak on accounts under 30 days.",
    "ethicalConsiderations": "Postcode was dropped, since it stands for income.",
}
