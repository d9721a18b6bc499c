"""
The headers of resumable uploads: tus 1.0.0 with creation, creation-with-upload, checksum, expiration and termination.

Source: tus.io/protocols/resumable-upload, version 1.0.0.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

from starlette.datastructures import Headers

from modelkeep_server.features.artifacts.service import NewFile
from modelkeep_server.features.artifacts.uploading.receiving import Checksum
from modelkeep_server.features.artifacts.uploading.upload_queries import Upload
from modelkeep_server.rules.errors import FieldError, Invalid, Malformed, NotAccepted, ProtocolDiffers

UPLOADS = "/api/v1/uploads"
VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
BODY_TYPE = "application/offset+octet-stream"
RESUMABLE = {"Tus-Resumable": VERSION}

_ALGORITHMS = {"sha256": hashlib.sha256, "sha1": hashlib.sha1}
ALGORITHMS = ",".join(_ALGORITHMS)
_NUMBER = re.compile("[0-9]{1,18}")
_SHA256 = re.compile("[0-9a-f]{64}")
_MOST_METADATA_CHARACTERS = 8192


def demand_version(headers: Headers) -> None:
    """Raises ProtocolDiffers where the header Tus-Resumable is missing or names another version."""
    sent = headers.get("tus-resumable")
    if sent != VERSION:
        raise ProtocolDiffers(
            f"Resumable uploads speak tus {VERSION} here; the request "
            + ("does not say which version it speaks." if sent is None else f"speaks {sent[:40]!r}.")
        )


def demand_body_type(headers: Headers) -> None:
    """Raises NotAccepted where the body does not come as the bytes of an upload."""
    sent = headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != BODY_TYPE:
        raise NotAccepted(
            f"The bytes of an upload come as {BODY_TYPE}, not as {sent[:80] or 'a body without a type'}.",
            remedy=f"Send `Content-Type: {BODY_TYPE}`.",
        )


def has_body(headers: Headers) -> bool:
    """Whether a request brings bytes."""
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def read_length(headers: Headers) -> int:
    """The declared size of the file, bytes. Raises Malformed."""
    if "upload-defer-length" in headers:
        raise Malformed("The size is declared up front here.", remedy="Send Upload-Length, no Upload-Defer-Length.")
    return _read_number(headers, "Upload-Length")


def read_offset(headers: Headers) -> int:
    """Where the bytes of a PATCH begin. Raises Malformed."""
    return _read_number(headers, "Upload-Offset")


def read_body_size(headers: Headers) -> int | None:
    """How many bytes the request announces, None where it does not say."""
    declared = headers.get("content-length", "")
    return int(declared) if declared.isdigit() else None


def read_checksum(headers: Headers) -> Checksum | None:
    """What the body shall have, None where nothing is said. Raises Malformed."""
    sent = headers.get("upload-checksum")
    if sent is None:
        return None
    name, _, encoded = sent.strip(" ").partition(" ")
    algorithm = _ALGORITHMS.get(name)
    if algorithm is None:
        raise Malformed(f"The checksum algorithm {name[:40]!r} is not known here.", remedy=f"Send one of {ALGORITHMS}.")
    hasher = algorithm()
    expected = _decode(encoded)
    if expected is None or len(expected) != hasher.digest_size:
        raise Malformed(
            f"Upload-Checksum does not hold a {name}.", remedy=f"Its form is `{name} <base64 of the bytes>`."
        )
    return Checksum(hasher, expected)


def read_metadata(headers: Headers) -> dict[str, str]:
    """
    The pairs of Upload-Metadata: names, and values as text. Raises Malformed, and Invalid for a value that is no UTF-8.
    """
    sent = headers.get("upload-metadata", "")
    if len(sent) > _MOST_METADATA_CHARACTERS:
        raise Malformed("Upload-Metadata is too long.", remedy=f"At most {_MOST_METADATA_CHARACTERS} characters.")
    found: dict[str, str] = {}
    for pair in filter(None, (pair.strip(" ") for pair in sent.split(","))):
        name, _, encoded = pair.partition(" ")
        value = _decode(encoded)
        if value is None or name in found:
            raise Malformed(
                f"Upload-Metadata {'names ' if value is not None else 'does not hold base64 for '}{name[:40]!r}"
                f"{' twice' if value is not None else ''}.",
                remedy="Its form is `name <base64>,name <base64>`, each name once.",
            )
        try:
            found[name] = value.decode()
        except UnicodeDecodeError as error:
            raise Invalid.of([FieldError(name[:40], "This is not well-formed UTF-8.")]) from error
    return found


def read_file(told: Mapping[str, str]) -> tuple[NewFile, str | None]:
    """
    Where a file shall stand, and the SHA-256 promised for it, from the metadata. `filename` is the path where there is
    no `path`; other names are left alone, since clients send some of their own. Raises Invalid.
    """
    path = told.get("path") or told.get("filename")
    group, _, name = told.get("model", "").partition("/")
    sha256 = told.get("sha256", "").lower() or None
    faults = [
        FieldError(field, f"This is required: name it in Upload-Metadata{more}.")
        for field, value, more in (
            ("model", told.get("model"), " as GROUP/NAME"),
            ("version", told.get("version"), ""),
            ("type", told.get("type"), ""),
            ("path", path, ", or as filename"),
        )
        if not value
    ]
    if told.get("model") and not (group and name):
        faults.append(FieldError("model", "Write it as GROUP/NAME."))
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        faults.append(FieldError("sha256", "A SHA-256 is 64 characters of 0-9 and a-f."))
    if faults:
        raise Invalid.of(faults)
    return NewFile(group, name, told["version"], path or "", told["type"]), sha256


def write_metadata(upload: Upload) -> str:
    """The header Upload-Metadata of an upload, as it was begun."""
    told = {
        "model": upload.model, "version": upload.version, "type": upload.type.value, "path": upload.path,
        "sha256": upload.sha256,
    }  # fmt: skip
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items() if value)


def write_expiry(moment: datetime) -> str:
    """The header Upload-Expires (RFC 9110, section 5.6.7)."""
    return format_datetime(moment.replace(microsecond=0), usegmt=True)


def _read_number(headers: Headers, name: str) -> int:
    sent = headers.get(name)
    if sent is None or not _NUMBER.fullmatch(sent):
        was = "is missing" if sent is None else f"is {sent[:40]!r}, which is no number of bytes"
        raise Malformed(f"The header {name} {was}.", remedy="Send it as a whole number.")
    return int(sent)


def _decode(encoded: str) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        return None
