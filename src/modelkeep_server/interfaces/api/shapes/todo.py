"""The JSON of what waits for somebody."""

from typing import Literal

from pydantic import Field

from modelkeep_server.features.home.views import Kind
from modelkeep_server.interfaces.api.shapes.base import Moment, Shape


class TodoOut(Shape):
    """One thing that waits for whoever asks, or, where `waitsForYou` is false, for others on their behalf."""

    kind: Kind = Field(description="What sort of thing it is.", examples=["REVIEW"])
    waits_for_you: bool = Field(description="False for your own requests, which wait for others.")
    address: str | None = Field(
        description="`GROUP/NAME` or `GROUP/NAME:VERSION`; null for what is about no model.",
        examples=["fraud-models/fraud-detection-xgboost:2.4.0"],
    )
    title: str = Field(description="What it is about: the name of a model, policy, role or token.")
    state: str | None = Field(description="Where the version stands.")
    risk_tier: Literal["LOW", "MEDIUM", "HIGH"] | None
    what: str = Field(examples=["Promotion to production"])
    text: str = Field(description="What to do, or where it stands, in words.")
    since: Moment = Field(description="When it began to wait.")
    due_at: Moment | None = Field(description="Until when it is to be done, or when it ends; null where no day is set.")
    overdue: bool
    link: str = Field(description="The page where it is done, on the registry's own address.", examples=["/profile"])
