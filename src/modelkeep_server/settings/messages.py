"""What leaves the registry: letters, and messages to webhooks."""

from ipaddress import IPv4Network, IPv6Network, ip_network

from pydantic import BaseModel, Field, SecretStr, field_validator


class MessageSettings(BaseModel):
    """Mail and webhooks."""

    smtp_url: SecretStr | None = Field(
        default=None,
        examples=["smtp://user:secret@host:587"],
        description="The mail server: smtp://user:secret@host:587 (STARTTLS is demanded, but on this machine itself) "
        "or smtps://user:secret@host:465. Left out: no mail is sent, and links are copied by hand.",
    )
    mail_from: str | None = Field(
        default=None,
        examples=["Modelkeep <models@company.com>"],
        description="The sender of mail, for instance Modelkeep <models@company.com>. Needed with the mail server.",
    )
    webhook_networks: str = Field(
        default="",
        examples=["10.20.0.0/16, 192.168.7.4"],
        description="Networks inside yours that webhooks may lead to, in CIDR notation with commas between, there by "
        "http:// too. Left out: webhooks lead to https:// addresses of the public internet alone.",
    )

    @field_validator("webhook_networks", mode="before")
    @classmethod
    def _check_networks(cls, value: object) -> object:
        texts = value.split(",") if isinstance(value, str) else value
        if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
            return value
        return ", ".join(str(_read_network(text)) for text in texts if text.strip())

    @property
    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks inside that webhooks may lead to."""
        return tuple(_read_network(text) for text in self.webhook_networks.split(",") if text)


def _read_network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise ValueError(f"{text.strip()[:60]!r} is no network in CIDR notation, such as 10.20.0.0/16") from error
