"""Where people ask for help."""

from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator

from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.support import NONE, Support


class SupportSettings(BaseModel):
    """The channels that the help names."""

    support_help_desk: str = Field(
        default=Support.help_desk,
        description="What the help says of your help desk. `none` leaves a channel out, here and in the rows below.",
    )
    support_help_desk_url: str = Field(
        default=Support.help_desk_url, description="The web address of your help desk, http:// or https://."
    )
    support_slack: str = Field(default=Support.slack, description="The chat channel where people ask.")
    support_slack_url: str = Field(
        default=Support.slack_url, description="The web address of that channel, http:// or https://."
    )
    support_email: str = Field(
        default=Support.email, description='Where reports of problems go; "Report a problem" writes to it.'
    )
    support_office_hours: str = Field(default=Support.office_hours, description="When people can come with questions.")
    security_contact: str = Field(default=Support.security, description="Where security issues are reported.")

    @field_validator("support_help_desk_url", "support_slack_url")
    @classmethod
    def _check_web_address(cls, value: str) -> str:
        if value in ("", NONE):
            return ""
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("begins with http:// or https:// and names a host")
        return value

    @field_validator("support_email", "security_contact")
    @classmethod
    def _check_email(cls, value: str) -> str:
        fault = None if value in ("", NONE) else find_email_fault(value)
        if fault:
            raise ValueError(f"{fault}, or {NONE} where there is none")
        return value

    @property
    def support(self) -> Support:
        """Where people ask for help; a channel that is left out is the empty text."""
        return Support(
            help_desk=_unless_none(self.support_help_desk),
            help_desk_url=self.support_help_desk_url,
            slack=_unless_none(self.support_slack),
            slack_url=self.support_slack_url,
            email=_unless_none(self.support_email),
            office_hours=_unless_none(self.support_office_hours),
            security=_unless_none(self.security_contact),
        )


def _unless_none(value: str) -> str:
    return "" if value.strip() == NONE else value.strip()
