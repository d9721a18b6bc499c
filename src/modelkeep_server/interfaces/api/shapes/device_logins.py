"""The JSON of signing in a command line (RFC 8628)."""

from typing import Annotated

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Input, Shape
from modelkeep_server.rules.permissions import DEFAULT_SCOPES, Scope


class DeviceLoginIn(Input):
    """A command line that asks to be let in."""

    client_name: str = Field(default="", description="What it is called, as the person who allows it will read it.")
    scopes: list[Annotated[Scope, Field(strict=False)]] = Field(
        default=list(DEFAULT_SCOPES), description="What its token is for; the person may allow less."
    )


class DeviceLoginOut(Shape):
    """Both codes: one is kept, the other shown to the person."""

    device_code: str = Field(description="To fetch the token with. Shown to nobody.")
    user_code: str = Field(description="`XXXX-XXXX`, which the person enters.", examples=["BDWP-HQPK"])
    verification_uri: str
    verification_uri_complete: str = Field(description="The same with the code in it.")
    expires_in: int = Field(description="Seconds until both codes are dead.", examples=[900])
    interval: int = Field(description="Seconds to wait between two tries.", examples=[5])


class DeviceTokenIn(Input):
    """Fetching the token."""

    device_code: str = Field(description="From the answer that began this.")
