"""
What counts as an e-mail address here: the plain ASCII `local@domain` of RFC 5321 without quoting, comments or display
names.

Letters beyond ASCII are refused, since some look like others: a domain that has them is written in its `xn--` form
(RFC 5890), whose letters must then be of one script (Unicode TS 39, section 5).
"""

import re
import unicodedata

EMAIL_CHARS = 254
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NAMED = re.compile(r"[^<>]*<([^<>]*)>")
#: Scripts that are written together.
_TOGETHER = (frozenset({"CJK", "HIRAGANA", "KATAKANA", "LATIN"}), frozenset({"CJK", "HANGUL", "LATIN"}))


def strip_display_name(text: str) -> str:
    """The address alone of what address books copy: `Ann Lee <ann@company.com>` is `ann@company.com`."""
    trimmed = text.strip().rstrip(",;").strip()
    named = _NAMED.fullmatch(trimmed)
    return (named[1] if named else trimmed).strip()


def find_display_name(text: str) -> str | None:
    """The name before such an address, `Ann Lee`, without the quotes that RFC 5322 lets stand around it."""
    name, bracket, _ = text.strip().partition("<")
    return (name.strip().strip('"').strip() or None) if bracket else None


def find_email_fault(text: str) -> str | None:
    """What is wrong with an address, as the end of a sentence, or None where it is well formed."""
    if not text:
        return "is empty"
    if len(text) > EMAIL_CHARS:
        return f"is longer than {EMAIL_CHARS} characters"
    local, at, domain = text.rpartition("@")
    if not at or not local:
        return "is not an e-mail address; write name@company.com"
    look_alike = _find_look_alike(text)
    if look_alike:
        return look_alike
    if len(local) > 64 or _LOCAL.fullmatch(local) is None:
        return "has characters before the @ that an address cannot have; write name@company.com"
    if _DOMAIN.fullmatch(domain) is None:
        return "has no valid domain after the @; write name@company.com"
    return next((fault for fault in map(_find_label_fault, domain.lower().split(".")) if fault), None)


def _find_look_alike(text: str) -> str | None:
    beyond = next((character for character in text if not character.isascii()), None)
    if beyond is None:
        return None
    code = f"U+{ord(beyond):04X}"
    if unicodedata.category(beyond)[0] in "CZM":
        return f"has a character that cannot be seen by itself ({code}); type the address anew"
    scripts = _scripts_of(text)
    if len(scripts) > 1:
        named = " and ".join(script.capitalize() for script in sorted(scripts))
        return f"mixes letters of {named}, as look-alikes do ({beyond!r} is {code}); type the address anew"
    return f"has {beyond!r} ({code}) in it, and letters here are A to Z; write such a domain in its xn-- form"


def _find_label_fault(label: str) -> str | None:
    if not label.startswith("xn--"):
        return None
    try:
        letters = label[4:].encode().decode("punycode")
    except UnicodeError:
        letters = ""
    if letters.isascii() or unicodedata.normalize("NFC", letters) != letters:
        return f"has the part {label!r} in its domain, which stands for no name"
    if any(unicodedata.category(character)[0] in "CZ" for character in letters):
        return f"has the part {label!r} in its domain, which hides a character that cannot be seen"
    scripts = _scripts_of(letters)
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        named = " and ".join(script.capitalize() for script in sorted(scripts))
        return f"has the part {label!r} in its domain, which mixes letters of {named}, as look-alikes do"
    return None


def _scripts_of(text: str) -> frozenset[str]:
    """The scripts of its letters, by the first word of their Unicode names, since Python knows no script property."""
    return frozenset(unicodedata.name(letter, "UNKNOWN").split()[0] for letter in text if letter.isalpha())
