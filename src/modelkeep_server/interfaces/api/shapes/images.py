"""The JSON of container images that are referred to."""

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Input


class ImageIn(Input):
    """A container image in a registry of images."""

    reference: str = Field(
        description="With its digest, which `docker buildx imagetools inspect` prints.",
        examples=[f"registry.example.com/team/churn:1.0@sha256:{'ab' * 32}"],
    )
    path: str | None = Field(
        default=None,
        description="Where it stands among the files; by default the image's name and `.image.json`.",
        examples=["serving.image.json"],
    )
