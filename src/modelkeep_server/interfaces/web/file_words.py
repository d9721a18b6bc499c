"""
What pages say of files: verdicts, formats and reasons in plain words, and their folders.

No verdict is ever called safe: the rules say what was found, and nothing about what was not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from modelkeep_server.features.artifacts.damage import WHAT_IS_WRONG
from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.inspection.report import Verdict
from modelkeep_server.rules.formats import FORMATS, Format

FOLDERS_DEEP = 5


@dataclass(frozen=True)
class Chip:
    """A verdict as it is drawn: `tone` colours it, `meaning` is what its words promise."""

    tone: str
    word: str
    icon: str
    meaning: str


_VERDICTS: Mapping[Verdict, Chip] = {
    Verdict.CLEAN_DATA: Chip("ok", "Data only", "circle-check", "The format holds data only, and it parses strictly."),
    Verdict.CODE_ALLOWLISTED: Chip(
        "ok", "Listed code", "shield-check", "It names code, and all of it is on the list of what models are made with."
    ),
    Verdict.UNKNOWN: Chip(
        "warn",
        "Not judged",
        "circle-question-mark",
        "Not all of it could be judged. Before a promotion, a Security Architect accepts it for a time.",
    ),
    Verdict.BLOCKED: Chip(
        "bad",
        "Blocked",
        "shield-x",
        "It brings code that is not on the list, or is not what it pretends to be. It cannot be downloaded.",
    ),
    Verdict.PENDING: Chip(
        "wait", "Being looked through", "clock", "It can be downloaded once there is a verdict, mostly within minutes."
    ),
}
_DAMAGED = Chip("bad", "Damaged", "shield-x", f"{WHAT_IS_WRONG} Upload the file again, and it stands everywhere anew.")
_UNFIT = Chip(
    "bad",
    "Another format",
    "shield-x",
    "It is not of the format that its type or name promises, and cannot be downloaded. Remove it, and send it as what "
    "it is.",
)
_ANSWERED: Mapping[Verdict, Chip] = {
    Verdict.BLOCKED: Chip("warn", "Blocked, released", "shield-alert", "A Security Architect released it for a time."),
    Verdict.UNKNOWN: Chip(
        "warn", "Not judged, accepted", "shield-alert", "A Security Architect accepts it for a time."
    ),
}


def verdict_chip(artifact: Artifact) -> Chip:
    """What a file's status and verdict are called."""
    if artifact.is_damaged:
        return _DAMAGED
    if artifact.is_unfit:
        return _UNFIT
    verdict = Verdict.PENDING if artifact.scan is None else artifact.scan.verdict
    if artifact.is_answered:
        return _ANSWERED[verdict]
    return _VERDICTS[verdict]


def verdict_of(verdict: Verdict | None) -> Chip:
    """What a verdict alone is called, where nothing else is known of the file."""
    return _VERDICTS[verdict or Verdict.PENDING]


def why_withheld(artifact: Artifact) -> str | None:
    """Why a file cannot be downloaded by anybody now, or None where it can."""
    if artifact.may_leave:
        return None
    findings = artifact.scan.findings if artifact.scan is not None else ()
    chip = verdict_chip(artifact)
    return findings[0].detail if findings and chip.word == "Blocked" else chip.meaning


def format_label(name: str | None) -> str:
    """A format as people read it; one that an Admin listed by its own name."""
    if name is None:
        return "—"
    return FORMATS[Format(name)].label if name in list(Format) else name


def file_icon(artifact: Artifact) -> str:
    """The lucide icon of a file's type."""
    return {"TOKENIZER": "file-text", "CONTAINER": "container", "CONFIG": "file-cog"}.get(artifact.type, "box")


@dataclass
class Folder:
    """A folder of a version's files. `name` may hold several folders in a row, where they lie deep."""

    name: str
    folders: dict[str, "Folder"] = field(default_factory=dict)
    files: list[Artifact] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many files it holds, those of its folders too."""
        return len(self.files) + sum(folder.count for folder in self.folders.values())

    @property
    def size_bytes(self) -> int:
        """Their size together, in bytes."""
        own = sum(artifact.size_bytes for artifact in self.files)
        return own + sum(folder.size_bytes for folder in self.folders.values())

    @property
    def inner(self) -> list["Folder"]:
        """Its folders by name."""
        return [self.folders[name] for name in sorted(self.folders)]


def plant(artifacts: Iterable[Artifact]) -> Folder:
    """The files as a tree of folders, by name. What lies deeper than five folders is drawn in one."""
    root = Folder("")
    for artifact in sorted(artifacts, key=lambda one: one.path):
        *steps, _ = artifact.path.split("/")
        if len(steps) > FOLDERS_DEEP:
            steps = [*steps[: FOLDERS_DEEP - 1], "/".join(steps[FOLDERS_DEEP - 1 :])]
        at = root
        for step in steps:
            at = at.folders.setdefault(step, Folder(step))
        at.files.append(artifact)
    return root
