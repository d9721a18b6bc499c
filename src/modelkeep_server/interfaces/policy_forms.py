"""What API and pages share about policies: addresses of versions as people type them."""

from modelkeep_server.rules.errors import FieldError, Invalid


def read_version_address(text: str) -> tuple[str, str, str]:
    """Group, name and version of `GROUP/NAME:VERSION`. Raises Invalid, about the field `version`."""
    group, slash, rest = text.strip().partition("/")
    name, colon, version = rest.partition(":")
    if not (slash and colon and group and name and version):
        raise Invalid.of([FieldError("version", "Write it as GROUP/NAME:VERSION, fraud/detector:1.2.0.")])
    return group, name, version
