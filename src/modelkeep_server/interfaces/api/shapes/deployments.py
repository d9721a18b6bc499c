"""The JSON of environments and deployments."""

from typing import Literal, Self

from pydantic import Field

from modelkeep_server.features.deployments.views import Asked, Deployment, NewPart
from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Reason, Shape, StateName

KindName = Literal["STAGING", "PRODUCTION"]
CauseName = Literal["RECORD", "MOVE", "ROLLBACK"]
_REGION = "Where it is, in your own words."


class EnvironmentIn(Input):
    """An environment to create."""

    name: str = Field(description="Unique among those that stand, in any case.", examples=["production-eu"])
    kind: KindName = Field(description="What may run there; it never changes.")
    region: str | None = Field(default=None, description=_REGION, examples=["eu-west-1"])


class EnvironmentPatch(Input):
    """What to change of an environment; what is left out stays."""

    name: str | None = Field(default=None, description="Its new name.")
    region: str | None = Field(default=None, description=_REGION + " null takes it away.")
    reason: Reason = None


class EnvironmentOut(Shape):
    """A place where models run."""

    id: str
    name: str
    kind: KindName
    region: str | None = None
    created_by: str
    created_at: Moment
    ended_at: Moment | None = Field(default=None, description="Null while it stands.")
    revision: int


class LiveIn(Input):
    """A version to be live, and its share."""

    version: str = Field(description="GROUP/NAME:VERSION, or the number alone where `model` is given.")
    share: float = Field(description="Percent of the traffic: more than 0, at most 100, two decimals.", examples=[90])
    endpoint_url: str | None = Field(default=None, description="Where it answers: http or https.")
    region: str | None = Field(default=None, description=_REGION)


class DeploymentIn(Input):
    """What is live of one model in one environment from now on."""

    environment: str = Field(description="Its name or id.", examples=["production-eu"])
    live: list[LiveIn] = Field(description="Shares come to at most 100; empty: nothing is live any more.")
    model: str | None = Field(default=None, description="GROUP/NAME; needed only where `live` does not name it.")
    reason: Reason = None
    replaces: str | None = Field(
        default=None,
        description="The id of the deployment that it is meant to follow, or `none`; 409 where another came between.",
    )

    def to_asked(self) -> Asked:
        """As the feature takes it."""
        live = [NewPart(part.version, part.share, part.endpoint_url, part.region) for part in self.live]
        return Asked(self.environment, live, self.model, self.reason, self.replaces)


class LiveOut(Shape):
    """A version's part of a live set."""

    version: str = Field(description="GROUP/NAME:VERSION.")
    state: StateName = Field(description="The version's state now.")
    share: float = Field(description="Percent of the traffic.")
    endpoint_url: str | None = None
    region: str | None = None


class DeploymentOut(Shape):
    """What was live of one model in one environment from `at` to `supersededAt`."""

    id: str
    environment: str = Field(description="Its name.")
    environment_id: str
    kind: KindName
    model: str = Field(description="GROUP/NAME.")
    live: list[LiveOut] = Field(description="Empty where nothing was.")
    at: Moment
    superseded_at: Moment | None = Field(default=None, description="Null while it stands.")
    by: str
    reason: str | None = None
    cause: CauseName = Field(description="Told by itself, with a move of a version, or by a rollback.")

    @classmethod
    def of(cls, found: Deployment) -> Self:
        """As the API tells it."""
        live = [
            LiveOut(
                version=part.version, state=part.state.value, share=part.percent, endpoint_url=part.endpoint_url,
                region=part.region,
            )
            for part in found.live
        ]  # fmt: skip
        return cls(
            id=found.id, environment=found.environment, environment_id=found.environment_id, kind=found.kind.value,
            model=found.model, live=live, at=found.at, superseded_at=found.superseded_at, by=found.by,
            reason=found.reason, cause=found.cause.value,
        )  # fmt: skip
