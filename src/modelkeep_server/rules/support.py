"""
Where people of one installation ask for help. The values here are the guide's own ("Support Channels"), which an
operator replaces by theirs (settings/support.py).
"""

from dataclasses import dataclass

#: What an operator writes where a channel does not exist.
NONE = "none"


@dataclass(frozen=True)
class Support:
    """The channels. The empty text means that there is none; the two addresses are web addresses."""

    help_desk: str = "Submit a ticket through the internal help desk"
    help_desk_url: str = ""
    slack: str = "#ai-model-registry"
    slack_url: str = ""
    email: str = "support@company.com"
    office_hours: str = "Fridays 2-3 PM"
    security: str = "security@company.com"
