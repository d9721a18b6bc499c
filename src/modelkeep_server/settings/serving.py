"""Where the server listens, and what stands in front of it."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator, model_validator

from modelkeep_server.settings.oidc import LOOPBACK


class ServingSettings(BaseModel):
    """Addresses, proxies and how many requests at the same time."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8000, description="Port to listen on; 0 takes a free one."
    )
    public_url: str | None = Field(
        default=None,
        examples=["https://models.company.com"],
        description="The address people use, for instance https://models.company.com. Only on this machine itself may "
        "it begin with http://.",
    )
    behind_proxy: bool = Field(
        default=False,
        description="A TLS proxy stands in front: a non-loopback address without TLS is fine, and X-Forwarded-For says "
        "who the visitor is. Demands a public_url.",
    )
    proxy_hops: Annotated[int, Field(ge=1, le=10)] = Field(
        default=1,
        description="How many proxies stand in front, each of which adds to X-Forwarded-For: the visitor's address is "
        "the one so many places from its right end.",
    )
    connections: Annotated[int, Field(ge=2, le=200)] = Field(
        default=8,
        description="Database connections, and so how many requests work at the same time; half for one person.",
    )
    log_requests: bool = Field(
        default=False, description="Write a line for each request to the log, without its address, which may be secret."
    )
    drain_seconds: Annotated[float, Field(ge=0, le=300)] = Field(
        default=0,
        description="How long a server that is told to stop still takes requests while /readyz says 503, in seconds: "
        "what a load balancer needs to notice. After that it finishes what is running, for 20 seconds at most.",
    )

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("begins with http:// or https:// and names a host")
        if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("is scheme, host and port alone, for instance https://models.company.com")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            # Passphrases and sessions would cross the network in the clear, and cookies could not be Secure.
            raise ValueError("begins with https:// unless it names this machine itself: put a TLS proxy in front")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @model_validator(mode="after")
    def _check_proxy(self) -> Self:
        if self.behind_proxy and self.public_url is None:
            raise ValueError(
                "MODELKEEP_BEHIND_PROXY needs MODELKEEP_PUBLIC_URL: what a request says of its own address is not "
                "believed."
            )
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the address."""
        return self.host in LOOPBACK

    def address(self, port: int) -> str:
        """The address people use, for the port that was really taken."""
        if self.public_url:
            return self.public_url
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"
