"""
What counts as an e-mail address here: the plain `local@domain` of RFC 5321 without quoting, comments or display
names.
"""

import re

EMAIL_CHARS = 254
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def find_email_fault(text: str) -> str | None:
    """What is wrong with an address, as the end of a sentence, or None where it is well formed."""
    if not text:
        return "is empty"
    if len(text) > EMAIL_CHARS:
        return f"is longer than {EMAIL_CHARS} characters"
    local, at, domain = text.rpartition("@")
    if not at or not local:
        return "is not an e-mail address; write name@company.com"
    if len(local) > 64 or _LOCAL.fullmatch(local) is None:
        return "has characters before the @ that an address cannot have; write name@company.com"
    if _DOMAIN.fullmatch(domain) is None:
        return "has no valid domain after the @; write name@company.com"
    return None
