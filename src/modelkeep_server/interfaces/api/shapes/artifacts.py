"""The JSON of files and their links."""

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import FileStatus, FileType, Input, Moment, Shape, VerdictName
from modelkeep_server.interfaces.api.shapes.waivers import WaiverOut


class FindingOut(Shape):
    """One thing that was found in a file."""

    rule: str
    detail: str


class ScanOut(Shape):
    """
    What looking through a file found, by the rules of one version. No verdict says that a file does no harm.

    `CLEAN_DATA`: data only. `CODE_ALLOWLISTED`: names code, all of it on the list. `UNKNOWN`: could not be judged.
    `BLOCKED`: brings code that is not on the list, or is not what it pretends to be.
    """

    verdict: VerdictName
    rule_version: int
    findings: list[FindingOut]
    scanned_at: Moment


class ArtifactOut(Shape):
    """
    A file of a version. `format` and `scan` are null until it was looked through; `waiver` is who answers for it now.
    """

    path: str
    type: FileType
    size_bytes: int
    sha256: str
    format: str | None
    status: FileStatus
    scan: ScanOut | None = None
    waiver: WaiverOut | None = None
    uploaded_by: str
    uploaded_at: Moment


class LinkIn(Input):
    """What a download link is for. Asked where the version is in production or beyond."""

    purpose: str | None = Field(default=None, description="What the file is fetched for; it stands in the audit log.")


class LinkOut(Shape):
    """A download link. The URL opens the file until it expires."""

    url: str
    expires_at: Moment
    sha256: str
    size_bytes: int


class BundleLinkOut(Shape):
    """A link to all files of a version that may leave, as one ZIP. The URL opens it until it expires."""

    url: str
    expires_at: Moment
    files: int = Field(description="How many files of the version are in it.")
    size_bytes: int = Field(description="How long the ZIP is; nothing in it is compressed.")


class DownloadOut(Shape):
    """A download of a file, by whom and when."""

    by: str | None = Field(description="An e-mail; null where the log no longer says whose.")
    at: Moment
    ended_at: Moment | None = Field(description="Null until it is over.")
    sent_bytes: int | None = Field(
        description="What left, also where it was cut; of the whole ZIP with `withAll`. Null where nobody knows."
    )
    whole: bool = Field(description="All of it left.")
    with_all: bool = Field(description="It came in the ZIP of all files of its version.")
