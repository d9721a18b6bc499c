"""What the pages of files are drawn from."""

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from modelkeep_server.features.artifacts.digests import DigestPlace, Place
from modelkeep_server.features.artifacts.downloading.fetched import Download
from modelkeep_server.features.artifacts.judging.waivers import DAYS_MAX, DEFAULT_DAYS
from modelkeep_server.features.artifacts.views import Artifact, Waiver
from modelkeep_server.inspection.report import Header, Verdict
from modelkeep_server.interfaces.web.contexts.base import Context, Walk, Walked
from modelkeep_server.interfaces.web.contexts.versions import VersionContext
from modelkeep_server.interfaces.web.file_words import Folder, plant
from modelkeep_server.kit.paging import Page as Rows

FIELDS_SHOWN = 200


@dataclass(frozen=True)
class Slot:
    """A line of an input or output signature: its name, its type in words, and whether it must be there."""

    name: str
    kind: str
    required: bool


@dataclass(frozen=True)
class Share:
    """A dtype with its number of tensors, and its part of all, in percent."""

    name: str
    count: int
    percent: float


@dataclass(frozen=True, kw_only=True)
class ArtifactsContext(VersionContext, Walked):
    """GET /models/{group}/{name}/versions/{version}/artifacts. `upload_limit_bytes` is for one file."""

    template: ClassVar[str] = "versions/artifacts.html"
    tab: str = "artifacts"
    upload_limit_bytes: int = 5 * 1024**3
    cursor: str | None = None

    @property
    def walk(self) -> Walk:
        """The files, a page at a time."""
        return Walk(f"{self.base}/artifacts", self.files)

    @property
    def tree(self) -> Folder:
        """The files of this page in their folders."""
        return plant(self.artifacts)

    @property
    def all_withheld(self) -> bool:
        """Whether none of the files may leave now, as far as this page has them all."""
        may_leave = any(artifact.may_leave for artifact in self.artifacts)
        return not may_leave and self.files_total == len(self.artifacts)

    @property
    def sums(self) -> str:
        """Lines for `sha256sum -c`, of the files that can be downloaded."""
        return "".join(f"{artifact.sha256}  {artifact.path}\n" for artifact in self.artifacts if artifact.may_leave)


@dataclass(frozen=True, kw_only=True)
class ArtifactContext(VersionContext):
    """
    GET /models/{group}/{name}/versions/{version}/artifacts/{path}. `places`: where else the same bytes stand;
    `waivers`: who answered for it; `answer_refusal`: why the reader may not, None where they may;
    `downloads`: who fetched it, for those who may see that.
    """

    template: ClassVar[str] = "versions/artifact.html"
    tab: str = "artifacts"
    artifact: Artifact
    header: Header
    places: tuple[Place, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    answer_refusal: str | None = None
    downloads: tuple[Download, ...] = ()
    days_max: int = DAYS_MAX
    days_usual: int = DEFAULT_DAYS

    @property
    def here(self) -> str:
        """The address of this file's page, and of its forms."""
        return f"{self.base}/artifacts/{quote(self.artifact.path)}"

    @property
    def answer(self) -> str | None:
        """What a Security Architect may do about its verdict, as a button says it; None where there is nothing."""
        if self.artifact.scan is None or self.artifact.is_damaged or self.artifact.is_answered:
            return None
        return {Verdict.BLOCKED: "Release", Verdict.UNKNOWN: "Accept"}.get(self.artifact.scan.verdict)

    @property
    def file_name(self) -> str:
        """The path without its folders."""
        return self.artifact.path.rsplit("/", 1)[-1]

    @property
    def dtypes(self) -> tuple[Share, ...]:
        """The dtypes, the most frequent first."""
        counts = self.header.dtypes
        total = sum(counts.values()) or 1
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return tuple(Share(name, count, round(100 * count / total, 1)) for name, count in ranked)

    @property
    def signatures(self) -> tuple[tuple[str, tuple[Slot, ...]], ...]:
        """What goes in and what comes out, where the file says so."""
        told = (("Input", self.header.input_schema), ("Output", self.header.output_schema))
        return tuple((word, _slots_of(schema)) for word, schema in told if schema)


@dataclass(frozen=True, kw_only=True)
class DigestContext(Context, Walked):
    """GET /digests/{sha256}. `digest` is bare hex; `places` a page of the files that it leads to."""

    template: ClassVar[str] = "versions/digest.html"
    digest: str
    places: Rows[DigestPlace]
    cursor: str | None = None

    @property
    def walk(self) -> Walk:
        """The files."""
        return Walk(f"/digests/{self.digest}", self.places)


def _slots_of(schema: Any) -> tuple[Slot, ...]:
    """The properties of a JSON Schema; one without any is a single line."""
    members = schema.get("properties")
    if not isinstance(members, dict) or not members:
        return (Slot("(whole)", _say_type(schema), True),)
    required = schema.get("required") or ()
    return tuple(
        Slot(str(name), _say_type(one), name in required) for name, one in list(members.items())[:FIELDS_SHOWN]
    )


def _say_type(schema: Any, depth: int = 0) -> str:
    if not isinstance(schema, dict):
        return "any"
    title = schema.get("description") or schema.get("title")
    kind = schema.get("type", "any")
    words = " or ".join(str(one) for one in kind) if isinstance(kind, list) else str(kind)
    if words == "array" and depth < 4:
        words = f"array of {_say_type(schema.get('items'), depth + 1)}"
    return f"{words} ({str(title)[:120]})" if title and depth == 0 else words
